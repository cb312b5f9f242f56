#include "reports/attribution_json.hpp"

namespace bitproof {
namespace {

void put_ratio(Json& j, const std::string& key, const std::optional<RatioEstimate>& r, const std::string& why) {
  put(j, key, r ? std::optional(r->geometric_mean) : std::nullopt, why);
  if (r) j[key + "_detail"] = to_json(*r);
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
    put(j, "most", c.most, "the time that it can save is not measured apart");
    j["expected"] = c.expected;
    const std::string none = !c.engaged ? "no credit: not engaged" : c.alone ? "no credit: above what its share allows" : why;
    if (c.realization_low) {
      j["realization"] = {*c.realization_low, *c.realization_high};
    } else {
      j["realization"] = nullptr;
      j["realization_why"] = none;
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
                     {"most", "derived: wall time over wall time without allocation and page faults, measured in `none`"},
                     {"expected", "claimed: by the reports whose claims this project tests"},
                     {"realization", "derived: (alone - 1) / (expected - 1), low and high of the expectation"}};
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
