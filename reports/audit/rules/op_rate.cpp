// Operation rates follow from shapes and times, and the tokens of a report cannot need more operations a second than
// it measured its kernel to do, times every thread of the machine.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

constexpr double kLoose = 1.05;  // rounding of the figures that go in

// Its own shape in the time printed beside it.
void by_shape(const Report& report, const Claim& c, Findings& found) {
  if (c.shape.empty()) return;
  const auto time = std::find_if(report.claims.begin(), report.claims.end(),
                                 [&](const Claim& t) { return t.value && t.metric == "time" && t.of == c.of && t.range().low > 0; });
  if (time == report.claims.end()) return;
  const double ops = 2 * static_cast<double>(c.shape[0]) * static_cast<double>(c.shape[1]) * static_cast<double>(c.shape[2]);
  const Range r{ops / time->range().high, ops / time->range().low};
  const double slack = r.high * time->value->step / time->value->high;
  if (compare(*c.value, {r.low / c.unit.scale, r.high / c.unit.scale}, slack / c.unit.scale) != Match::differs) return;
  found.push_back({"", &c, Verdict::wrong, fmt::format("{} should be {}, by its shape and time", c.shown(), with_unit(r, c.unit_text)),
                   fmt::format("2 x {} x {} x {} operations / {} = {}", c.shape[0], c.shape[1], c.shape[2], time->shown(),
                               with_unit(r, c.unit_text)),
                   r});
}

// What a token rate needs, against the fastest kernel that the system's reports measured.
void by_tokens(const Docket& docket, const Report& report, const Claim& c, Findings& found) {
  const auto macs = report.model.macs_per_token();
  const Cpu* cpu = docket.cpu_of(c);
  if (!macs || !cpu || c.metric != "throughput" || c.basis == "target") return;
  const double needed = 2 * *macs * c.range().low;
  const Claim* fastest = nullptr;
  double most = 0;
  for (const Claim* k : docket.claims()) {
    if (k->metric != "op_rate" || !k->value || !k->threads || *k->threads < 1 || !docket.comparable(*k, c)) continue;
    const double all = k->range().high * cpu->threads / std::min(cpu->threads, static_cast<double>(*k->threads));
    if (all > most) {
      most = all;
      fastest = k;
    }
  }
  if (!fastest || needed <= most * kLoose) return;
  found.push_back({"", &c, Verdict::contradicted,
                   fmt::format("it needs {} GOP/s; the kernel of {} does {}, which is {} on all {} threads at best", short_number(needed * 1e-9),
                               place(*fastest, c), fastest->shown(), with_unit(most, "GFLOPS"), cpu->threads),
                   fmt::format("2 x {} multiply-adds a token x {} tok/s = {} GOP/s", short_number(*macs), short_number(c.range().low),
                               short_number(needed * 1e-9))});
}

}  // namespace

void op_rate(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value) continue;
      if (c.metric == "op_rate") by_shape(report, c, found);
      by_tokens(docket, report, c, found);
    }
  }
}

}  // namespace bitproof::audit::rules
