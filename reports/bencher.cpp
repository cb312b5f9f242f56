#include "reports/exports.hpp"
#include "reports/run_cases.hpp"

namespace bitproof {

// Latency is in ns and throughput in operations a second (tokens, for a loop): Bencher's own units.
std::string bencher(const Json& run) {
  Json metrics = Json::object();
  for (const RunCase& c : run_cases(run)) {
    if (!c.ns) continue;
    const Summary& s = *c.ns;
    metrics[c.name] = {
        {"latency", {{"value", s.median}, {"lower_value", s.ci_low}, {"upper_value", s.ci_high}}},
        {"throughput", {{"value", 1e9 / s.median}, {"lower_value", 1e9 / s.ci_high}, {"upper_value", 1e9 / s.ci_low}}}};
  }
  return metrics.dump(2) + "\n";
}

}  // namespace bitproof
