#include "error.hpp"
#include "reports/html/html.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {

std::string run_page(const Json& run, const std::string& library) {
  if (!run.is_object() || run.value("schema", Json()) != kSchema) {
    throw BadInput("not a run of schema {}: made by another version, or not by bitproof", kSchema);
  }
  try {
    return document({"bitproof: suite " + words(run, "suite"),
                     answer(run),
                     {{"techniques", "What each technique earned", techniques_section(run)},
                      {"attribution", "How the total is made up", attribution_section(run)},
                      {"rates", "Tokens per second", tokens_section(run)},
                      {"time", "Where a token's time goes", profile_section(run)},
                      {"roofs", "Against the limits of the machine", roofline_section(run)},
                      {"alone", "Each alone", alone_section(run)},
                      {"threads", "Threads", scaling_section(run)},
                      {"distances", "Prefetch", prefetch_section(run)},
                      {"memory", "Memory", memory_section(run)},
                      {"checks", "Correctness", checks_section(run)},
                      {"witnesses", "Witnesses and physics", witnesses_section(run)},
                      {"machine", "Machine", machine_section(run)},
                      {"limits", "What this run does not show", limits_section(run)}}},
                    library);
  } catch (const Json::exception& e) {
    throw BadInput("the run lacks what its schema promises: {}", e.what());
  }
}

}  // namespace bitproof::html
