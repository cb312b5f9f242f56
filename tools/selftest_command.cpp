#include <fmt/format.h>

#include <algorithm>

#include "command_line.hpp"
#include "commands.hpp"
#include "machine.hpp"
#include "reports/lattice_file.hpp"
#include "reports/selftest.hpp"
#include "steps.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

void print(const zoo::SelftestResult& result) {
  TextTable table("<<<");
  table.row({"fault", "killed by", "reason"});
  for (const zoo::Outcome& o : result.outcomes) {
    if (o.skipped.empty()) table.row({o.name, o.kill.killed() ? o.kill.check : "SURVIVED", o.kill.reason});
  }
  table.print();
  for (const zoo::Outcome& o : result.outcomes) {
    if (!o.skipped.empty()) fmt::print("SKIPPED {}: {}\n", o.name, o.skipped);
    for (const zoo::Kill& a : o.alarms) fmt::print("FALSE ALARM clean twin of {}: {}: {}\n", o.name, a.check, a.reason);
  }
  for (const zoo::Outcome& o : result.outcomes) {
    if (o.skipped.empty() && !o.kill.killed()) fmt::print("SURVIVED {}: {}\n", o.name, o.lie);
  }
  const auto skipped = std::ranges::count_if(result.outcomes, [](const zoo::Outcome& o) { return !o.skipped.empty(); });
  fmt::print("killed {} of {}{}\n{} clean twins, {} runs each: {} false alarms\n", result.killed(), result.planted(),
             skipped > 0 ? fmt::format(", {} skipped: this machine cannot run them", skipped) : "", result.planted(),
             result.repeat, result.false_alarms());
}

}  // namespace

int selftest_command(const SelftestOptions& options) {
  zoo::SelftestResult result;
  {
    ProgressLine line("selftest");
    result = zoo::selftest(zoo::all_faults(),
                           {.filter = options.filter,
                            .repeat = options.repeat,
                            .first_seed = options.first_seed,
                            .width = processes_at_a_time()},  // those that measure time run alone
                           [&](double fraction) { line.update(fraction); });
  }
  if (options.json) {
    Json j = to_json(result);
    j["machine"] = read_machine().fingerprint();
    j["build"] = build_fingerprint();
    fmt::print("{}\n", j.dump(2));
  } else if (options.markdown) {
    fmt::print("{}", markdown(result));
  } else {
    print(result);
  }
  if (result.planted() == 0) note("bitproof selftest: nothing ran: nothing is proven");
  return result.ok() ? kOk : kFailed;
}

void add_selftest(CommandLine& line) {
  auto [sub, o] = line.add("selftest", "the harness against its zoo of planted faults", selftest_command);
  sub.option("filter", o.filter, "part of a fault's name");
  sub.option("--repeat", o.repeat, "runs of each clean twin, each with other inputs").at_least_one();
  sub.option("--first-seed", o.first_seed, "of those runs, so that many can be divided");
  sub.json(o.json);
  sub.flag("--markdown", o.markdown, "the kill table in Markdown").excludes("--json");
  sub.examples({"bitproof selftest rms_norm/"});
}

}  // namespace bitproof
