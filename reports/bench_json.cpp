#include "reports/bench_json.hpp"

#include <algorithm>

#include "reports/comparison_json.hpp"

namespace bitproof {
namespace {

bool has_number(const BenchResult& r) { return r.failure.empty(); }

// Amount (bytes, operations) a nanosecond, which is 1e9 a second.
std::optional<double> rate(const BenchResult& r, double amount) {
  return has_number(r) && amount > 0 ? std::optional(amount / r.ns.median) : std::nullopt;
}

std::optional<double> fraction(const BenchResult& r, const CeilingTable& ceilings) {
  const auto gb_per_s = rate(r, r.cost.bytes);
  return r.cold && gb_per_s ? ceilings.fraction(*gb_per_s, r.threads, r.ping_pong_ns) : std::nullopt;
}

// The same variant and case on one thread.
const BenchResult* on_one_thread(const BenchResult& r, std::span<const BenchResult> results) {
  const auto one = std::find_if(results.begin(), results.end(), [&](const BenchResult& o) {
    return o.threads == 1 && has_number(o) && o.id == r.id && o.c == r.c && o.cold == r.cold &&
           o.benchmark == r.benchmark;
  });
  return one == results.end() ? nullptr : &*one;
}

}  // namespace

Judgement judge(const BenchResult& r, const CeilingTable& ceilings) {
  if (!has_number(r)) return {.verdict = Physics::not_judged, .why = "it has no number"};
  const std::vector<std::optional<double>> last = {r.ping_pong_ns};
  return judge(r.work, r.ns.median, r.threads, ceilings.states_of(r.placements.empty() ? last : r.placements),
               ceilings);
}

Json to_json(const BenchResult& r, const CeilingTable& ceilings) {
  Json j{{"id", r.id},  {"benchmark", r.benchmark}, {"kind", r.kind},
         {"case", r.c}, {"threads", r.threads},     {"temperature", r.cold ? "cold" : "hot"}};
  const bool measured = has_number(r);
  const auto number = [&](double value) { return measured ? std::optional(value) : std::nullopt; };
  put(j, "median_ns", number(r.ns.median), r.failure);
  put(j, "ci_low_ns", number(r.ns.ci_low), r.failure);
  put(j, "ci_high_ns", number(r.ns.ci_high), r.failure);
  j["n"] = r.ns.samples.size();
  j["samples"] = r.samples.empty() ? r.ns.samples : r.samples;
  j["sample_states"] = Json::array();
  for (const SampleState& s : r.states) j["sample_states"].push_back(to_json(s));
  j["samples_set_aside"] = r.set_aside;
  j["samples_disturbed"] = r.disturbed;
  put(j, "p5_ns", number(r.ns.p5), r.failure);
  put(j, "p95_ns", number(r.ns.p95), r.failure);
  put(j, "min_ns", number(r.ns.min), r.failure);
  j["stopped"] = r.stopped;
  put(j, "gb_per_s", rate(r, r.cost.bytes), measured ? "this operation has no bytes to account for" : r.failure);
  put(j, "gop_per_s", rate(r, r.cost.ops), measured ? "this operation has no arithmetic to account for" : r.failure);
  put(j, "fraction_of_ceiling", fraction(r, ceilings),
      !measured ? r.failure
      : r.cold  ? "no bytes, or no read ceiling for these threads and this state"
                : "read from caches: not bound by memory");
  j["state"] = measured ? ceilings.states.label(r.ping_pong_ns) : "unknown";
  j["physics"] = to_json(judge(r, ceilings));
  j["skipped"] = r.skipped;
  for (const auto& [key, value] : r.counters) j[key] = value;
  if (measured && r.kind == "loop") j["tok_per_s"] = 1e9 / r.ns.median;
  j["provenance"] = {
      {"median_ns", "measured: Google Benchmark repetitions, real time an operation"},
      {"gb_per_s", "derived: compulsory bytes / median"},
      {"gop_per_s", "derived: operations (a multiply-add is two) / median"},
      {"fraction_of_ceiling", "derived: gb_per_s over the measured read ceiling"},
      {"physics", "derived: bytes and operations over the ceilings of the same run, as a share of the median"},
      {"speedup", "derived: median on one thread / median"},
      {"efficiency", "derived: speedup / threads"},
      {"tok_per_s", "derived: 1e9 / median_ns, an operation being one token of the whole model"}};
  return j;
}

Json to_json(std::span<const BenchResult> results, const CeilingTable& ceilings) {
  Json list = Json::array();
  for (const BenchResult& r : results) {
    Json j = to_json(r, ceilings);
    const BenchResult* one = r.threads > 1 && has_number(r) ? on_one_thread(r, results) : nullptr;
    if (one) {
      j["speedup"] = one->ns.median / r.ns.median;
      j["efficiency"] = one->ns.median / r.ns.median / r.threads;
    }
    list.push_back(std::move(j));
  }
  return list;
}

std::vector<std::string> faults(std::span<const BenchResult> results, const CeilingTable& ceilings) {
  std::vector<std::string> list;
  for (const BenchResult& r : results) {
    if (!has_number(r) && !r.skipped) list.push_back(fmt::format("bench {} {}: {}", r.id, r.c, r.failure));
    if (const Judgement j = judge(r, ceilings); j.verdict == Physics::impossible) {
      list.push_back(fmt::format("bench {} {}: IMPOSSIBLE: {}", r.id, r.c, j.why));
    }
  }
  return list;
}

}  // namespace bitproof
