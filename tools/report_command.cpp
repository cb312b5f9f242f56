#include <fmt/format.h>

#include "commands.hpp"
#include "error.hpp"
#include "reports/file.hpp"
#include "reports/markdown.hpp"

namespace bitproof {

int report_command(const ReportOptions& options) {
  Json run;
  try {
    run = Json::parse(read_file(options.run));
  } catch (const Json::exception& e) {
    throw BadInput("{}: not JSON: {}", options.run, e.what());
  }
  std::string text;
  try {
    text = options.format == "json" ? run.dump(1) + "\n" : markdown(run);
  } catch (const BadInput& e) {
    throw BadInput("{}: {}", options.run, e.what());
  }
  if (options.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_file(options.output, text);
  }
  return kOk;
}

}  // namespace bitproof
