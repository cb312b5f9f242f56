#include "reports/attribution_json.hpp"

#include <cmath>

namespace bitproof {
namespace {

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
  if (c.verdict_alone == Credit::not_judged) return "no credit: above what its share of the time allows, in arms whose placement is not known";
  return "no credit: IMPOSSIBLE: above what its share of the time allows";
}

constexpr int kCells = 1 << kTechniqueCount;

}  // namespace

Json to_json(const RatioEstimate& r) {
  Json j{{"geometric_mean", r.geometric_mean}, {"median", r.median}};
  // One pair bounds nothing: its interval is 0 to infinity, which JSON cannot hold.
  put(j, "ci_low", r.ratios.size() > 1 ? std::optional(r.ci_low) : std::nullopt, "one round: no interval");
  put(j, "ci_high", r.ratios.size() > 1 ? std::optional(r.ci_high) : std::nullopt, "one round: no interval");
  j["n"] = r.ratios.size();
  j["ratios"] = r.ratios;
  j["provenance"] = "measured: paired within rounds; geometric mean with Student's t interval on log ratios, 95 %";
  return j;
}

Json to_json(const Attribution& a, std::int64_t depth) {
  Json techniques = Json::array();
  for (const TechniqueCredit& c : a.techniques) {
    Json j{{"name", name(c.technique)}};
    const std::string why = "its arms were not measured";
    put_ratio(j, "alone", c.alone, why);
    put_ratio(j, "without", c.without, why);
    const char* shapley_why = "needs the lattice of 64 recipes; this run measures the corners only";
    for (const char* key : {"shapley", "ci_low", "ci_high"}) put(j, key, std::nullopt, shapley_why);
    put(j, "predicted", std::nullopt, "no prediction from microbenchmarks is made in this release");
    put_bound(j, "most", c.most_alone, c.verdict_alone, why);
    put_bound(j, "most_without", c.most_without, c.verdict_without, why);
    put(j, "credited", c.credited, why_no_credit(c, why));
    j["expected"] = c.expected;
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
  j["cells_measured"] = a.arms_measured;
  j["cells_total"] = kCells;
  j["depth"] = depth;
  j["interactions"] = nullptr;
  j["interactions_why"] = "needs the lattice of 64 recipes";
  j["provenance"] = {{"alone", "measured: tok/s with only this technique over none"},
                     {"without", "measured: tok/s of all over all but this technique"},
                     {"most", "derived: Amdahl, from the ledger of the arm without it: wall time over what of it must remain"},
                     {"credited", "derived: alone, but no more than most"},
                     {"expected", "claimed: by the reports whose claims this project tests"},
                     {"realization", "derived: (credited - 1) / (expected - 1), low and high of the expectation"}};
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

}  // namespace bitproof
