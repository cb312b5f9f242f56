// What each technique bought, over which baseline, and what of its time there was to save.
#include <algorithm>
#include <cmath>

#include "amdahl.hpp"
#include "error.hpp"
#include "lattice.hpp"
#include "reports/audit/run_collector.hpp"
#include "reports/audit/run_json.hpp"

namespace bitproof::audit {
namespace {

std::optional<Technique> technique_of(const std::string& name) {
  for (int t = 0; t < kTechniqueCount; ++t) {
    if (name == bitproof::name(static_cast<Technique>(t))) return static_cast<Technique>(t);
  }
  return std::nullopt;
}

// An average token of an arm, from what the run says of it; none where it says too little.
std::optional<TokenTime> token_time(const Json& arm) {
  const auto wall = finite(arm, "wall_ns_per_token"), timer = finite(arm, "timer_ns"),
             residual = finite(arm, "residual_ns");
  const Json& ops = member(arm, "ops");
  if (!wall || *wall <= 0 || !timer || !residual || !ops.is_array()) return std::nullopt;
  TokenTime token{{}, *wall, std::max(*timer + *residual, 0.0), finite(arm, "page_faults_ns").value_or(0)};
  token.ledger.tokens = at_least_one(arm, "tokens").value_or(1);
  token.ledger.positions = at_least_one(arm, "positions").value_or(1);
  const auto tokens = static_cast<double>(token.ledger.tokens);
  each(ops, [&](const Json& op, std::size_t) {
    for (int i = 0; i < kLoopOpCount; ++i) {
      if (word(op, "op") == name(static_cast<LoopOp>(i)))
        token.ledger[static_cast<LoopOp>(i)].ns = tokens * finite(op, "ns_per_token").value_or(0);
    }
  });
  return token;
}

// The most of the baseline's time that the technique can save, by the ledger that the run prints and the gate's own
// formula. No physics of single ops: the gate's bound is this one or a lower.
std::optional<double> saved_by_ledger(Technique technique, const Json* with, const Json& without) {
  const auto token = token_time(without);
  if (!token) return std::nullopt;
  Change change{.technique = technique};
  if (technique == Technique::memory_pool || technique == Technique::kv_cache) {
    if (!finite(without, "page_faults_ns")) return std::nullopt;  // they are part of what is saved
  } else {
    if (!with || !member(*with, "variants").is_object()) return std::nullopt;
    change.threads = static_cast<int>(std::min<std::int64_t>(at_least_one(*with, "threads").value_or(1), 1 << 20));
    for (const auto& [slot, variant] : member(*with, "variants").items()) {
      if (member(member(without, "variants"), slot) != variant) change.slots.insert(slot);
    }
  }
  return amdahl_bound(change, *token).share;
}

// A share of the baseline's time, and what the technique is credited with over that baseline.
void credit(RunCollector& collect, const Json& t, const std::string& id, const std::string& path) {
  const std::string name = word(t, "name");
  const auto none = find_arm(collect.run, "none"), with = find_arm(collect.run, name);
  const std::string over = none ? arm_id(none->i) + "_rate" : "";
  const auto share = [&](const std::string& what, const std::string& where, std::optional<double> value) {
    Claim* c = none ? collect.add(id + what, where, value, "share", "") : nullptr;
    if (!c) return;
    c->credits = {name};
    c->over = over;
  };
  const auto printed = finite(member(t, "most_detail"), "share");
  share("_share", path + ".most_detail.share", printed);
  Claim* most = collect.add(id + "_most", path + ".most", finite(t, "most"), "ratio", "x");
  if (most && none && printed && *printed < 1) most->implied = {fmt::format("1 / (1 - {}_share)", id)};
  // A factor of somebody's own lattice may be called like a technique, and be another thing: the gate bounds it not.
  const Json& lattice = member(member(collect.run, "attribution"), "lattice");
  const bool ours = lattice.is_null() || lattice == technique_lattice().name || member(t, "most_detail").is_object();
  const auto technique = ours ? technique_of(name) : std::nullopt;
  if (technique && none)
    share("_acts_upon", fmt::format("arms[{}] (none): what {} acts upon", none->i, name),
          saved_by_ledger(*technique, with ? with->json : nullptr, *none->json));
  Claim* c = collect.add(id + "_credited", path + ".credited", finite(t, "credited"), "speedup", "x");
  if (!c) return;
  c->samples = at_least_one(member(t, "alone_detail"), "n").value_or(0);
  if (technique) c->credits = {name};
  c->over = over;
  if (with) c->threads = at_least_one(*with->json, "threads");
}

// Realization is (credited - 1) / (expected - 1), end by end.
void realization(RunCollector& collect, const Json& t, const std::string& id, const std::string& path) {
  const Json& realized = member(t, "realization");
  if (!finite(t, "credited") || !realized.is_array() || realized.size() != 2 || !realized[0].is_number() ||
      !realized[1].is_number())
    return;
  Printed promise;
  try {
    const std::string text = word(t, "expected");
    promise = parse_printed(text.substr(0, text.find(' ')));
  } catch (const BadInput&) {
    return;
  }
  promise.step = promise.coarse = 1e-9;  // a promise is not rounded
  collect.add(id + "_expected", path + ".expected", 0, "ratio", "x")->value = promise;
  if (promise.low <= 1) return;
  const double a = realized[0].get<double>(), b = realized[1].get<double>();
  Claim* c = collect.add(id + "_realization", path + ".realization", std::max(std::abs(a), std::abs(b)), "ratio", "");
  c->value->low = std::min(a, b);
  c->value->high = std::max(a, b);
  c->printed = fmt::format("{:.6g} to {:.6g}", c->value->low, c->value->high);
  c->expression = fmt::format("({0}_credited - 1) / ({0}_expected - 1)", id);
}

// Of the best recipe over threads.
void scale_point(RunCollector& collect, const Json& point, std::size_t i) {
  const auto threads = at_least_one(point, "threads");
  const std::string id = fmt::format("scaling{}", i), path = fmt::format("scaling.measured[{}]", i);
  const auto speedup = finite(point, "speedup");
  collect.add(id + "_speedup", path + ".speedup", speedup, "ratio", "x");
  Claim* c = collect.add(id + "_efficiency", path + ".efficiency", finite(point, "efficiency"), "efficiency", "");
  if (!c) return;
  c->threads = threads;
  if (speedup && threads) c->expression = fmt::format("{}_speedup / {}", id, *threads);
}

}  // namespace

void collect_attribution(RunCollector& collect, const Json& attribution) {
  const std::string path = "attribution";
  collect_ratio(collect, attribution, "total_speedup", path, "all", "none");
  collect_ratio(collect, attribution, "all_over_all_again", path, "all", "all, again");
  each(member(member(attribution, "scaling"), "measured"),
       [&](const Json& point, std::size_t i) { scale_point(collect, point, i); });
  each(member(attribution, "techniques"), [&](const Json& t, std::size_t i) {
    if (!member(t, "name").is_string()) return;
    const std::string id = fmt::format("technique{}", i), name = word(t, "name"),
                      here = fmt::format("{}.techniques[{}] ({})", path, i, name);
    collect_ratio(collect, t, "alone", here, name, "none");
    collect_ratio(collect, t, "without", here, "all", "all but " + name);
    credit(collect, t, id, here);
    realization(collect, t, id, here);
  });
}

}  // namespace bitproof::audit
