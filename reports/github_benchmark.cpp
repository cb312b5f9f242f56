#include <fmt/format.h>

#include "reports/exports.hpp"
#include "reports/run_cases.hpp"

namespace bitproof {
namespace {

std::string extra(const RunCase& c) {
  return fmt::format("{} samples, state {}, {} thread(s)", c.samples.size(), c.state, c.threads);
}

std::string range(double low, double high) { return fmt::format("{:.6g} to {:.6g}", low, high); }

Json entry(std::string name, const char* unit, double value, std::string range, const RunCase& c) {
  return {
      {"name", std::move(name)}, {"unit", unit}, {"value", value}, {"range", std::move(range)}, {"extra", extra(c)}};
}

}  // namespace

std::string github_smaller(const Json& run) {
  Json list = Json::array();
  for (const RunCase& c : run_cases(run)) {
    if (c.ns) list.push_back(entry(c.name, "ns", c.ns->median, range(c.ns->ci_low, c.ns->ci_high), c));
  }
  return list.dump(2) + "\n";
}

std::string github_bigger(const Json& run) {
  Json list = Json::array();
  const auto add = [&](const RunCase& c, const char* unit, double amount) {  // a nanosecond
    list.push_back(entry(fmt::format("{} {}", c.name, unit), unit, amount / c.ns->median,
                         range(amount / c.ns->ci_high, amount / c.ns->ci_low), c));
  };
  for (const RunCase& c : run_cases(run)) {
    if (!c.ns) continue;
    if (c.kind == "loop") add(c, "tok/s", 1e9);
    if (c.gb_per_s) add(c, "GB/s", *c.gb_per_s * c.ns->median);
    if (c.gop_per_s) add(c, "Gop/s", *c.gop_per_s * c.ns->median);
  }
  return list.dump(2) + "\n";
}

}  // namespace bitproof
