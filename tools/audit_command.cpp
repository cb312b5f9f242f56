#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "clock.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "physics.hpp"
#include "reports/audit/render.hpp"
#include "reports/audit/reproduction.hpp"
#include "reports/audit/transcript.hpp"
#include "reports/file.hpp"
#include "steps.hpp"
#include "subject.hpp"
#include "terminal.hpp"
#include "worker.hpp"

namespace bitproof {
namespace {

// The fastest that one core did what, on any number of threads.
double most_of_a_core(const CeilingTable& ceilings, OpKind kind) {
  double most = 0;
  for (const PeakSample& s : ceilings.peaks) {
    if (s.what == name(kind)) most = std::max(most, 1e9 * s.per_ns / s.threads);
  }
  return most;
}

// What this machine reads and computes, by what was just measured of it: the fastest single sample, and the margin of
// the physics gate above it.
audit::Cpu measured_here() {
  const Machine machine = read_machine();
  CeilingTable ceilings;
  const int threads = choose_threads(0, false);
  measure_ceilings(ceilings, threads, 3);
  if (ceilings.samples.empty()) {
    const char* disturbed = "other work had the CPUs in every sample: measure on an idle machine";
    throw BadInput("--machine: {}", ceilings.why.empty() ? disturbed : ceilings.why);
  }
  const auto fastest = std::ranges::max_element(ceilings.samples, {}, &ReadSample::gb_per_s);
  audit::Cpu here;
  here.name = machine.cpu_model.value.value_or("this machine");
  here.source = "measured here";
  here.cores = threads;
  here.threads = static_cast<double>(machine.cpus.size());
  here.memory_bytes_per_s = 1e9 * fastest->gb_per_s * kMostOfCeiling;
  here.f32_ops_per_s = kMostOfPeak * most_of_a_core(ceilings, OpKind::float_multiply_add);
  here.int8_ops_per_s = kMostOfPeak * most_of_a_core(ceilings, OpKind::multiply_add);
  return here;
}

// A report that names no CPU is held against this machine too.
void judge_by_this_machine(audit::Docket& docket) {
  const audit::Cpu here = measured_here();
  docket.cpus.insert(docket.cpus.begin(), here);
  for (audit::Report& report : docket.reports) {
    if (report.cpu.empty()) report.cpu = here.name;
  }
}

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
  if (options.machine) judge_by_this_machine(docket);
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

// Of the claims that name one command. What cannot be run leaves its reason with each of them.
void run_command(const std::string& command, std::vector<audit::Reproduced>& of_command) {
  const double start = steady_ns();
  try {
    Worker worker(this_binary(), audit::arguments_of(command));
    const Worker::Ending ending = worker.end();
    for (auto& r : of_command) r = audit::reproduced(*r.claim, ending.printed, ending.exit_code, ending.last_words);
  } catch (const CrewFailed& e) {
    for (auto& r : of_command) r.why = e.what();
  } catch (const Interrupted&) {
    for (auto& r : of_command) r.why = "interrupted";
  }
  for (auto& r : of_command) r.seconds = 1e-9 * (steady_ns() - start);
}

// Each command is run once, however many claims name it.
int reproduce(const audit::Docket& docket, bool json) {
  std::map<std::string, std::vector<audit::Reproduced>> by_command;
  for (const audit::Claim* c : docket.claims()) {
    if (c->reproduce) by_command[c->reproduce->command].push_back({.claim = c, .why = "interrupted before it"});
  }
  ProgressLine progress("reproduce");
  double done = 0;
  for (auto& [command, of_command] : by_command) {
    if (interrupted()) break;
    progress.update(done++ / static_cast<double>(by_command.size()), command);
    run_command(command, of_command);
  }
  std::vector<audit::Reproduced> all;
  for (auto& [command, of_command] : by_command) all.insert(all.end(), of_command.begin(), of_command.end());
  const std::string here = read_machine().cpu_model.value.value_or("an unknown CPU");
  if (json) {
    fmt::print("{}\n", audit::reproduction_json(docket, all, here).dump(2));
  } else {
    fmt::print("{}", audit::reproduction_text(docket, all, here));
  }
  if (interrupted()) return kInterrupted;
  return std::ranges::all_of(all, [](const auto& r) { return r.value.has_value(); }) ? kOk : kFailed;
}

}  // namespace

int audit_command(const AuditOptions& options) {
  if (!options.against.empty()) return compare_transcript(options);
  const audit::Docket docket = read_docket(options);
  if (options.reproduce) return reproduce(docket, options.json);
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
  sub.flag("--machine", o.machine,
           "reports made on this machine, or naming none, are held against what it is measured to read and compute");
  sub.option("--against", o.against, "the report itself: is the claims file a complete copy? Nothing else is done");
  sub.flag("--summary", o.summary, "the verdict alone");
  sub.flag("--markdown", o.markdown, "the table of the README");
  sub.flag("--reproduce", o.reproduce, "measure what can be measured here, and put it beside the claim; minutes");
  sub.examples({"bitproof audit suites/claims/*.toml --summary"});
  sub.json(o.json);
}

}  // namespace bitproof
