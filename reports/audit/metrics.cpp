// What a report can measure, and in what.
#include <algorithm>
#include <iterator>

#include "reports/audit/claims.hpp"

namespace bitproof::audit {
namespace {

struct Metric {
  const char* name;
  Dimension dimension;
};

constexpr Metric kMetrics[] = {
    {"time", base(kSecond)},
    {"token_time", {{1, 0, 0, -1}}},
    {"layer_time", {{1, 0, 0, 0, -1}}},
    {"throughput", {{-1, 0, 0, 1}}},
    {"speedup", kNone},
    {"gain", kNone},  // what is added, over what was there: 0.2 is 1.2 times
    {"ratio", kNone},
    {"share", kNone},
    {"efficiency", kNone},
    {"utilization", kNone},
    {"relative_error", kNone},
    {"mismatches", kNone},
    {"count", kNone},
    {"dimension", kNone},
    {"repeatability", kNone},
    {"tokens", base(kToken)},
    {"layers", base(kLayer)},
    {"layers_per_token", {{0, 0, 0, -1, 1}}},
    {"memory", base(kByte)},
    {"alignment", base(kByte)},
    {"bandwidth", {{-1, 1}}},
    {"token_bytes", {{0, 1, 0, -1}}},
    {"op_rate", {{-1, 0, 1}}},
    {"token_ops", {{0, 0, 1, -1}}},
    {"clock", base(kSecond, -1)},
    {"power", base(kWatt)},
    {"memory_type", kNone},
    {"setting", kNone},  // a switch, a version, a date: transcribed, nothing to compute
    {"status", kNone},
};

}  // namespace

std::optional<Dimension> dimension_of(const std::string& metric) {
  const auto* found =
      std::find_if(std::begin(kMetrics), std::end(kMetrics), [&](const Metric& m) { return metric == m.name; });
  return found == std::end(kMetrics) ? std::nullopt : std::optional(found->dimension);
}

std::vector<std::string> metric_names() {
  std::vector<std::string> names;
  for (const Metric& m : kMetrics) names.emplace_back(m.name);
  return names;
}

}  // namespace bitproof::audit
