#include <fmt/format.h>

#include "reports/exports.hpp"
#include "reports/run_cases.hpp"

namespace bitproof {

std::string csv_field(const std::string& raw) {
  std::string safe = "\"";
  if (!raw.empty() && std::string("=+-@\t\r\n").find(raw[0]) != std::string::npos) safe += '\'';
  for (const char c : raw) {
    if (c == '"') safe += '"';
    safe += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  }
  return safe + '"';
}

namespace {

std::string text_of(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

std::string numbers(const std::optional<Summary>& ns) {
  if (!ns) return ",,,,,";
  return fmt::format("{},{},{},{},{},{}", ns->median, ns->ci_low, ns->ci_high, ns->min, ns->p5, ns->p95);
}

}  // namespace

std::string csv(const Json& run) {
  const Json& machine = run.at("machine");
  const std::string origin =
      fmt::format("{},{},{}", csv_field(text_of(run.value("started", Json()))),
                  csv_field(text_of(machine.at("git_revision"))), csv_field(text_of(machine.at("fingerprint"))));
  std::string out =
      "name,kind,variant,detail,threads,memory,state,n,median_ns,ci_low_ns,ci_high_ns,min_ns,p5_ns,p95_ns,why,started,"
      "git_revision,fingerprint\r\n";
  for (const RunCase& c : run_cases(run)) {
    out += fmt::format("{},{},{},{},{},{},{},{},{},{},{}\r\n", csv_field(c.name), csv_field(c.kind),
                       csv_field(c.variant), csv_field(c.detail), c.threads, csv_field(c.memory), csv_field(c.state),
                       c.ns ? fmt::to_string(c.samples.size()) : "", numbers(c.ns), csv_field(c.why), origin);
  }
  return out;
}

}  // namespace bitproof
