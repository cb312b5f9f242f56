#include <fmt/format.h>

#include <algorithm>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "gates.hpp"
#include "interrupt.hpp"
#include "loop_sweeps.hpp"
#include "loop_trial.hpp"
#include "model_facts.hpp"
#include "open_model.hpp"
#include "prompt.hpp"
#include "recipe_cache.hpp"
#include "steps.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

ArmSpec spec_from(const LoopOptions& options, Clearance& clearance) {
  const int threads = choose_threads(options.threads, options.oversubscribe);
  for (const std::string& slot : options.slots) {  // refused before anything is searched
    RecipeNames names = recipe_names(parse_recipe("default"));
    apply_slot(names, slot);
  }
  ArmSpec spec = named_arm(options.recipe, options.model, threads, clearance);
  for (const std::string& slot : options.slots) {
    apply_slot(spec.names, slot);
    spec.label += " " + slot;
  }
  if (!options.kv.empty()) {
    apply_kv(spec.names, options.kv);
    spec.label += " kv " + options.kv;
  }
  spec.techniques = techniques_of(spec.names);
  spec.threads = spec.techniques.has(Technique::threading) ? threads : 1;
  return spec;
}

std::optional<Prompt> prompt_of(const LoopOptions& options, std::int64_t vocab) {
  if (!options.prompt_ids.empty()) return Prompt::from_ids(options.model, options.prompt_ids, vocab);
  if (!options.prompt.empty()) return Prompt::from_text(options.model, options.prompt);
  return std::nullopt;
}

// What is of one sequence.
void refuse_beside_batch(const LoopOptions& options) {
  const std::pair<bool, const char*> asked[] = {{!options.prompt.empty(), "--prompt"},
                                                {!options.prompt_ids.empty(), "--prompt-ids"},
                                                {options.by_depth, "--by-depth"},
                                                {options.prefill > 0, "--prefill"}};
  for (const auto& [given, name] : asked) {
    if (given && options.batch > 1) {
      throw BadInput("--batch {} with {}: that is of one sequence; leave out {} or --batch", options.batch, name, name);
    }
  }
}

Json depths_json(std::span<const TimedPoint> points, const Arm& arm, const CeilingTable& ceilings) {
  Json list = Json::array();
  for (const TimedPoint& point : points) {
    if (point.tok_per_s.empty()) continue;
    list.push_back({{"depth", point.positions},
                    {"tok_per_s", to_json(estimate(point.tok_per_s))},
                    {"bytes_per_token", point.work.a_token(point.work.total_bytes())},
                    {"physics", to_json(judge(point, arm, ceilings))}});
  }
  return list;
}

// Rates are of all sequences together; a step gives a token of each.
void add_batch(Json& j, const Arm& arm) {
  const auto sequences = static_cast<double>(arm.sequences());
  std::vector<double> each;
  for (const LoopSample& s : arm.samples()) each.push_back(s.tok_per_s() / sequences);
  j["batch"] = arm.sequences();
  j["bytes_per_step"] = arm.bytes_per_token() * sequences;
  j["tok_per_s_per_sequence"] = to_json(estimate(std::move(each)));
  j["provenance"]["bytes_per_step"] =
      "derived: packed weights, once, and the caches of all sequences, booked call by call";
  j["provenance"]["tok_per_s_per_sequence"] = "derived: tok_per_s over batch";
  if (arm.sequences() > 1) {
    j["provenance"]["physics"] =
        "derived: bytes and operations of a step over the ceilings of the same run, as a share of the step's time";
  }
}

void print_summary(const Json& j, std::int64_t model_layers) {
  const Json& rate = j["tok_per_s"];
  const auto batch = j["batch"].get<std::int64_t>();
  fmt::print("{} on {} thread(s), {}depth {}, placement: {}\n", j["recipe"].get<std::string>(), j["threads"].get<int>(),
             batch > 1 ? fmt::format("batch {}, ", batch) : "", j["depth"].get<int>(), j["state"].get<std::string>());
  if (j["layers"].get<std::int64_t>() != model_layers) {
    fmt::print("  ONLY {} OF {} LAYERS: these are not tokens of the whole model\n", j["layers"].get<int>(),
               model_layers);
  }
  fmt::print("  {:.3f} tok/s  [{:.3f}, {:.3f}]  n = {}\n", rate["median"].get<double>(), rate["ci_low"].get<double>(),
             rate["ci_high"].get<double>(), rate["n"].get<int>());
  if (batch > 1) {
    fmt::print("  {:.3f} tok/s a sequence: a step gives each of {} a token\n",
               j["tok_per_s_per_sequence"]["median"].get<double>(), batch);
  }
  fmt::print("  {:.3g} GB a {}, {:.1f} GB/s", j["bytes_per_step"].get<double>() * 1e-9, batch > 1 ? "step" : "token",
             j["gb_per_s"].get<double>());
  if (!j["fraction_of_ceiling"].is_null() && !j["ceiling_gb_per_s"].is_null()) {
    fmt::print(" = {:.0f} % of the {:.1f} GB/s that {} thread(s) can read here",
               100 * j["fraction_of_ceiling"].get<double>(), j["ceiling_gb_per_s"].get<double>(),
               j["threads"].get<int>());
  }
  fmt::print("\n");
  if (j.contains("text")) {
    const Json& t = j["text"];
    fmt::print("  goes on: {}\n",
               t["text"].is_null() ? "tokens " + t["token_ids"].dump() : one_line(t["text"].get<std::string>()));
  }
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
  if (j.contains("by_depth")) {
    TextTable depths(">>>>");
    depths.row({"depth", "tok/s", "of the first", "GB a token"});
    for (const Json& d : j["by_depth"]) {
      const double median = d["tok_per_s"]["median"], first = j["by_depth"][0]["tok_per_s"]["median"];
      depths.row({std::to_string(d["depth"].get<int>()), fmt::format("{:.2f}", median),
                  fmt::format("{:.0f} %", 100 * median / first),
                  fmt::format("{:.3f}", d["bytes_per_token"].get<double>() * 1e-9)});
    }
    depths.print();
  }
  if (j.contains("prefill_tok_per_s") && !j["prefill_tok_per_s"].is_null()) {
    const Json& p = j["prefill_tok_per_s"];
    fmt::print("  prefill of {}: {:.2f} tok/s [{:.2f}, {:.2f}]\n", j["prefill"].get<int>(), p["median"].get<double>(),
               p["ci_low"].get<double>(), p["ci_high"].get<double>());
  }
}

}  // namespace

int loop_command(const LoopOptions& options) {
  if (!(options.temperature >= 0)) throw BadInput("--temperature {}: 0 or more", options.temperature);
  refuse_beside_batch(options);
  const auto activation = activation_named(options.act);
  const ModelShape whole = whole_shape({.model = options.model, .activation = activation});
  if (options.prefill > whole.context) {
    throw BadInput("--prefill {} is over the context of {} of model {}", options.prefill, whole.context, options.model);
  }
  const std::optional<Prompt> prompt = prompt_of(options, whole.vocab);
  const std::int64_t depth = prompt ? std::ssize(prompt->tokens()) - 1 : options.depth;
  const std::int64_t room = std::max(options.tokens, options.prefill - depth);
  const WorkbenchOptions sizes{options.model,
                               options.layers,
                               options.seed,
                               depth,
                               room,
                               activation,
                               prompt ? prompt->tokens() : std::vector<std::int32_t>(),
                               options.batch};
  shape_for(sizes);  // refuses before anything is searched
  Clearance clearance;
  const ArmSpec spec = spec_from(options, clearance);
  const auto bench = set_up(sizes, {spec}, clearance);
  Arm& arm = *bench->arms()[0];
  std::vector<TimedPoint> depths, prefills;
  {
    ProgressLine progress("decoding");
    for (int i = 0; i < options.samples && !interrupted(); ++i) {
      if (!arm.sample(bench->prompt(), bench->prefix(), options.tokens)) break;
      progress.update(static_cast<double>(i + 1) / options.samples);
    }
    if (options.by_depth && arm.loop().keeps_past()) {
      depths = time_depths(arm, bench->prompt(), options.tokens, options.samples);
    }
    if (options.prefill > 0 && arm.loop().keeps_past()) {
      prefills = {time_prefill(arm, bench->model().model(), options.prefill, options.samples)};
    }
  }
  if (arm.samples().empty()) return kInterrupted;
  const Json text =
      prompt ? prompt->continued(arm.loop(), options.tokens, {options.temperature, options.top_k, options.seed})
             : Json();
  const ProcessMemory memory = process_memory();  // before the ceiling's buffer is added to it
  const int cores = choose_threads(0, false);
  CeilingTable ceilings = ceilings_beside(bench->arms(), std::min(spec.threads, cores), options.ceiling_rounds);
  const auto sweep_faults = [&] {
    std::vector<std::string> list = faults(depths, "depth", arm, ceilings);
    for (const std::string& fault : faults(prefills, "prefill of", arm, ceilings)) list.push_back(fault);
    return list;
  };
  settle_ceilings(ceilings, std::min(spec.threads, cores), options.ceiling_rounds,
                  [&] { return !sweep_faults().empty(); });

  Json j = to_json(arm, ceilings, depth);
  add_batch(j, arm);
  if (prompt) j["text"] = text;
  j["partial"] = interrupted();
  j["model"] = options.model;
  j["weights"] = weights_of(bench->model().model());
  j["seed"] = options.seed;
  j["model_layers"] = whole.layers;
  j["whole_model"] = bench->shape().layers == whole.layers;
  j["tokens_per_sample"] = options.tokens;
  j["set_up_s"] = bench->set_up_s();
  put(j, "peak_rss_bytes", memory.peak_rss_bytes ? std::optional<double>(*memory.peak_rss_bytes) : std::nullopt,
      memory.why);
  if (const LoopTrial* trial = arm.trial()) {  // on the tiny model, against its reference loop with a cache of floats
    const LayerCheck& c = trial->layers;
    j["measured_error"] = {{"kld", c.largest_kld},
                           {"product_nmse", c.product_nmse},
                           {"head_nmse", c.head_nmse},
                           {"cache_nmse", c.kept_nmse}};
  }
  if (options.by_depth && depths.empty()) {
    j["by_depth"] = nullptr;
    j["by_depth_why"] = interrupted() ? "interrupted" : "this recipe keeps no cache: it recomputes whatever the depth";
  } else if (options.by_depth) {
    j["by_depth"] = depths_json(depths, arm, ceilings);
  }
  if (options.prefill > 0) {
    j["prefill"] = options.prefill;
    if (prefills.empty() || prefills[0].tok_per_s.empty()) {
      j["prefill_tok_per_s"] = nullptr;
      j["prefill_tok_per_s_why"] =
          interrupted() ? "interrupted" : "this recipe keeps no cache: it has nothing to prefill";
    } else {
      j["prefill_tok_per_s"] = to_json(estimate(prefills[0].tok_per_s));
      j["prefill_physics"] = to_json(judge(prefills[0], arm, ceilings));
    }
  }
  if (options.json) {
    fmt::print("{}\n", j.dump(2, ' ', false, Json::error_handler_t::replace));  // text may end within a character
  } else {
    print_summary(j, whole.layers);
  }
  if (interrupted()) return kInterrupted;
  std::vector<std::string> failed = faults(arm, ceilings, cores);
  for (const std::string& fault : sweep_faults()) failed.push_back(fault);
  for (const std::string& fault : failed) note("FAILED: " + fault);
  return failed.empty() ? kOk : kFailed;
}

void add_loop(CommandLine& line) {
  auto [sub, o] = line.add("loop", "the full token loop with one recipe", loop_command);
  sub.option("--recipe", o.recipe, "none, all, best, or techniques joined by commas");
  sub.option("--slot", o.slots, "op=variant; may be repeated");
  sub.option("--kv", o.kv, "what the cache keeps: f32, f16 or q8 (approximate)");
  sub.option("--tokens", o.tokens, "tokens a sample").at_least_one();
  sub.option("--depth", o.depth, "positions in the cache before the first timed token").positions();
  sub.flag("--by-depth", o.by_depth, "also decode from 64, 128 ... positions, and from --depth, in turn");
  sub.option("--prefill", o.prefill, "also time a prefill of this many positions").at_least_one();
  sub.option("--batch", o.batch, "sequences decoded in lock step, each from random tokens of its own").at_least_one();
  sub.option("--samples", o.samples, "timed repetitions").at_least_one();
  sub.ceiling_rounds(o.ceiling_rounds);
  sub.option("--layers", o.layers, "layers (default: the model's); fewer is said in every output").at_least_one();
  sub.option("--threads", o.threads, "threads (default: physical cores)").threads();
  sub.flag("--oversubscribe", o.oversubscribe, "allow more threads than cores");
  sub.option("--model", o.model, model_help());
  sub.option("--prompt", o.prompt, "text to go on from, in place of random tokens (FILE.gguf with a vocabulary)");
  sub.option("--prompt-ids", o.prompt_ids, "the same as token ids: 1,2,3 or a file of them (any model)")
      .excludes("--prompt");
  sub.option("--temperature", o.temperature, "of the tokens that go on from a prompt; 0: the best one");
  sub.option("--top-k", o.top_k, "draw among so many (default: all)").at_least_one();
  sub.option("--act", o.act, "silu or relu2, instead of the model's own activation");
  sub.option("--seed", o.seed, "of weights and prompt");
  sub.json(o.json);
  sub.examples({"bitproof loop --model tiny --recipe none --slot ternary_matmul=autovec --tokens 2 --samples 2",
                "bitproof loop --model tiny --recipe kv_cache --batch 4 --tokens 2 --samples 2"});
}

}  // namespace bitproof
