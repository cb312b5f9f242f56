#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "gates.hpp"
#include "interrupt.hpp"
#include "model_facts.hpp"
#include "recipe_cache.hpp"
#include "reports/json.hpp"
#include "steps.hpp"
#include "terminal.hpp"
#include "whatif.hpp"

namespace bitproof {
namespace {

Json slope_json(const ContrastEstimate& slope) {
  return {{"slope", slope.value},
          {"ci_low", slope.value - slope.half_width},
          {"ci_high", slope.value + slope.half_width},
          {"degrees_of_freedom", slope.degrees},
          {"rounds", slope.rounds}};
}

Json validation_json(const DoseResponse& r, const ProfiledOp& op) {
  Json doses = Json::array();
  for (const Dose& d : r.doses)
    doses.push_back({{"injected_ns", d.injected_ns}, {"wall_ns", d.wall_ns}, {"booked_ns", d.booked_ns}});
  Json j{{"slot", r.slot}, {"calls_per_token", r.calls}, {"doses", doses}};
  if (r.wall.rounds < 2) {
    j["holds"] = nullptr;
    j["holds_why"] = "fewer than two rounds of doses: no interval";
    return j;
  }
  j["token"] = slope_json(r.wall);
  j["booked"] = slope_json(r.booked);
  j["holds"] = r.holds();
  if (op.name != op.slot)
    j["note"] = fmt::format("delays go into every call of {}, of which {} is a part", op.slot, op.name);
  j["provenance"] =
      "measured: ns that the token took longer, and ns booked under the op, for each ns injected; least squares by "
      "round, studentized 95 % interval; it holds where both intervals hold 1";
  return j;
}

void print_summary(const Json& j) {
  const auto f = [&](const char* key) { return j[key].get<double>(); };
  const Json& rate = j["tok_per_s"];
  fmt::print("{}: {:.3f} tok/s [{:.3f}, {:.3f}], of a token's {:.3f} ms {} takes {:.3f} ms ({:.1f} %)\n",
             j["recipe"].get<std::string>(), rate["median"].get<double>(), rate["ci_low"].get<double>(),
             rate["ci_high"].get<double>(), f("token_ns") * 1e-6, j["op"].get<std::string>(), f("op_ns") * 1e-6,
             100 * f("share"));
  fmt::print("{:.3g}x faster: {:.3f} tok/s predicted ({:.3f}x); {:.3f}x if it took no time\n", f("faster"),
             f("predicted_tok_per_s"), f("predicted_speedup"), f("most_speedup"));
  const Json& v = j["validation"];
  if (v["holds"].is_null()) {
    fmt::print("not validated: {}\n", v["holds_why"].get<std::string>());
    return;
  }
  const auto slope = [&](const char* key) {
    return fmt::format("{:.3f} [{:.3f}, {:.3f}]", v[key]["slope"].get<double>(), v[key]["ci_low"].get<double>(),
                       v[key]["ci_high"].get<double>());
  };
  fmt::print("delays injected into {}: the token takes {} ns longer for each ns, its ledger shows {}: {}\n",
             v["slot"].get<std::string>(), slope("token"), slope("booked"),
             v["holds"].get<bool>() ? "the profile holds" : "the profile DOES NOT HOLD");
}

}  // namespace

int whatif_command(const WhatIfOptions& options) {
  const ProfiledOp op = find_profiled_op(options.op);
  const double factor = parse_factor(options.faster);
  const int threads = choose_threads(options.threads, false);
  Clearance clearance;
  const ArmSpec spec = named_arm(options.recipe, options.model, threads, clearance);
  const auto bench =
      set_up({.model = options.model, .seed = options.seed, .depth = options.depth, .tokens = 1}, {spec}, clearance);
  Arm& arm = *bench->arms()[0];
  rounds_with_progress(*bench, {.depth = options.depth, .rounds = options.rounds, .seed = options.seed});
  if (arm.samples().empty()) return kInterrupted;
  const Recipe recipe = clearance.clear(spec.names);
  DoseResponse response;
  {
    ProgressLine progress(fmt::format("delays into {}", op.slot));
    response = DoseBench(bench->model(), spec, recipe)
                   .run(op.slot, {.depth = options.depth, .rounds = options.rounds, .seed = options.seed},
                        [&](double f) { progress.update(f); });
  }
  double op_ns = 0;
  for (const LoopOp o : op.ops) op_ns += arm.ledger()[o].ns / static_cast<double>(arm.ledger().tokens);
  const double token_ns = arm.wall_ns_per_token();
  const WhatIf answer = what_if(token_ns, op_ns, factor, response);
  Json j{{"op", op.name},
         {"faster", factor},
         {"recipe", options.recipe},
         {"model", options.model},
         {"layers", arm.shape().layers},
         {"depth", options.depth},
         {"threads", spec.threads},
         {"seed", options.seed}};
  j["tok_per_s"] = to_json(arm.tok_per_s());
  j["token_ns"] = token_ns;
  j["op_ns"] = op_ns;
  j["share"] = op_ns / token_ns;
  j["predicted_tok_per_s"] = 1e9 / answer.predicted_ns;
  j["predicted_speedup"] = token_ns / answer.predicted_ns;
  j["most_speedup"] = answer.most;
  j["validation"] = validation_json(response, op);
  const bool bounded = response.wall.rounds > 1;
  put(j, "predicted_low", bounded ? std::optional(1e9 / answer.high_ns) : std::nullopt, "no slope with an interval");
  put(j, "predicted_high", bounded && answer.low_ns > 0 ? std::optional(1e9 / answer.low_ns) : std::nullopt,
      bounded ? "the interval of the slope reaches a token that takes no time" : "no slope with an interval");
  j["provenance"] = {
      {"tok_per_s", "measured: median of the samples and its 95 % interval"},
      {"token_ns", "measured: total time over all tokens, as the profile's ops are"},
      {"op_ns", "measured: time around its calls"},
      {"predicted_tok_per_s", "modelled: Amdahl on the profile; low and high by the slope of the validation"}};
  const CeilingTable ceilings = ceilings_beside(bench->arms(), threads, options.ceiling_rounds);
  std::vector<std::string> failed = faults(arm, ceilings, threads);
  if (!response.holds())
    failed.push_back("the profile does not hold: a token does not take longer by what was injected");
  j["failures"] = failed;
  j["partial"] = interrupted();
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else {
    print_summary(j);
  }
  if (interrupted()) return kInterrupted;
  for (const std::string& fault : failed) note("FAILED: " + fault);
  return failed.empty() ? kOk : kFailed;
}

void add_whatif(CommandLine& line) {
  auto [sub, o] =
      line.add("whatif", "what a faster op would buy, and whether the profile may be believed", whatif_command);
  sub.option("--op", o.op, "an op of the profile (ternary_matmul:gate) or of the recipe (ternary_matmul)").required();
  sub.option("--faster", o.faster, "times faster: 2x");
  sub.option("--recipe", o.recipe, "none, all, best, or techniques joined by commas");
  sub.option("--model", o.model, model_help());
  sub.option("--depth", o.depth, "positions before the timed token").positions();
  sub.option("--rounds", o.rounds, "of samples, and of doses").at_least_one();
  sub.ceiling_rounds(o.ceiling_rounds);
  sub.option("--threads", o.threads, "threads (default: physical cores)").threads();
  sub.option("--seed", o.seed, "of weights, prompt and order");
  sub.json(o.json);
  sub.examples({"bitproof whatif --op ternary_matmul --faster 2x --model tiny --rounds 2"});
}

}  // namespace bitproof
