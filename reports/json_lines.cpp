#include "reports/exports.hpp"
#include "reports/run_cases.hpp"

namespace bitproof {

std::string json_lines(const Json& run) {
  const Json& machine = run.at("machine");
  std::string out;
  for (const RunCase& c : run_cases(run)) {
    Json line{{"name", c.name},       {"kind", c.kind},     {"variant", c.variant}, {"detail", c.detail},
              {"threads", c.threads}, {"memory", c.memory}, {"state", c.state}};
    const auto number = [&](double Summary::*part) { return c.ns ? std::optional((*c.ns).*part) : std::nullopt; };
    put(line, "median_ns", number(&Summary::median), c.why);
    put(line, "ci_low_ns", number(&Summary::ci_low), c.why);
    put(line, "ci_high_ns", number(&Summary::ci_high), c.why);
    line["samples_ns"] = c.samples;
    line["started"] = run.value("started", Json());
    line["git_revision"] = machine.at("git_revision");
    line["fingerprint"] = machine.at("fingerprint");
    out += line.dump() + "\n";
  }
  return out;
}

}  // namespace bitproof
