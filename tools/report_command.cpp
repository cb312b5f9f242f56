#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "reports/file.hpp"
#include "reports/markdown.hpp"

namespace bitproof {

int report_command(const ReportOptions& options) {
  const std::string content = read_file(options.run);
  Json run;
  std::string text;
  try {
    run = Json::parse(content);
    text = markdown(run);  // reads all of it: what is not a run of this schema ends here, whatever the format
  } catch (const Json::parse_error& e) {
    throw BadInput("{}: not JSON from byte {} on: cut off, or not the run.json of a `bitproof run`", options.run,
                   e.byte);
  } catch (const std::exception& e) {
    throw BadInput("{}: {}", options.run, e.what());
  }
  if (options.format == "json") text = run.dump(1) + "\n";
  if (options.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_file(options.output, text);
  }
  return kOk;
}

void add_report(CommandLine& line) {
  auto [sub, o] = line.add("report", "a report from a run.json", report_command);
  sub->add_option("run", o.run, "run.json")->required();
  sub->add_option("--format", o.format, "of the report")->check(CLI::IsMember({"md", "json"}))->capture_default_str();
  sub->add_option("-o,--output", o.output, "file (default: standard output)");
}

}  // namespace bitproof
