// The page of a run; with what other commands printed of the same machine and model, the full report.
#include <algorithm>
#include <utility>

#include "error.hpp"
#include "reports/html/html.hpp"
#include "reports/html/sections.hpp"
#include "reports/limits.hpp"

namespace bitproof::html {
namespace {

void require_same(const char* what, const std::string& of_run, const char* command, const Json& other) {
  if (const std::string theirs = words(other, what, "nothing that it names"); theirs != of_run) {
    throw BadInput(
        "one page holds one {}: the run's is {}, and '{}' was printed for {}: give files that belong together", what,
        of_run, command, theirs);
  }
}

// Rates and shares are of a machine and a model; which faults a machine can run, and what kills them, is of a machine.
void require_one_origin(const Json& run, const Companions& with) {
  const std::string machine = words(look(run, {"machine"}), "fingerprint"), model = words(look(run, {"model"}), "name");
  for (const auto& [command, other] : {std::pair<const char*, const Json&>{"attribute", with.lattice},
                                       {"attribute --depths", with.depths},
                                       {"selftest", with.selftest}}) {
    if (!other.is_object()) continue;
    require_same("machine", machine, command, other);
    if (&other != &with.selftest) require_same("model", model, command, other);
  }
}

// The run with the credit of the lattice in the place of its own, and with everybody's failures.
Json whole_of(const Json& run, const Companions& with) {
  Json whole = run;
  const auto add_failures = [&](const char* from, const Json& other) {
    for (const Json& f : look(other, {"failures"}))
      whole["failures"].push_back(fmt::format("{}: {}", from, f.get<std::string>()));
    if (other.is_object() && other.value("partial", true)) whole["partial"] = true;
  };
  add_failures("attribute", with.lattice);
  add_failures("attribute --depths", with.depths);
  if (with.lattice.is_object()) whole["attribution"] = with.lattice;
  if (with.selftest.is_object() && !kills_all(with.selftest))
    whole["failures"].push_back("selftest: " + kills_sentence(with.selftest));
  return whole;
}

// What of the page comes from where.
std::string companions_line(const Companions& with) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : " \u00B7 ") + part; };
  if (const Json& a = with.lattice; a.is_object()) {
    add(fmt::format("credit of the techniques: a lattice of {} recipes, {} measured, at depth {}",
                    words(a, "cells_total"), words(a, "cells_measured"), words(a, "depth")));
  }
  if (with.depths.is_object()) add("by depth: a measurement of its own");
  if (with.selftest.is_object()) add("the harness itself: " + kills_sentence(with.selftest));
  return text.empty() ? "" : "<p class=\"origin\">" + escape(text) + "</p>\n";
}

std::vector<Section> sections_of(const Json& run, const Json& whole, const Companions& with) {
  const bool lattice = with.lattice.is_object();
  std::vector<Section> all{{"techniques", "What each technique earned", techniques_section(whole)},
                           {"attribution", "How the total is made up", attribution_section(whole)},
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
                           {"limits", "What this run does not show", limits_section(whole)}};
  const auto section = [&](const char* id) { return std::ranges::find(all, id, &Section::id); };
  if (lattice) {
    section("time")->markup += thread_cost_section(with.lattice);
    section("threads")->markup = lattice_threads_section(with.lattice) + section("threads")->markup;
    section("memory")->markup += lattice_memory_section(with.lattice);
    std::vector<std::string> more = lattice_limits(with.lattice);
    const std::vector<std::string> known = limits(whole);
    for (const std::string& line : limits(run_of_lattice(with.lattice))) {
      if (std::ranges::find(known, line) == known.end()) more.push_back("Of the lattice: " + line);
    }
    section("limits")->markup += list(more);
    all.insert(section("time"), {"lattice", "Every recipe of the lattice",
                                 tokens_section(run_of_lattice(with.lattice), "lattice-tokens")});
  }
  if (lattice || with.depths.is_object()) {
    all.insert(section("distances"),
               {"depth", "By depth", depths_section(with.depths.is_object() ? with.depths : with.lattice)});
  }
  if (with.selftest.is_object())
    all.insert(section("machine"), {"kills", "The harness on trial", kills_section(with.selftest)});
  return all;
}

}  // namespace

std::string run_page(const Json& run, const std::string& library) { return run_page(run, {}, library); }

std::string run_page(const Json& run, const Companions& with, const std::string& library) {
  if (!run.is_object() || run.value("schema", Json()) != kSchema) {
    throw BadInput("not a run of schema {}: made by another version, or not by bitproof", kSchema);
  }
  try {
    require_one_origin(run, with);
    const Json whole = whole_of(run, with);
    return document({"bitproof: suite " + words(run, "suite"),
                     heading_of(run) + companions_line(with) + verdict_of(whole), sections_of(run, whole, with)},
                    library);
  } catch (const Json::exception& e) {
    throw BadInput("the run lacks what its schema promises: {}", e.what());
  }
}

}  // namespace bitproof::html
