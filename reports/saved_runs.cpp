#include "reports/saved_runs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "error.hpp"
#include "reports/run_file.hpp"
#include "states.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

struct SavedSample {
  double ns;
  ReadingPair placement{};
  bool disturbed = false;
};

struct SavedCase {
  std::vector<SavedSample> samples;
  std::string label;  // of its state, within its run
};

using SavedCases = std::map<std::string, SavedCase>;

std::optional<double> reading(const Json& j, const char* key) {
  return j.contains(key) && !j[key].is_null() ? std::optional(j[key].get<double>()) : std::nullopt;
}

SavedCase saved_bench(const Json& r) {
  SavedCase c{{}, r.at("state").get<std::string>()};
  const Json states = r.value("sample_states", Json::array());
  const Json& samples = r.at("samples");
  for (std::size_t i = 0; i < samples.size(); ++i) {
    SavedSample s{samples[i].get<double>()};
    if (i < states.size()) {
      s.placement = {reading(states[i].at("before"), "ping_pong_ns"), reading(states[i].at("after"), "ping_pong_ns")};
      s.disturbed = states[i].at("disturbed").get<bool>();
    }
    c.samples.push_back(s);
  }
  return c;
}

SavedCase saved_arm(const Json& arm) {
  SavedCase c{{}, arm.at("state").get<std::string>()};
  for (const Json& j : arm.at("samples")) {
    const std::optional<double> placement = reading(j, "ping_pong_ns");
    c.samples.push_back({j.at("wall_ns").get<double>() / j.at("tokens").get<double>(),
                         {placement, placement},
                         j.at("disturbed").get<bool>()});
  }
  return c;
}

// Of a sound run: its samples are times, and no number is without.
SavedCases saved_cases(const Json& run) {
  SavedCases cases;
  for (const Json& r : run.at("bench")) {
    const std::string id =
        fmt::format("{}/{}/threads:{}/{}", r.at("id").get<std::string>(), r.at("case").get<std::string>(),
                    r.at("threads").get<int>(), r.at("temperature").get<std::string>());
    if (r.at("median_ns").is_null()) continue;  // it has no number, and says why where it was measured
    cases[id] = saved_bench(r);
  }
  for (const Json& arm : run.value("arms", Json::array())) {
    if (arm.at("tok_per_s").is_null()) continue;
    const std::string id = fmt::format("loop/{}/model={},depth={}/threads:{}", arm.at("recipe").get<std::string>(),
                                       run.at("model").at("name").get<std::string>(), arm.at("depth").get<int>(),
                                       arm.at("threads").get<int>());
    cases[id] = saved_arm(arm);
  }
  return cases;
}

struct Parsed {
  std::string fingerprint;
  SavedCases cases;
};

Parsed parse(const SavedRun& saved) {
  const Json run = sound_run(saved.text, saved.path);
  try {
    return {run.at("machine").at("fingerprint").get<std::string>(), saved_cases(run)};
  } catch (const BadInput& e) {
    throw BadInput("{}: {}", saved.path, e.what());
  } catch (const Json::exception& e) {
    throw BadInput("{}: not the run.json of a `bitproof run`: {}", saved.path, e.what());
  }
}

// The samples of one case by state: over both runs together where placements were read, else by the runs' own labels,
// which must then agree.
std::map<std::string, std::vector<double>> by_state(const SavedCase& c, const States& states, bool read,
                                                    CaseComparison& out) {
  std::map<std::string, std::vector<double>> samples;
  for (const SavedSample& s : c.samples) {
    ++out.samples;
    if (s.disturbed) {
      ++out.set_aside["other work had the CPUs"];
      continue;
    }
    const std::optional<int> state = states.of(s.placement);
    if (read && !state) {
      ++out.set_aside[s.placement.before && s.placement.after ? "the state changed during it"
                                                              : "its state could not be read"];
      continue;
    }
    samples[!read                 ? c.label
            : states.count() == 1 ? "one state"
                                  : std::string(1, static_cast<char>('A' + *state))]
        .push_back(s.ns);
  }
  return samples;
}

CaseComparison compare_case(const std::string& id, const SavedCase& a, const SavedCase& b, CompareRules rules) {
  CaseComparison out{.id = id, .control_why = "saved runs were not taken side by side", .stopped = ""};
  std::vector<ReadingPair> readings;
  for (const SavedCase* c : {&a, &b}) {
    for (const SavedSample& s : c->samples) readings.push_back(s.placement);
  }
  const bool read = std::ranges::any_of(readings, [](const ReadingPair& r) { return r.before && r.after; });
  const States states(readings);
  const auto of_a = by_state(a, states, read, out), of_b = by_state(b, states, read, out);
  int common = 0;
  for (const auto& [state, ns] : of_a) common += of_b.contains(state);
  rules.comparisons *= std::max(1, common);
  for (const auto& [state, ns] : of_a) {
    if (of_b.contains(state)) out.by_state.push_back({state, judge_unpaired(ns, of_b.at(state), rules)});
  }
  if (out.by_state.empty()) {
    out.state = "none";
    out.result = judge_ratios({}, 0, rules, rules.comparisons);
    out.result.why = "the two runs have no state of the machine in common";
    return out;
  }
  const StateVerdict headline = combined(out.by_state);
  out.result = headline.result;
  out.state = headline.state;
  const auto middle = [](const auto& groups) {
    std::vector<double> all;
    for (const auto& [state, ns] : groups) all.insert(all.end(), ns.begin(), ns.end());
    return median(std::move(all));
  };
  out.median_a_ns = middle(of_a);
  out.median_b_ns = middle(of_b);
  return out;
}

}  // namespace

Comparison compare_saved(const SavedRun& a, const SavedRun& b, CompareRules rules, const std::string& filter,
                         bool force) {
  const Parsed runs[] = {parse(a), parse(b)};
  Comparison all{.rules = rules, .kind = "saved runs"};
  all.warning = "two saved runs, not taken side by side: what else changed between them is not known";
  if (runs[0].fingerprint != runs[1].fingerprint) {
    if (!force) {
      throw BadInput(
          "{} and {} are of different machines or compilers (fingerprints {} and {}): run both builds on one machine, "
          "or --force",
          a.path, b.path, runs[0].fingerprint, runs[1].fingerprint);
    }
    all.warning += "; and of DIFFERENT MACHINES OR COMPILERS, forced: no verdict is about the code alone";
  }
  std::vector<std::string> common;
  int only_a = 0, only_b = 0;
  for (const auto& [id, c] : runs[0].cases) {
    if (id.find(filter) == std::string::npos) continue;
    if (runs[1].cases.contains(id)) {
      common.push_back(id);
    } else {
      ++only_a;
    }
  }
  for (const auto& [id, c] : runs[1].cases)
    only_b += id.find(filter) != std::string::npos && !runs[0].cases.contains(id);
  if (common.empty()) throw BadInput("{} and {} have no case in common that matches '{}'", a.path, b.path, filter);
  if (only_a + only_b > 0) all.warning += fmt::format("; {} cases are only in A and {} only in B", only_a, only_b);
  all.rules.comparisons = static_cast<int>(common.size());
  for (const std::string& id : common) {
    CaseComparison c = compare_case(id, runs[0].cases.at(id), runs[1].cases.at(id), all.rules);
    c.a = a.path;
    c.b = b.path;
    all.cases.push_back(std::move(c));
  }
  return all;
}

}  // namespace bitproof
