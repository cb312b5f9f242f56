// Evidence that could not have come out otherwise: scaling on one thread, a pool that nobody used, a measurement
// without samples, or of what crashed.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

constexpr double kUnused = 0.001;  // of a pool
constexpr double kNearOne = 0.05;  // an effect that takes a spread to be told from noise

bool about_threads(const Claim& c) { return credits(c, "threading") || c.metric == "efficiency"; }

void add(Findings& found, const Claim& c, Verdict verdict, std::string text, std::string arithmetic = "") {
  found.push_back({"", &c, verdict, std::move(text), std::move(arithmetic)});
}

void one_claim(const Docket& docket, const Claim& c, Findings& found) {
  if (about_threads(c) && c.threads == 1 && c.basis != "target" && c.basis != "projected") {
    add(found, c, Verdict::unsupported, "one thread ran: it shows nothing about threads", "threads = 1");
  }
  if (c.basis == "measured" && c.samples == 0)
    add(found, c, Verdict::unsupported, "called measured, and nothing measured it", "samples = 0");
  if (c.metric == "repeatability" && c.samples.value_or(1) < 2) {
    add(found, c, Verdict::unsupported, "one run, and no spread: nothing was repeated",
        fmt::format("samples = {}", c.samples.value_or(1)));
  }
  if (!c.value) return;
  if (c.metric == "utilization" && c.range().high < kUnused) {
    add(found, c, Verdict::unsupported, fmt::format("{} in use: what is not used is not tested", c.shown()),
        fmt::format("{} < {} %", c.shown(), short_number(100 * kUnused)));
  }
  if (c.metric == "speedup" && c.basis == "measured" && c.samples.value_or(0) == 1 &&
      std::abs(c.range().high - 1) < kNearOne) {
    add(found, c, Verdict::holds, "one run without a spread: an effect this small cannot be told from noise",
        fmt::format("samples = 1, and {} - 1 is within {}", short_number(c.range().high), kNearOne));
  }
  if (c.metric == "speedup" && c.basis == "measured" && !c.samples) {
    add(found, c, Verdict::holds, "called measured, and it does not say by how many samples: no spread can be known",
        "samples: none stated");
  }
  if (c.metric == "speedup" && c.basis == "measured") {
    for (const Claim* o : docket.claims()) {
      if (o->status != "crashed" || o->of != c.of || !docket.comparable(*o, c)) continue;
      add(found, c, Verdict::unsupported,
          fmt::format("its benchmark crashed ({}): there is no time to compare", place(*o, c)), o->quote);
      break;
    }
  }
}

// A buffer that the test of a pool used, against one activation of the model.
void pool_use(const Report& report, const Claim& c, Findings& found) {
  if (!c.value || c.holds != "pool" || c.metric != "memory" || c.of.find("used") == std::string::npos ||
      !report.model.hidden)
    return;
  const double one = 4 * static_cast<double>(*report.model.hidden);
  if (c.range().high >= one) return;
  add(found, c, Verdict::unsupported,
      fmt::format("one activation of the model takes {}: the pool was tested with less than that",
                  with_unit(one, c.unit_text)),
      fmt::format("{} values x 4 bytes = {}", *report.model.hidden, with_unit(one, c.unit_text)));
}

}  // namespace

void vacuous(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      one_claim(docket, c, found);
      pool_use(report, c, found);
    }
  }
}

}  // namespace bitproof::audit::rules
