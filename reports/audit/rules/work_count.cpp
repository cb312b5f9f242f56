// Work is counted. What a cache can save: without it n tokens take n (n + 1) / 2 positions, with it n.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

// The share of a token's time that goes with its positions: all that is matrix products, where a report says.
double share_of_products(const Docket& docket, const Claim& c, std::string& source) {
  for (const Claim* s : docket.claims()) {
    if (s->metric != "share" || s->of != "gemm" || !s->value || !docket.comparable(*s, c)) continue;
    source = fmt::format(", with {} of the time in them ({})", s->shown(), place(*s, c));
    return s->range().low;
  }
  return 1;
}

constexpr double kFarApart = 10;  // time may go to attention in other proportions than operations, but not in these

// The operations of attention among those of a token, at the mean number of positions of such a run.
void attention_share(const Report& report, const Claim& c, Findings& found) {
  const auto macs = report.model.macs_per_token();
  if (c.metric != "share" || c.of != "attention" || !c.tokens || !macs || c.range().low <= 0) return;
  const double positions = (static_cast<double>(*c.tokens) + 1) / 2;
  const double attention = *report.model.cache_values(positions);  // each of K and V is read into one multiply-add
  const double share = attention / (attention + *macs);
  if (c.range().low < kFarApart * share && share < kFarApart * c.range().high) return;
  found.push_back({"", &c, Verdict::unsupported,
                   fmt::format("its operations are {} % of a token's, at {} positions on average",
                               short_number(100 * share), positions),
                   fmt::format("{} of {} multiply-adds", short_number(attention), short_number(attention + *macs))});
}

}  // namespace

void work_count(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (c.value) attention_share(report, c, found);
    }
  }
  for (const Claim* c : docket.claims()) {
    if (!c->value || c->metric != "speedup" || c->credits != std::vector<std::string>{"kv_cache"} || !c->tokens)
      continue;
    if (*c->tokens < 2 || c->range().low <= 0) continue;
    const auto n = static_cast<double>(*c->tokens);
    const double work = (n + 1) / 2;
    std::string source;
    const double share = share_of_products(docket, *c, source);
    const double speedup = 1 / (1 - share * (1 - 1 / work));
    if (c->range().high >= speedup / 1.5 && c->range().low <= speedup * 1.5) continue;
    const bool less = c->range().high < speedup;
    const char* then = c->basis == "measured" ? ": it did not run, or the baseline had one too" : "";
    found.push_back({"", c, Verdict::unsupported,
                     fmt::format("a cache that ends recomputation makes {} tokens {} times faster{}; {} is {}{}", n,
                                 short_number(speedup), source, c->shown(), less ? "less" : "more", less ? then : ""),
                     fmt::format("{} positions without a cache, {} with: {} times the work", n * (n + 1) / 2, n,
                                 short_number(work))});
  }
}

}  // namespace bitproof::audit::rules
