#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "reports/audit/run_claims.hpp"
#include "reports/file.hpp"
#include "reports/run_file.hpp"
#include "reports/several_runs.hpp"
#include "terminal.hpp"

namespace bitproof {

int report_command(const ReportOptions& options) {
  std::vector<SavedRun> files;
  for (const std::string& path : options.runs) files.push_back({path, read_file(path)});
  const std::string text = report(files, options.format, options.compare);
  bool sound = true;
  for (const SavedRun& f : files) {
    const auto faults = audit::undeclared_faults(parse_run(f.text, f.path));
    for (const std::string& fault : faults) note(fault);
    if (faults.empty()) continue;
    sound = false;
    note(fmt::format(
        "bitproof report: {}: its figures contradict each other, and it does not say so: nothing is written", f.path));
  }
  if (!sound) return kFailed;
  if (options.output.empty()) {
    fmt::print("{}", text);
  } else {
    write_file(options.output, text);
  }
  return kOk;
}

void add_report(CommandLine& line) {
  auto [sub, o] = line.add("report", "a report from one run.json, two compared, or many over time", report_command);
  sub.option("run", o.runs,
             "run.json; several give a trend; or what attribute, compare, history, audit or selftest "
             "printed with --json; a run with what attribute and selftest printed gives the full report")
      .required();
  sub.flag("--compare", o.compare, "two runs: the base, then what is held against it");
  const auto formats = report_formats();
  sub.option("--format", o.format, "of the report").one_of({formats.begin(), formats.end()});
  sub.option("-o,--output", o.output, "file (default: standard output)");
  sub.examples({"bitproof report out/*/run.json --format html -o report.html",
                "bitproof report out/*/run.json out/*/run.json --compare"});
}

}  // namespace bitproof
