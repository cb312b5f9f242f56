// Recipes in the token loop.
#include <algorithm>
#include <cmath>

#include "reports/audit/run_collector.hpp"
#include "reports/audit/run_json.hpp"
#include "statistics.hpp"

namespace bitproof::audit {
namespace {

// A pass that computes positions anew reads again what it has just written, and that caches serve.
bool recomputes(const Json& arm) { return finite(arm, "positions").value_or(1) > finite(arm, "tokens").value_or(1); }

// The median of its samples, which a rate must be; none where some sample has no time or no token.
std::optional<double> rate_of_samples(const Json& arm) {
  std::vector<double> rates;
  each(member(arm, "samples"), [&](const Json& s, std::size_t) {
    rates.push_back(1e9 * finite(s, "tokens").value_or(0) / finite(s, "wall_ns").value_or(0));
  });
  const bool sound = std::ranges::all_of(rates, [](double r) { return std::isfinite(r) && r > 0; });
  return rates.empty() || !sound ? std::nullopt : std::optional(median(rates));
}

// The rate, times the bytes and the operations of a token, against what the machine reads and computes.
void arm_rates(RunCollector& collect, const Json& arm, const std::string& id, const std::string& path) {
  const auto rate = finite(member(arm, "tok_per_s"), "median"), bytes = finite(arm, "bytes_per_token"),
             ops = finite(arm, "ops_per_token");
  const auto threads = at_least_one(arm, "threads");
  const bool sampled = collect.add(id + "_sampled", path + ".samples: their median", rate_of_samples(arm), "throughput",
                                   "tok/s") != nullptr;
  if (Claim* c = collect.add(id + "_rate", path + ".tok_per_s", rate, "throughput", "tok/s")) {
    c->of = "recipe " + word(arm, "recipe");
    c->threads = threads;
    c->samples = samples_of(member(arm, "tok_per_s"));
    if (sampled) c->implied = {id + "_sampled"};
  }
  collect.add(id + "_bytes", path + ".bytes_per_token", bytes, "token_bytes", "B/tok");
  if (Claim* c = collect.add(id + "_bandwidth", path + ".gb_per_s", finite(arm, "gb_per_s"), "bandwidth", "GB/s")) {
    if (rate && bytes) c->expression = fmt::format("{0}_rate * {0}_bytes", id);
  }
  collect.add(id + "_ops", path + ".ops_per_token", ops, "token_ops", "op/tok");
  if (!rate || !threads) return;
  const auto states = states_of(arm);
  const auto from_memory = bytes ? collect.machine.bytes_from_memory(*bytes) : std::nullopt;
  if (from_memory && !recomputes(arm) && collect.machine.has_ceiling(kReads, *threads, states)) {
    Claim* c = collect.add(id + "_reads", path + ": bytes_per_token less what caches hold, x tok_per_s",
                           *rate * *from_memory * 1e-9, "bandwidth", "GB/s");
    if (!c) return;
    c->holds = "weights";
    c->threads = threads;
  }
  if (ops && !looks_products_up(word(member(arm, "variants"), "ternary_matmul")))
    collect.op_rate(id + "_computes", path + ": ops_per_token x tok_per_s", *ops * *rate, false, *threads, states,
                    "token");
}

// The time of a token is that of its ops, of reading the clock, and the residual that is printed.
void arm_profile(RunCollector& collect, const Json& arm, const std::string& id, const std::string& path) {
  std::vector<std::string> parts;
  const auto part = [&](const std::string& name, const std::string& where, std::optional<double> ns) {
    if (collect.add(name, where, ns, "token_time", "ns/tok")) parts.push_back(name);
    return ns.has_value();
  };
  const Json& ops = member(arm, "ops");
  bool whole = ops.is_array() && !ops.empty();
  for (std::size_t i = 0; whole && i < ops.size(); ++i) {
    whole = part(fmt::format("{}_op{}", id, i), fmt::format("{}.ops[{}]", path, i), finite(ops[i], "ns_per_token"));
  }
  whole = whole && part(id + "_timer", path + ".timer_ns", finite(arm, "timer_ns"));
  whole = whole && part(id + "_residual", path + ".residual_ns", finite(arm, "residual_ns"));
  Claim* wall =
      collect.add(id + "_wall", path + ".wall_ns_per_token", finite(arm, "wall_ns_per_token"), "token_time", "ns/tok");
  if (wall && whole) wall->parts = parts;
}

}  // namespace

std::optional<NamedArm> find_arm(const Json& run, const std::string& recipe) {
  std::optional<NamedArm> found;
  each(member(run, "arms"), [&](const Json& arm, std::size_t i) {
    if (!found && word(arm, "recipe") == recipe && finite(member(arm, "tok_per_s"), "median")) found = {&arm, i};
  });
  return found;
}

std::string arm_id(std::size_t i) { return fmt::format("arm{}", i); }

void collect_arm(RunCollector& collect, const Json& arm, std::size_t i) {
  const std::string path = fmt::format("arms[{}] ({})", i, word(arm, "recipe"));
  arm_rates(collect, arm, arm_id(i), path);
  arm_profile(collect, arm, arm_id(i), path);
}

}  // namespace bitproof::audit
