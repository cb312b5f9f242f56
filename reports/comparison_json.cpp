#include "reports/comparison_json.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace bitproof {
namespace {

constexpr const char* kSeatNames[kSeats] = {"a", "b", "control"};

Json to_json(const Reading& r) {
  Json j;
  put(j, "ping_pong_ns", r.ping_pong_ns, r.why.empty() ? "not read" : r.why);
  put(j, "clock_ghz", r.clock_ghz, "not read");
  return j;
}

Json to_json(const CounterValues& c) {
  Json j = Json::object();
  for (int i = 0; i < kCounters; ++i) put(j, kCounterNames[i], c.value[i], c.why[i]);
  return j;
}

std::optional<double> optional_number(const Json& j, const char* key) {
  return j.at(key).is_null() ? std::nullopt : std::optional(j.at(key).get<double>());
}

std::string why_null(const Json& j, const char* key) { return j.value(std::string(key) + "_why", std::string()); }

Reading reading_from(const Json& j) {
  return {optional_number(j, "ping_pong_ns"), optional_number(j, "clock_ghz"), why_null(j, "ping_pong_ns")};
}

CounterValues counters_from(const Json& j) {
  CounterValues c;
  for (int i = 0; i < kCounters; ++i) {
    c.value[i] = optional_number(j, kCounterNames[i]);
    c.why[i] = why_null(j, kCounterNames[i]);
  }
  return c;
}

// One reason stands for both fractions.
Load load_from(const Json& j) {
  const std::string why = why_null(j, "foreign_fraction");
  return {j.at("wall_s"),
          j.at("own_cpus"),
          optional_number(j, "foreign_fraction"),
          optional_number(j, "steal_fraction"),
          why.empty() ? why_null(j, "steal_fraction") : why,
          j.at("involuntary_switches"),
          j.at("run_queue_wait_ns")};
}

Json samples_json(const std::vector<Launch>& launches) {
  Json list = Json::array();
  for (std::size_t l = 0; l < launches.size(); ++l) {
    for (std::size_t r = 0; r < launches[l].size(); ++r) {
      for (int seat = 0; seat < kSeats; ++seat) {
        Json j{{"launch", l + 1}, {"round", r + 1}, {"seat", kSeatNames[seat]}};
        j.update(to_json(launches[l][r].arm[seat]));
        list.push_back(std::move(j));
      }
    }
  }
  return list;
}

std::string common_state(const Comparison& c) {
  std::set<std::string> states;
  for (const CaseComparison& one : c.cases) states.insert(one.state);
  return states.empty() ? "none" : states.size() == 1 ? *states.begin() : "mixed";
}

}  // namespace

Json to_json(const SampleState& s) {
  return {{"before", to_json(s.before)},
          {"after", to_json(s.after)},
          {"disturbed", !disturbance(s.load).empty()},
          {"load", to_json(s.load)},
          {"counters", to_json(s.counters)}};
}

Json to_json(const TimedBatch& batch) {
  return {{"median_ns", batch.median_ns()}, {"ns", batch.ns}, {"state", to_json(batch.state)}};
}

TimedBatch batch_from_json(const Json& j) {
  TimedBatch batch{j.at("ns").get<std::vector<double>>(), {}};
  if (batch.ns.empty()) throw Json::other_error::create(500, "a batch of no samples", nullptr);
  const Json& state = j.at("state");
  batch.state.before = reading_from(state.at("before"));
  batch.state.after = reading_from(state.at("after"));
  batch.state.load = load_from(state.at("load"));
  batch.state.counters = counters_from(state.at("counters"));
  return batch;
}

Json to_json(const RatioVerdict& r) {
  Json j{{"verdict", name(r.verdict)}};
  if (!r.why.empty()) j["why"] = r.why;
  const bool bounded = r.ratio && std::isfinite(r.ci_high);
  const std::string unbounded = r.ratio ? "one launch bounds nothing" : r.why;
  put(j, "ratio", r.ratio, r.why);
  put(j, "ci_low", bounded ? std::optional(r.ci_low) : std::nullopt, unbounded);
  put(j, "ci_high", bounded ? std::optional(r.ci_high) : std::nullopt, unbounded);
  j["confidence"] = r.confidence;
  j["pairs"] = r.pairs;
  j["by_launch"] = r.by_launch;
  return j;
}

Json to_json(const CaseComparison& c) {
  Json j{{"id", c.id}, {"a", c.a}, {"b", c.b}};
  j.update(to_json(c.result));
  j["state"] = c.state;
  j["by_state"] = Json::array();
  for (const StateVerdict& s : c.by_state) {
    Json one{{"state", s.state}};
    one.update(to_json(s.result));
    j["by_state"].push_back(std::move(one));
  }
  if (c.control) {
    j["control"] = to_json(*c.control);
  } else {
    j["control"] = nullptr;
    j["control_why"] = c.control_why;
  }
  const std::string none = "no usable sample";
  put(j, "median_a_ns", c.median_a_ns, none);
  put(j, "median_b_ns", c.median_b_ns, none);
  j["samples_taken"] = c.samples;
  j["samples_set_aside"] = c.set_aside;
  j["stopped"] = c.stopped;
  j["seconds"] = c.seconds;
  j["seed"] = c.seed;
  if (!c.failure.empty()) j["failure"] = c.failure;
  j["samples"] = samples_json(c.launches);
  return j;
}

Json to_json(const Comparison& c) {
  Json j{{"kind", c.kind}, {"partial", c.partial}};
  if (!c.warning.empty()) j["warning"] = c.warning;
  j["rules"] = {{"smallest_effect", c.rules.smallest_effect},
                {"confidence", c.rules.confidence},
                {"comparisons", c.rules.comparisons},
                {"correction", "Bonferroni, over cases and over states judged apart"},
                {"recurrences", kRecurrences}};
  j["cases"] = Json::array();
  Json failures = Json::array();
  for (const CaseComparison& one : c.cases) {
    j["cases"].push_back(to_json(one));
    if (!one.failure.empty()) failures.push_back(one.id + ": " + one.failure);
  }
  const std::optional<int> alarms = c.aa_false_alarms();
  if (alarms) {
    j["aa_false_alarms"] = *alarms;
  } else {
    j["aa_false_alarms"] = nullptr;
    j["aa_false_alarms_why"] = c.cases.empty() ? "no case was compared" : c.cases[0].control_why;
  }
  j["state"] = common_state(c);
  j["failures"] = failures;
  j["provenance"] = {{"samples", "measured: time of a call, by chunks of calls, less one read of the clock a chunk"},
                     {"ratio",
                      "derived: time of B / time of A, geometric mean over launches of the median of ratios "
                      "paired within rounds and states"},
                     {"ci_low", "derived: Student's t over launches, on logarithms, at `confidence`"}};
  return j;
}

}  // namespace bitproof
