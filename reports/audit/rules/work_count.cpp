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

// A generous count of what an op does beside the products of the layers: of sampling, a sort, an exponential and a sum
// over all logits; of embedding and norms, two norms a layer and one before the head.
constexpr double kOpsALogit = 64, kOpsANormedValue = 8;

struct Small {
  double ops;
  std::string how;
};

std::optional<Small> beside_the_layers(const Model& m, const std::string& of) {
  if (!m.hidden || !m.layers) return std::nullopt;
  const auto hidden = static_cast<double>(*m.hidden), layers = static_cast<double>(*m.layers);
  if (of == "embedding") {
    const double norms = 2 * layers + 1;
    return Small{hidden * (1 + norms * kOpsANormedValue),
                 fmt::format("{} values x (1 + {} norms x {} operations)", hidden, norms, kOpsANormedValue)};
  }
  if (!m.vocab) return std::nullopt;
  const auto vocab = static_cast<double>(*m.vocab);
  if (of == "sampling") return Small{vocab * kOpsALogit, fmt::format("{} logits x {} operations", vocab, kOpsALogit)};
  if (of == "head") return Small{2 * vocab * hidden, fmt::format("2 x {} logits x {} values", vocab, hidden)};
  return std::nullopt;
}

// The time of one token that a share comes to, where the run that it is of has a time and tokens.
std::string per_token(const Report& report, const Claim& c) {
  for (const Claim& t : report.claims) {
    if (t.metric != "time" || t.scope != "run" || !t.value || !t.tokens || *t.tokens < 1 || t.of != "token loop")
      continue;
    const double each = c.range().low * t.range().low / static_cast<double>(*t.tokens);
    return fmt::format("; it is said to take {} of each", with_unit(each, "ms"));
  }
  return "";
}

void small_share(const Report& report, const Claim& c, Findings& found) {
  const auto macs = report.model.macs_per_token();
  if (c.metric != "share" || !macs || c.range().low <= 0) return;
  const auto small = beside_the_layers(report.model, c.of);
  if (!small) return;
  const double share = small->ops / (small->ops + 2 * *macs);
  const bool too_little = c.of == "head" && c.range().high * kFarApart < share;  // the others are counted generously
  if (c.range().low < kFarApart * share && !too_little) return;
  found.push_back(
      {"", &c, Verdict::unsupported,
       fmt::format("its operations are {} % of a token's{}", short_number(100 * share), per_token(report, c)),
       fmt::format("{} = {}, of {} in a token", small->how, short_number(small->ops),
                   short_number(small->ops + 2 * *macs))});
}

}  // namespace

void work_count(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      if (!c.value) continue;
      attention_share(report, c, found);
      small_share(report, c, found);
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
