// Operation rates follow from shapes and times, and the tokens of a report cannot need more operations a second than
// it measured its kernel to do, times every thread of the machine.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

constexpr double kLoose = 1.05;  // rounding of the figures that go in

// Its own shape in the time printed beside it.
void by_shape(const Report& report, const Claim& c, Findings& found) {
  if (c.shape.empty()) return;
  const auto time = std::find_if(report.claims.begin(), report.claims.end(), [&](const Claim& t) {
    return t.value && t.metric == "time" && t.of == c.of && t.range().low > 0;
  });
  if (time == report.claims.end()) return;
  const double ops =
      2 * static_cast<double>(c.shape[0]) * static_cast<double>(c.shape[1]) * static_cast<double>(c.shape[2]);
  const Range r{ops / time->range().high, ops / time->range().low};
  const double slack = r.high * time->value->step / time->value->high;
  if (compare(*c.value, {r.low / c.unit.scale, r.high / c.unit.scale}, slack / c.unit.scale) != Match::differs) return;
  found.push_back({"", &c, Verdict::wrong,
                   fmt::format("{} should be {}, by its shape and time", c.shown(), with_unit(r, c.unit_text)),
                   fmt::format("2 x {} x {} x {} operations / {} = {}", c.shape[0], c.shape[1], c.shape[2],
                               time->shown(), with_unit(r, c.unit_text)),
                   r});
}

// What a rate of tokens, or one layer in its time, needs of the kernels.
struct Need {
  double ops_per_s;
  std::string arithmetic;
};

std::optional<Need> need(const Report& report, const Claim& c) {
  const auto macs = report.model.macs_per_token();
  if (!macs || c.basis == "target") return std::nullopt;
  if (c.metric == "throughput") {
    const double rate = 2 * *macs * c.range().low;
    return Need{rate, fmt::format("2 x {} multiply-adds a token x {} tok/s = {} GOP/s", short_number(*macs),
                                  short_number(c.range().low), short_number(rate * 1e-9))};
  }
  if (c.metric == "layer_time" && c.range().low > 0) {
    const double layer = *macs / static_cast<double>(*report.model.layers), rate = 2 * layer / c.range().high;
    return Need{rate, fmt::format("2 x {} multiply-adds a layer / {} = {} GOP/s", short_number(layer), c.shown(),
                                  short_number(rate * 1e-9))};
  }
  return std::nullopt;
}

// Against the fastest kernel that the system's reports measured, on as many threads as there can be.
void by_kernel(const Docket& docket, const Report& report, const Claim& c, Findings& found) {
  const Cpu* cpu = docket.cpu_of(c);
  const auto needed = need(report, c);
  if (!cpu || !needed) return;
  const double threads = c.threads ? static_cast<double>(*c.threads) : cpu->threads;
  const Claim* fastest = nullptr;
  double most = 0;
  for (const Claim* k : docket.claims()) {
    if (k->metric != "op_rate" || !k->value || !k->threads || *k->threads < 1 || !docket.comparable(*k, c)) continue;
    if (!k->scope.empty() && k->scope != "op") continue;  // a rate of tokens is no kernel's
    const double all = k->range().high * std::max(threads / static_cast<double>(*k->threads), 1.0);
    if (all > most) {
      most = all;
      fastest = k;
    }
  }
  if (!fastest || needed->ops_per_s <= most * kLoose) return;
  found.push_back({"", &c, Verdict::contradicted,
                   fmt::format("it needs {} GOP/s; the kernel of {} does {}, which is {} on {} thread(s) at best",
                               short_number(needed->ops_per_s * 1e-9), place(*fastest, c), fastest->shown(),
                               with_unit(most, "GFLOPS"), threads),
                   needed->arithmetic});
}

}  // namespace

void op_rate(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value) continue;
      if (c.metric == "op_rate") by_shape(report, c, found);
      by_kernel(docket, report, c, found);
    }
  }
}

}  // namespace bitproof::audit::rules
