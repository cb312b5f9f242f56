#include "reports/attribution_json.hpp"

#include <algorithm>
#include <cmath>

namespace bitproof {
namespace {

constexpr const char* kNoEffect = "no effect shown";

std::string effect(double low, double high) { return low > 1 ? "faster" : high < 1 ? "slower" : kNoEffect; }

void put_ratio(Json& j, const std::string& key, const std::optional<RatioEstimate>& r, const std::string& why) {
  put(j, key, r ? std::optional(r->geometric_mean) : std::nullopt, why);
  if (r) j[key + "_detail"] = to_json(*r);
}

// Amdahl's bound; an infinite one bounds nothing, and JSON cannot hold it.
void put_bound(Json& j, const std::string& key, const std::optional<Bound>& b, Credit verdict, const std::string& why) {
  const bool finite = b && std::isfinite(b->most);
  put(j, key, finite ? std::optional(b->most) : std::nullopt, b ? "all of its time could be saved" : why);
  if (b) j[key + "_detail"] = {{"verdict", name(verdict)}, {"share", b->share}, {"by", b->by}};
}

std::string why_no_credit(const TechniqueCredit& c, const std::string& why) {
  if (!c.engaged) return "no credit: not engaged";
  if (!c.alone) return why;
  if (c.verdict_alone == Credit::not_judged)
    return "no credit: above what its share of the time allows, in arms whose placement is not known";
  if (c.verdict_alone == Credit::impossible || c.verdict_without == Credit::impossible) {
    return "no credit: IMPOSSIBLE: above what its share of the time allows";
  }
  return "nothing was expected of it";
}

// Its share of the total and the interval, under the keys that scripts read.
void put_shapley(Json& j, const TechniqueCredit& c) {
  const std::string why = "needs every recipe of the lattice; this run measured part of them";
  const bool bounded = c.shapley && c.shapley->rounds > 1;
  const auto end = [&](double sign) { return std::exp(c.shapley->value + sign * c.shapley->half_width); };
  put(j, "shapley", c.shapley ? std::optional(std::exp(c.shapley->value)) : std::nullopt, why);
  put(j, "ci_low", bounded ? std::optional(end(-1)) : std::nullopt, c.shapley ? "one round: no interval" : why);
  put(j, "ci_high", bounded ? std::optional(end(1)) : std::nullopt, c.shapley ? "one round: no interval" : why);
  if (c.shapley) j["shapley_detail"] = to_json(*c.shapley);
}

void put_prediction(Json& j, const Prediction* p, const std::string& why) {
  put(j, "predicted", p ? p->ratio : std::nullopt, p ? p->why : why);
  put(j, "predicted_at_ledger", p ? p->at_ledger : std::nullopt, p ? p->why : why);
  if (!p || !p->ratio) return;
  j["predicted_covers"] = p->covered;
  if (p->gap.empty()) {
    j["gap"] = nullptr;
    j["gap_why"] = "alone was not measured";
  } else {
    j["gap"] = p->gap;
  }
}

}  // namespace

Json to_json(const RatioEstimate& r) {
  Json j{{"geometric_mean", r.geometric_mean}, {"median", r.median}};
  // One pair bounds nothing: its interval is 0 to infinity, which JSON cannot hold.
  put(j, "ci_low", r.ratios.size() > 1 ? std::optional(r.ci_low) : std::nullopt, "one round: no interval");
  put(j, "ci_high", r.ratios.size() > 1 ? std::optional(r.ci_high) : std::nullopt, "one round: no interval");
  j["n"] = r.ratios.size();
  j["ratios"] = r.ratios;
  j["effect"] = r.ratios.size() > 1 ? effect(r.ci_low, r.ci_high) : kNoEffect;
  j["provenance"] = "measured: rates of the same rounds; geometric mean with a studentized 95 % interval on log rates";
  return j;
}

Json to_json(const ContrastEstimate& e) {
  Json j{{"ratio", std::exp(e.value)}};
  const bool bounded = std::isfinite(e.half_width);
  put(j, "ci_low", bounded ? std::optional(std::exp(e.value - e.half_width)) : std::nullopt, "one round: no interval");
  put(j, "ci_high", bounded ? std::optional(std::exp(e.value + e.half_width)) : std::nullopt, "one round: no interval");
  j["degrees_of_freedom"] = e.degrees;
  j["rounds"] = e.rounds;
  j["effect"] = e.value - e.half_width > 0 ? "faster" : e.value + e.half_width < 0 ? "slower" : kNoEffect;
  j["provenance"] = "measured: contrast of cell mean log rates; 95 % interval, Welch-Satterthwaite degrees of freedom";
  return j;
}

Json to_json(const Attribution& a, std::int64_t depth, std::span<const Prediction> predictions,
             const std::string& predictions_why) {
  Json techniques = Json::array();
  for (const TechniqueCredit& c : a.techniques) {
    Json j{{"name", c.name}};
    const std::string why = "its arms were not measured";
    put_ratio(j, "alone", c.alone, why);
    put_ratio(j, "without", c.without, why);
    put_shapley(j, c);
    const auto p = std::ranges::find(predictions, c.name, &Prediction::name);
    put_prediction(j, p == predictions.end() ? nullptr : &*p, predictions_why);
    put_bound(j, "most", c.most_alone, c.verdict_alone, why);
    put_bound(j, "most_without", c.most_without, c.verdict_without, why);
    put(j, "credited", c.credited, why_no_credit(c, why));
    if (c.expected.empty()) {
      j["expected"] = nullptr;
      j["expected_why"] = "nobody promised anything";
    } else {
      j["expected"] = c.expected;
    }
    if (c.realization_low) {
      j["realization"] = {*c.realization_low, *c.realization_high};
    } else {
      j["realization"] = nullptr;
      j["realization_why"] = why_no_credit(c, why);
    }
    j["engaged"] = c.engaged;
    j["evidence"] = c.evidence;
    techniques.push_back(std::move(j));
  }
  Json j{{"techniques", techniques}};
  put_ratio(j, "total_speedup", a.total, "none and all were not both measured");
  put_ratio(j, "all_over_all_again", a.again, "no second arm of all was measured");
  j["cells_measured"] = a.cells_measured;
  j["cells_total"] = a.cells_total;
  j["rounds"] = a.rounds;
  j["depth"] = depth;
  if (a.interactions.empty()) {
    j["interactions"] = nullptr;
    j["interactions_why"] = "needs every recipe of the lattice; this run measured part of them";
  } else {
    j["interactions"] = Json::array();
    for (const Interaction& i : a.interactions) {
      j["interactions"].push_back({{"a", i.a},
                                   {"b", i.b},
                                   {"a_without_b", to_json(i.a_without_b)},
                                   {"a_with_b", to_json(i.a_with_b)},
                                   {"interaction", to_json(i.interaction)}});
    }
  }
  j["provenance"] = {
      {"alone", "measured: tok/s with only this technique over none"},
      {"without", "measured: tok/s of all over all but this technique"},
      {"shapley", "measured: Shapley value of log tok/s over all recipes; shares multiply to total_speedup"},
      {"predicted", "derived: Amdahl, from the profile of the arm without it and micro-benchmarks of what differs"},
      {"predicted_at_ledger", "derived: the same with no op below what physics allows for its bytes and operations"},
      {"most", "derived: Amdahl, from the ledger of the arm without it: wall time over what of it must remain"},
      {"credited", "derived: alone, but no more than most"},
      {"expected", "claimed: by the reports whose claims this project tests"},
      {"realization", "derived: (credited - 1) / (expected - 1), low and high of the expectation"},
      {"interactions", "measured: Shapley values of a in the lattices without and with b, and their ratio"}};
  return j;
}

Json to_json(const LogitsAgreement& a) {
  return {{"reference", a.reference},
          {"bit_equal", a.bit_equal},
          {"tokens_compared", a.tokens_compared},
          {"largest_kld", a.largest_kld},
          {"faults", a.faults},
          {"provenance", "measured: fingerprints of every timed token, and KLD of the first, from the same prefix"}};
}

Json profile_json(const Cell& cell, const std::optional<double>& region_ns) {
  const double wall = cell.wall_ns();
  Json ops = Json::array();
  std::int64_t regions = 0;
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    const Entry& e = cell.ledger[op];
    if (e.calls == 0) continue;
    const auto tokens = static_cast<double>(cell.ledger.tokens);
    ops.push_back({{"op", name(op)},
                   {"ns_per_token", cell.op_ns(op)},
                   {"share", cell.op_ns(op) / wall},
                   {"ops_per_token", e.ops / tokens},
                   {"bytes_per_token", e.bytes / tokens}});
    const bool split =
        op != LoopOp::embedding && op != LoopOp::kv_append && op != LoopOp::sampling && op != LoopOp::memory;
    if (split) regions += e.calls;
  }
  regions += cell.ledger[LoopOp::lm_head].calls;  // it prepares in a region of its own
  const double a_token = static_cast<double>(regions) / static_cast<double>(cell.ledger.tokens);
  Json j{{"recipe", cell.spec.label}, {"wall_ns_per_token", wall}, {"ops", ops}};
  const bool threads = cell.spec.threads > 1;
  put(j, "threading_ns",
      !threads    ? std::optional(0.0)
      : region_ns ? std::optional(*region_ns * a_token)
                  : std::nullopt,
      "the time of an empty parallel region was not measured");
  if (!j["threading_ns"].is_null()) j["threading_share"] = j["threading_ns"].get<double>() / wall;
  j["timer_ns"] = cell.timer_ns;
  j["residual_ns"] = cell.residual_ns();
  j["residual_share"] = cell.residual_ns() / wall;
  j["page_faults_ns"] = cell.faults_ns();
  j["residual_ok"] = std::abs(cell.residual_ns()) <= std::max(kMostResidual * wall, kResidualFloor_ns);
  j["provenance"] = {
      {"ops", "measured: time around each call"},
      {"threading_ns", "derived: regions of a token x measured ns of an empty one; part of the ops' times"},
      {"timer_ns", "derived: a calibrated clock read times the calls of a token"},
      {"residual_ns", "derived: wall time minus ops and timer: what happens between calls"},
      {"page_faults_ns", "derived: page faults a token x measured ns of one, wherever they land"}};
  return j;
}

Json scaling_json(std::span<const ScalePoint> points, std::span<const ScaleModel> model, const std::string& model_why) {
  Json measured = Json::array(), modelled = Json::array();
  for (const ScalePoint& p : points) {
    Json j{{"threads", p.threads}, {"tok_per_s", p.tok_per_s}, {"oversubscribed", p.oversubscribed}};
    const char* why = "the base of the others";
    put_ratio(j, "speedup", p.speedup, why);
    put(j, "efficiency", p.efficiency, why);
    put(j, "serial_fraction", p.serial_fraction, why);
    measured.push_back(std::move(j));
  }
  for (const ScaleModel& m : model) {
    modelled.push_back(
        {{"threads", m.threads}, {"tok_per_s", m.tok_per_s}, {"bound_by", m.bound_by}, {"modelled", true}});
  }
  Json j{{"measured", measured}};
  if (points.empty()) j["measured_why"] = "the best recipe was not measured on one thread";
  j["modelled"] = modelled;
  if (model.empty()) j["modelled_why"] = model_why;
  j["provenance"] = {
      {"measured", "measured: tok/s; derived: efficiency = speed-up / threads, serial fraction of Karp and Flatt"},
      {"modelled",
       "modelled: op times at one thread over p, none below its bytes at the read bandwidth measured on all cores "
       "here"}};
  return j;
}

Json memory_json(const CellMemory& m) {
  Json j{{"weights_bytes", m.weight_bytes},
         {"weights_huge_bytes", m.weight_huge_bytes},
         {"cache_bytes", m.cache_bytes},
         {"pool_high_water_bytes", m.pool_high_water_bytes},
         {"pool_reserved_bytes", m.pool_reserved_bytes},
         {"system_calls", m.system_calls}};
  put(j, "process_rss_bytes", m.rss_bytes, m.why);
  put(j, "process_peak_rss_bytes", m.peak_rss_bytes, m.why);
  j["provenance"] =
      "measured: resident pages of the mappings and of the process (all recipes of this run together), and the "
      "high-water mark "
      "of activations and scratch that the memory variant counted";
  return j;
}

Json cell_summary(const Cell& cell, const CeilingTable& ceilings) {
  Json j{{"recipe", cell.spec.label},
         {"variants", cell.spec.names},
         {"threads", cell.spec.threads},
         {"depth", cell.depth},
         {"layers", cell.layers}};
  if (!cell.measured()) {
    j["tok_per_s"] = nullptr;
    j["tok_per_s_why"] = "the budget ended, or an interrupt came, before its first token";
    return j;
  }
  j["tokens"] = cell.ledger.tokens;
  j["positions"] = cell.ledger.positions;
  j["tok_per_s"] = to_json(estimate(cell.rates()));
  j["bytes_per_token"] = cell.bytes();
  j["wall_ns_per_token"] = cell.wall_ns();
  Json samples = Json::array();
  double tokens = 0, faults = 0;
  for (const CellSample& s : cell.samples) {
    tokens += static_cast<double>(s.loop.tokens);
    faults += static_cast<double>(s.loop.page_faults);
    samples.push_back({{"round", s.round},
                       {"tokens", s.loop.tokens},
                       {"wall_ns", s.loop.wall_ns},
                       {"state", ceilings.states.label(s.loop.ping_pong_ns)},
                       {"disturbed", disturbed(s.loop.load)}});
  }
  j["page_faults_per_token"] = faults / tokens;
  j["samples"] = samples;
  j["samples_retaken"] = cell.retaken;
  j["faults"] = cell.evidence.faults;
  return j;
}

}  // namespace bitproof
