// Layer, token and run are conserved: a token is all of its layers, a run is all of its tokens.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

constexpr double kApart = 0.1;  // what the head, the embedding and rounding may add or take

void layers_to_token(const Report& report, const Claim& layer, const Claim& token, Findings& found) {
  if (token.value->at_most || !report.model.layers || *report.model.layers < 2) return;
  const auto layers = static_cast<double>(*report.model.layers);
  const Range whole{layer.range().low * layers, layer.range().high * layers};
  if (token.range().high >= whole.low * (1 - kApart)) return;
  const double share = token.range().high / layer.range().high;
  found.push_back(
      {"", &token, Verdict::wrong,
       std::abs(share - 1) < 1e-9 ? fmt::format("the time of one layer of {} is called a token", layers)
                                  : fmt::format("it is the time of {} of the {} layers", short_number(share), layers),
       fmt::format("{} x {} layers = {}", layer.shown(), layers, with_unit(whole, token.unit_text)), whole});
}

// A run of so many tokens against the time of one.
void tokens_to_run(const Claim& run, const Claim& token, Findings& found) {
  const auto tokens = static_cast<double>(*run.tokens);
  const Range whole{token.range().low * tokens, token.range().high * tokens};
  const bool short_of = run.range().high < whole.low * (1 - kApart);
  const bool beyond = !run.value->at_most && run.range().low > whole.high * (1 + kApart);
  if (!short_of && !beyond) return;
  found.push_back({"", &run, Verdict::contradicted,
                   fmt::format("{} tokens at the {} of {} take {}: what was timed is no generation", tokens,
                               token.shown(), place(token, run), with_unit(whole, run.unit_text)),
                   fmt::format("{} x {} = {}", token.shown(), tokens, with_unit(whole, run.unit_text))});
}

// The operations of a token are those of all layers' matrices, at least.
void operations(const Report& report, const Claim& c, Findings& found) {
  const auto macs = report.model.macs_per_token();
  if (!macs || c.metric != "token_ops" || c.range().high >= 2 * *macs * (1 - kApart)) return;
  const Range whole{2 * *macs, 2 * *macs};
  found.push_back({"", &c, Verdict::wrong,
                   fmt::format("a token of {} layers takes {} at least; this is {} of it", *report.model.layers,
                               with_unit(whole, c.unit_text), short_number(c.range().high / whole.low)),
                   fmt::format("2 x {} multiply-adds = {}", short_number(*macs), with_unit(whole, c.unit_text)),
                   whole});
}

}  // namespace

void scope(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& a : report.claims) {
      if (a.value) operations(report, a, found);
      if (!a.value || a.metric != "token_time") continue;
      for (const Claim& b : report.claims) {
        if (!b.value || b.of != a.of) continue;
        if (b.metric == "layer_time") layers_to_token(report, b, a, found);
        if (b.metric == "time" && b.tokens) tokens_to_run(b, a, found);
      }
    }
  }
}

}  // namespace bitproof::audit::rules
