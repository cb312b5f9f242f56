#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "reports/audit/run_claims.hpp"
#include "reports/file.hpp"
#include "reports/run_file.hpp"
#include "terminal.hpp"

namespace bitproof {

int report_command(const ReportOptions& options) {
  const std::string run = read_file(options.run);
  const std::string text = report(run, options.run, options.format);
  const auto faults = audit::undeclared_faults(parse_run(run, options.run));
  for (const std::string& f : faults) note(f);
  if (!faults.empty()) {
    note(fmt::format("bitproof report: {}: its figures contradict each other, and it does not say so: nothing is written",
                     options.run));
    return kFailed;
  }
  if (options.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_file(options.output, text);
  }
  return kOk;
}

void add_report(CommandLine& line) {
  auto [sub, o] = line.add("report", "a report from a run.json", report_command);
  sub.option("run", o.run, "run.json").required();
  const auto formats = report_formats();
  sub.option("--format", o.format, "of the report").one_of({formats.begin(), formats.end()});
  sub.option("-o,--output", o.output, "file (default: standard output)");
}

}  // namespace bitproof
