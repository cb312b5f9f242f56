#include <fmt/format.h>

#include <algorithm>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "machine.hpp"
#include "reports/audit/render.hpp"
#include "reports/audit/transcript.hpp"
#include "reports/file.hpp"

namespace bitproof {
namespace {

audit::Docket read_docket(const AuditOptions& options) {
  audit::Docket docket;
  const std::string machines = options.machines.empty() ? BITPROOF_SUITES_DIR "/machines/cpus.toml" : options.machines;
  docket.cpus = audit::parse_cpus(read_file(machines), machines);
  for (const std::string& path : options.claims) {
    audit::Report report = audit::parse_claims(read_file(path), path);
    for (const audit::Report& other : docket.reports) {
      if (other.name == report.name)
        throw BadInput("{}: a second file named {}: rename it, claims are called by it", path, report.name);
    }
    docket.reports.push_back(std::move(report));
  }
  return docket;
}

int compare_transcript(const AuditOptions& options) {
  if (options.claims.size() != 1)
    throw BadInput("--against takes one claims file, and {} are given", options.claims.size());
  const audit::Docket docket = read_docket(options);
  const auto faults = audit::transcription_faults(docket.reports[0], read_file(options.against));
  for (const std::string& f : faults) fmt::print("{}\n", one_line(f));
  fmt::print("{} claims, {} fault(s) of transcription\n", docket.reports[0].claims.size(), faults.size());
  return faults.empty() ? kOk : kFailed;
}

}  // namespace

int audit_command(const AuditOptions& options) {
  if (!options.against.empty()) return compare_transcript(options);
  const audit::Docket docket = read_docket(options);
  if (options.reproduce) {
    fmt::print("{}", audit::reproduction(docket, read_machine().cpu_model.value.value_or("an unknown CPU")));
    return kOk;
  }
  const auto verdicts = audit::audit(docket);
  if (options.json) {
    fmt::print("{}\n", audit::to_json(docket, verdicts).dump(2));
  } else if (options.markdown) {
    fmt::print("{}", audit::markdown(docket, verdicts));
  } else {
    fmt::print("{}", audit::summary(docket, verdicts));
    if (!options.summary) fmt::print("\n{}", audit::details(docket, verdicts));
  }
  return audit::any_fault(verdicts) ? kFailed : kOk;
}

void add_audit(CommandLine& line) {
  auto [sub, o] = line.add("audit", "somebody's report against arithmetic, physics and itself", audit_command);
  sub.option("claims", o.claims, "claims files, held against each other too").required();
  sub.option("--machines", o.machines, "table of CPUs (default: suites/machines/cpus.toml)");
  sub.option("--against", o.against, "the report itself: is the claims file a complete copy? Nothing else is done");
  sub.flag("--summary", o.summary, "the verdict alone");
  sub.flag("--markdown", o.markdown, "the table of the README");
  sub.flag("--reproduce", o.reproduce, "the commands that measure the same here; nothing is run");
  sub.examples({"bitproof audit suites/claims/*.toml --summary"});
  sub.json(o.json);
}

}  // namespace bitproof
