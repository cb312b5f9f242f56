#include <fmt/format.h>

#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "measure_ceilings.hpp"
#include "reports/json.hpp"
#include "terminal.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

ArmSpec spec_from(const LoopOptions& options) {
  const int threads = choose_threads(options.threads, options.oversubscribe);
  ArmSpec spec = arm_of(parse_recipe(options.recipe), threads, options.recipe);
  for (const std::string& slot : options.slots) {
    apply_slot(spec.names, slot);
    spec.label += " " + slot;
  }
  spec.techniques = techniques_of(spec.names);
  spec.threads = spec.techniques.has(Technique::threading) ? threads : 1;
  return spec;
}

// Rates of computing `positions` of the prompt in one go, without the head.
std::vector<double> time_prefill(TokenLoop& loop, const SyntheticModel& model, std::int64_t positions, int samples) {
  const std::vector<std::int32_t> tokens = model.prompt(positions);
  std::vector<double> rates;
  for (int i = 0; i < samples && !interrupted(); ++i) {
    const auto start = std::chrono::steady_clock::now();
    loop.prefill(tokens);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    rates.push_back(static_cast<double>(positions) / seconds);
  }
  return rates;
}

void print_summary(const Json& j, std::int64_t model_layers) {
  const Json& rate = j["tok_per_s"];
  fmt::print("{} on {} thread(s), depth {}, state {}\n", j["recipe"].get<std::string>(), j["threads"].get<int>(),
             j["depth"].get<int>(), j["state"].get<std::string>());
  if (j["layers"].get<std::int64_t>() != model_layers) {
    fmt::print("  ONLY {} OF {} LAYERS: these are not tokens of the whole model\n", j["layers"].get<int>(), model_layers);
  }
  fmt::print("  {:.3f} tok/s  [{:.3f}, {:.3f}]  n = {}\n", rate["median"].get<double>(), rate["ci_low"].get<double>(),
             rate["ci_high"].get<double>(), rate["n"].get<int>());
  fmt::print("  {:.3f} GB a token, {:.1f} GB/s", j["bytes_per_token"].get<double>() * 1e-9, j["gb_per_s"].get<double>());
  if (!j["fraction_of_ceiling"].is_null()) {
    fmt::print(" = {:.0f} % of the {:.1f} GB/s that {} thread(s) can read here",
               100 * j["fraction_of_ceiling"].get<double>(), j["ceiling_gb_per_s"].get<double>(), j["threads"].get<int>());
  }
  fmt::print("\n  {:<26} {:>12} {:>7}\n", "op", "us a token", "share");
  const double wall = j["wall_ns_per_token"].get<double>();
  for (const Json& op : j["ops"]) {
    const double ns = op["ns_per_token"].get<double>();
    fmt::print("  {:<26} {:>12.1f} {:>6.1f} %\n", op["op"].get<std::string>(), ns * 1e-3, 100 * ns / wall);
  }
  fmt::print("  {:<26} {:>12.1f} {:>6.1f} %\n", "(reading the clock)", j["timer_ns"].get<double>() * 1e-3,
             100 * j["timer_ns"].get<double>() / wall);
  fmt::print("  {:<26} {:>12.1f} {:>6.1f} %   ledger {}\n", "(residual)", j["residual_ns"].get<double>() * 1e-3,
             100 * j["residual_fraction"].get<double>(), j["ledger_ok"].get<bool>() ? "ok" : "BROKEN");
  for (const auto& [technique, w] : j["witnesses"].items()) {
    const char* verdict = w["engaged"].get<bool>() ? "engaged" : w["wanted"].get<bool>() ? "NOT ENGAGED" : "off";
    fmt::print("  {:<12} {:<12} {}\n", technique, verdict, w["evidence"].get<std::string>());
  }
  fmt::print("  logits {}, peak memory {:.2f} GB\n", j["logits_hash"].get<std::string>(),
             j["peak_rss_bytes"].is_null() ? 0.0 : j["peak_rss_bytes"].get<double>() * 1e-9);
  if (j.contains("prefill_tok_per_s") && !j["prefill_tok_per_s"].is_null()) {
    const Json& p = j["prefill_tok_per_s"];
    fmt::print("  prefill of {}: {:.2f} tok/s [{:.2f}, {:.2f}]\n", j["prefill"].get<int>(), p["median"].get<double>(),
               p["ci_low"].get<double>(), p["ci_high"].get<double>());
  }
}

}  // namespace

int loop_command(const LoopOptions& options) {
  if (options.samples < 1) throw BadInput("--samples {}: at least 1", options.samples);
  if (options.prefill < 0) throw BadInput("--prefill {}: cannot be negative", options.prefill);
  const ArmSpec spec = spec_from(options);
  const ModelShape whole = model_by_name(options.model);
  WorkbenchOptions bench_options{options.model, options.layers, options.seed, options.depth, options.tokens};
  if (options.prefill > options.depth + options.tokens) bench_options.tokens = options.prefill - options.depth;

  CeilingTable ceilings;
  measure_ceilings(ceilings, spec.threads, 5);
  reset_peak_rss();
  Clearance clearance;
  std::optional<Workbench> bench;
  {
    ProgressLine progress("checking variants, generating and packing weights");
    bench.emplace(bench_options, std::vector{spec}, clearance, [&](double fraction) { progress.update(fraction); });
  }
  Arm& arm = *bench->arms()[0];
  std::vector<double> prefill_rates;
  {
    ProgressLine progress("decoding");
    for (int i = 0; i < options.samples && !interrupted(); ++i) {
      if (!arm.sample(bench->prompt(), bench->prefix(), options.tokens)) break;
      progress.update(static_cast<double>(i + 1) / options.samples);
    }
    if (options.prefill > 0 && arm.loop().keeps_past()) {
      prefill_rates = time_prefill(arm.loop(), bench->model().model(), options.prefill, options.samples);
    }
  }
  for (const LoopSample& s : arm.samples()) ceilings.states.add({s.ping_pong_ns, "", s.load});
  if (arm.samples().empty()) return kInterrupted;

  Json j = to_json(arm, ceilings, options.depth);
  j["model"] = options.model;
  j["seed"] = options.seed;
  j["model_layers"] = whole.layers;
  j["whole_model"] = bench->shape().layers == whole.layers;
  j["tokens_per_sample"] = options.tokens;
  j["set_up_s"] = bench->set_up_s();
  const ProcessMemory memory = process_memory();
  put(j, "peak_rss_bytes", memory.peak_rss_bytes ? std::optional(static_cast<double>(*memory.peak_rss_bytes)) : std::nullopt,
      memory.why);
  if (options.prefill > 0) {
    j["prefill"] = options.prefill;
    if (prefill_rates.empty()) {
      j["prefill_tok_per_s"] = nullptr;
      j["prefill_tok_per_s_why"] = "this recipe keeps no cache: it has nothing to prefill";
    } else {
      j["prefill_tok_per_s"] = to_json(estimate(prefill_rates));
    }
  }
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else {
    print_summary(j, whole.layers);
  }
  if (interrupted()) return kInterrupted;
  bool engaged = true;
  for (const Witness& w : arm.witnesses()) {
    if (!w.wanted || w.engaged) continue;
    engaged = false;
    note(fmt::format("bitproof loop: {} is NOT ENGAGED: {}", name(w.technique), w.evidence));
  }
  if (!j["ledger_ok"].get<bool>()) note("bitproof loop: ledger broken: " + j["ledger_why"].get<std::string>());
  return engaged && j["ledger_ok"].get<bool>() ? kOk : kFailed;
}

}  // namespace bitproof
