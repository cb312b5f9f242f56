#include "reports/attribution_json.hpp"

namespace bitproof {
namespace {

void put_ratio(Json& j, const std::string& key, const std::optional<RatioEstimate>& r, const std::string& why) {
  put(j, key, r ? std::optional(r->median) : std::nullopt, why);
  if (r) j[key + "_detail"] = to_json(*r);
}

constexpr int kCells = 1 << kTechniqueCount;

}  // namespace

Json to_json(const RatioEstimate& r) {
  Json j{{"median", r.median}, {"geometric_mean", r.geometric_mean}};
  // One pair bounds nothing: its interval is 0 to infinity, which JSON cannot hold.
  put(j, "ci_low", r.ratios.size() > 1 ? std::optional(r.ci_low) : std::nullopt, "one round: no interval");
  put(j, "ci_high", r.ratios.size() > 1 ? std::optional(r.ci_high) : std::nullopt, "one round: no interval");
  j["n"] = r.ratios.size();
  j["ratios"] = r.ratios;
  j["provenance"] = "measured: paired within rounds; interval: Student's t on log ratios, 95 %";
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
    j["expected"] = c.expected;
    const std::string none = c.engaged ? why : "not engaged: no credit";
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
                     {"expected", "claimed: by the reports whose claims this project tests"},
                     {"realization", "derived: (alone - 1) / (expected - 1), low and high of the expectation"}};
  return j;
}

Json to_json(const BenchResult& r, const CeilingTable& ceilings) {
  Json j{{"id", r.id},           {"benchmark", r.benchmark}, {"kind", r.kind},
         {"case", r.c},          {"threads", r.threads},     {"temperature", r.cold ? "cold" : "hot"}};
  if (!r.failure.empty()) {
    for (const char* key : {"median_ns", "ci_low_ns", "ci_high_ns"}) put(j, key, std::nullopt, r.failure);
    j["samples"] = Json::array();
    return j;
  }
  const std::string state = ceilings.states.label(r.ping_pong_ns);
  j["median_ns"] = r.ns.median;
  j["ci_low_ns"] = r.ns.ci_low;
  j["ci_high_ns"] = r.ns.ci_high;
  j["samples"] = r.ns.samples;
  const auto rate = [&](double amount) { return amount > 0 ? std::optional(amount / r.ns.median) : std::nullopt; };
  put(j, "gb_per_s", rate(r.cost.bytes), "this operation has no bytes to account for");
  put(j, "gop_per_s", rate(r.cost.ops), "this operation has no arithmetic to account for");
  const auto ceiling = ceilings.at(r.threads, state);
  const bool comparable = r.cold && r.cost.bytes > 0 && ceiling;
  put(j, "fraction_of_ceiling", comparable ? std::optional(r.cost.bytes / r.ns.median / ceiling->gb_per_s.median) : std::nullopt,
      r.cold ? "no bytes, or no read ceiling measured for these threads and this state" : "read from caches: not bound by memory");
  j["state"] = state;
  for (const auto& [key, value] : r.counters) j[key] = value;
  j["provenance"] = {{"median_ns", "measured: Google Benchmark repetitions, real time an operation"},
                     {"gb_per_s", "derived: compulsory bytes / median"},
                     {"gop_per_s", "derived: operations (a multiply-add is two) / median"},
                     {"fraction_of_ceiling", "derived: gb_per_s over the measured read ceiling"}};
  return j;
}

}  // namespace bitproof
