#include <fmt/format.h>

#include <algorithm>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "gates.hpp"
#include "interrupt.hpp"
#include "recipe_cache.hpp"
#include "steps.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

// `best` is searched by measuring; every other recipe is a set of techniques.
RecipeNames names_of(const LoopOptions& options, Techniques set, int threads, Clearance& clearance) {
  RecipeNames names = recipe_names(set);
  for (const std::string& slot : options.slots) apply_slot(names, slot);  // refused before anything is searched
  if (options.recipe != "best") return names;
  const Machine machine = read_machine();
  BestSearch search{model_by_name(options.model), threads};
  search.llc_bytes = machine.llc_bytes.value.value_or(search.llc_bytes);
  return best_recipe(search, options.model, clearance);
}

ArmSpec spec_from(const LoopOptions& options, Clearance& clearance) {
  const int threads = choose_threads(options.threads, options.oversubscribe);
  Techniques set = parse_recipe(options.recipe);
  if (threads == 1) set = set.without(Technique::threading);  // one thread is what threading off is
  ArmSpec spec{options.recipe, names_of(options, set, threads, clearance), set, threads};
  for (const std::string& slot : options.slots) {
    apply_slot(spec.names, slot);
    spec.label += " " + slot;
  }
  spec.techniques = techniques_of(spec.names);
  spec.threads = spec.techniques.has(Technique::threading) ? threads : 1;
  return spec;
}

// Rates of computing `positions` of the prompt in one go, without the head.
std::vector<double> time_prefill(Decoder& loop, const SyntheticModel& model, std::int64_t positions, int samples) {
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
  fmt::print("{} on {} thread(s), depth {}, placement: {}\n", j["recipe"].get<std::string>(), j["threads"].get<int>(),
             j["depth"].get<int>(), j["state"].get<std::string>());
  if (j["layers"].get<std::int64_t>() != model_layers) {
    fmt::print("  ONLY {} OF {} LAYERS: these are not tokens of the whole model\n", j["layers"].get<int>(),
               model_layers);
  }
  fmt::print("  {:.3f} tok/s  [{:.3f}, {:.3f}]  n = {}\n", rate["median"].get<double>(), rate["ci_low"].get<double>(),
             rate["ci_high"].get<double>(), rate["n"].get<int>());
  fmt::print("  {:.3g} GB a token, {:.1f} GB/s", j["bytes_per_token"].get<double>() * 1e-9,
             j["gb_per_s"].get<double>());
  if (!j["fraction_of_ceiling"].is_null()) {
    fmt::print(" = {:.0f} % of the {:.1f} GB/s that {} thread(s) can read here",
               100 * j["fraction_of_ceiling"].get<double>(), j["ceiling_gb_per_s"].get<double>(),
               j["threads"].get<int>());
  }
  fmt::print("\n");
  TextTable ops("<>><");
  ops.row({"op", "us a token", "share", ""});
  const double wall = j["wall_ns_per_token"].get<double>();
  const auto add = [&](const std::string& op, double ns, const std::string& remark) {
    ops.row({op, fmt::format("{:.1f}", ns * 1e-3), fmt::format("{:.1f} %", 100 * ns / wall), remark});
  };
  for (const Json& op : j["ops"]) add(op["op"], op["ns_per_token"], "");
  add("(reading the clock)", j["timer_ns"], "");
  add("(residual)", j["residual_ns"], j["ledger_ok"].get<bool>() ? "ledger ok" : "ledger BROKEN");
  ops.print();

  TextTable witnesses("<<<");
  for (const auto& [technique, w] : j["witnesses"].items()) {
    const char* verdict = w["wanted"].get<bool>() ? w["engaged"].get<bool>() ? "engaged" : "NOT ENGAGED" : "off";
    witnesses.row({technique, verdict, w["evidence"]});
  }
  witnesses.print();
  fmt::print("  logits {}, peak memory {}\n", j["logits_hash"].get<std::string>(),
             j["peak_rss_bytes"].is_null() ? "unknown: " + j["peak_rss_bytes_why"].get<std::string>()
                                           : fmt::format("{:.2f} GB", j["peak_rss_bytes"].get<double>() * 1e-9));
  if (j.contains("prefill_tok_per_s") && !j["prefill_tok_per_s"].is_null()) {
    const Json& p = j["prefill_tok_per_s"];
    fmt::print("  prefill of {}: {:.2f} tok/s [{:.2f}, {:.2f}]\n", j["prefill"].get<int>(), p["median"].get<double>(),
               p["ci_low"].get<double>(), p["ci_high"].get<double>());
  }
}

}  // namespace

int loop_command(const LoopOptions& options) {
  const ModelShape whole = model_by_name(options.model);
  if (options.prefill > whole.context) {
    throw BadInput("--prefill {} is over the context of {} of model {}", options.prefill, whole.context, options.model);
  }
  const std::int64_t room = std::max(options.tokens, options.prefill - options.depth);
  const WorkbenchOptions sizes{options.model, options.layers, options.seed, options.depth, room};
  shape_for(sizes);  // refuses before anything is searched
  Clearance clearance;
  const ArmSpec spec = spec_from(options, clearance);
  const auto bench = set_up(sizes, {spec}, clearance);
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
  if (arm.samples().empty()) return kInterrupted;
  const ProcessMemory memory = process_memory();  // before the ceiling's buffer is added to it
  const int cores = choose_threads(0, false);
  CeilingTable ceilings;
  if (!interrupted()) measure_ceilings(ceilings, std::min(spec.threads, cores), 5);
  add_states(ceilings, bench->arms());

  Json j = to_json(arm, ceilings, options.depth);
  j["partial"] = interrupted();
  j["model"] = options.model;
  j["seed"] = options.seed;
  j["model_layers"] = whole.layers;
  j["whole_model"] = bench->shape().layers == whole.layers;
  j["tokens_per_sample"] = options.tokens;
  j["set_up_s"] = bench->set_up_s();
  put(j, "peak_rss_bytes", memory.peak_rss_bytes ? std::optional<double>(*memory.peak_rss_bytes) : std::nullopt,
      memory.why);
  if (options.prefill > 0) {
    j["prefill"] = options.prefill;
    if (prefill_rates.empty()) {
      j["prefill_tok_per_s"] = nullptr;
      j["prefill_tok_per_s_why"] =
          interrupted() ? "interrupted" : "this recipe keeps no cache: it has nothing to prefill";
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
  const std::vector<std::string> failed = faults(arm, ceilings, cores);
  for (const std::string& fault : failed) note("FAILED: " + fault);
  return failed.empty() ? kOk : kFailed;
}

void add_loop(CommandLine& line) {
  auto [sub, o] = line.add("loop", "the full token loop with one recipe", loop_command);
  sub.option("--recipe", o.recipe, "none, all, best, or techniques joined by commas");
  sub.option("--slot", o.slots, "op=variant; may be repeated");
  sub.option("--tokens", o.tokens, "tokens a sample").at_least_one();
  sub.option("--depth", o.depth, "positions in the cache before the first timed token").positions();
  sub.option("--prefill", o.prefill, "also time a prefill of this many positions").at_least_one();
  sub.option("--samples", o.samples, "timed repetitions").at_least_one();
  sub.option("--layers", o.layers, "layers (default: the model's); fewer is said in every output").at_least_one();
  sub.option("--threads", o.threads, "threads (default: physical cores)").threads();
  sub.flag("--oversubscribe", o.oversubscribe, "allow more threads than cores");
  sub.option("--model", o.model, "7b or tiny");
  sub.option("--seed", o.seed, "of weights and prompt");
  sub.json(o.json);
}

}  // namespace bitproof
