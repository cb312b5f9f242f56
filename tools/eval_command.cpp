#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "evaluate.hpp"
#include "interrupt.hpp"
#include "layer_check.hpp"
#include "loop_trial.hpp"
#include "model_facts.hpp"
#include "open_model.hpp"
#include "recipe_cache.hpp"
#include "reports/file.hpp"
#include "steps.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kWithoutFile = 64;  // tokens, when no file gives any

std::vector<std::int32_t> tokens_of(const EvalOptions& options, const ModelShape& shape) {
  if (options.tokens_file.empty()) return {};
  std::vector<std::int32_t> ids = parse_token_ids(read_file(options.tokens_file), options.tokens_file, shape.vocab);
  if (options.tokens > 0 && std::ssize(ids) > options.tokens) ids.resize(static_cast<std::size_t>(options.tokens));
  if (ids.size() < 2)
    throw BadInput("{}: {} token(s): two are the least that can be predicted", options.tokens_file, ids.size());
  return ids;
}

Json to_json(const Perplexity& p) { return {{"value", p.value}, {"ci_low", p.ci_low}, {"ci_high", p.ci_high}}; }

Json kld_json(const std::vector<double>& kld) {
  const double mean = std::accumulate(kld.begin(), kld.end(), 0.0) / static_cast<double>(kld.size());
  return {
      {"mean", mean}, {"median", median(kld)}, {"p99", quantile(kld, 0.99)}, {"max", *std::ranges::max_element(kld)}};
}

// The loaded model's own layers, held against the reference loop from identical inputs.
LayerCheck against_reference(const PackedModel& model, const Arm& arm, const LoopSlots& slots,
                             std::span<const std::int32_t> tokens) {
  ProgressLine progress(fmt::format("{} tokens, layer by layer, against the reference loop", tokens.size()));
  const LayerTruth truth(model, tokens, std::ssize(tokens));
  const LayerCheckOptions options{.threads = arm.spec().threads,
                                  .prefix = 0,
                                  .nmse_bound = published_nmse(slots.ternary_matmul_slot.kernel().info),
                                  .head_nmse_bound = published_nmse(slots.dense_matmul_slot.kernel().info),
                                  .kept_nmse_bound = published_nmse(slots.kv_cache_slot.kernel().info)};
  return check_layers(truth, slots, options, TokenLoop::make);
}

// A byte a weight, and the rows and bounds of every step.
void require_room_for_reference(const ModelShape& m, std::int64_t positions) {
  double weights = 2.0 * static_cast<double>(m.vocab * m.hidden);
  for (const Matrix matrix : kMatrices) {
    const matmul::Shape s = matrix_shape(m, matrix);
    weights += static_cast<double>(s.rows * s.cols * m.layers);
  }
  const double step = 40.0 * static_cast<double>(8 * m.hidden + 4 * m.q_width() + 4 * m.ffn);
  const double need = weights + static_cast<double>(positions * m.layers) * step;
  const auto free = read_machine().memory_available_bytes.value;
  if (free && need > static_cast<double>(*free)) {
    throw BadInput("--reference {}: needs {:.1f} GB and {:.1f} GB of memory are free: fewer tokens, or --layers",
                   positions, need * 1e-9, static_cast<double>(*free) * 1e-9);
  }
}

void print_evaluation(const Json& j) {
  const Json& p = j["perplexity"];
  fmt::print("{} on model {}, {} tokens predicted in {} window(s)\n", j["recipe"].get<std::string>(),
             j["model"].get<std::string>(), j["tokens"].get<int>(), j["windows"].get<int>());
  fmt::print("  perplexity {:.4f} [{:.4f}, {:.4f}]\n", p["value"].get<double>(), p["ci_low"].get<double>(),
             p["ci_high"].get<double>());
  if (!j["against"].is_null()) {
    fmt::print("  against {}: KLD mean {:.3g}, p99 {:.3g}, max {:.3g} nats; same top token {:.2f} %\n",
               j["against"].get<std::string>(), j["kld"]["mean"].get<double>(), j["kld"]["p99"].get<double>(),
               j["kld"]["max"].get<double>(), 100 * j["top1_agreement"].get<double>());
  }
  const Json& r = j["reference"];
  if (!r.is_null()) {
    fmt::print(
        "  reference loop: {} steps compared from identical inputs: {}; {} integers near a tie, KLD {:.2g} with "
        "them set, {:.2g} where they cascade\n",
        r["steps"].get<int>(), r["ok"].get<bool>() ? "all agree" : r["reason"].get<std::string>(), r["ties"].get<int>(),
        r["kld"].get<double>(), r["cascaded_kld"].get<double>());
  }
}

}  // namespace

int eval_command(const EvalOptions& options) {
  const auto activation = activation_named(options.act);
  ModelShape shape = whole_shape({.model = options.model, .activation = activation});
  std::vector<std::int32_t> tokens = tokens_of(options, shape);
  const std::int64_t asked = options.tokens > 0 ? options.tokens : kWithoutFile;
  const std::int64_t count = tokens.empty() ? asked : std::ssize(tokens);
  if (count < 2) throw BadInput("--tokens {}: two are the least that can be predicted", count);
  const std::int64_t window = std::min({options.context > 0 ? options.context : shape.context, shape.context, count});
  if (window < 2) throw BadInput("--context {}: a window of one token predicts nothing", options.context);
  if (options.reference > std::min(window, count))
    throw BadInput("--reference {}: {} tokens a window", options.reference, window);
  if (options.layers > 0) shape.layers = options.layers;
  if (options.reference > 0) require_room_for_reference(shape, options.reference);

  const int threads = choose_threads(options.threads, false);
  Clearance clearance;
  std::vector<ArmSpec> specs = {named_arm(options.recipe, options.model, threads, clearance)};
  if (!options.against.empty()) specs.push_back(named_arm(options.against, options.model, threads, clearance));
  const auto bench = set_up({options.model, options.layers, options.seed, 0, window, activation}, specs, clearance);
  const bool made_up = tokens.empty();
  if (made_up) tokens = bench->model().model().prompt(count);
  std::vector<std::string> failed;
  for (const auto& arm : bench->arms()) {
    if (arm->trial() && !arm->trial()->verdict.ok())
      failed.push_back(arm->spec().label + ": " + arm->trial()->verdict.reason);
  }
  Evaluation result;
  {
    ProgressLine progress("evaluating");
    result = evaluate(bench->arms()[0]->loop(), specs.size() > 1 ? &bench->arms()[1]->loop() : nullptr, tokens, window,
                      [&](double fraction) { progress.update(fraction); });
  }
  if (result.nll.empty()) return kInterrupted;

  Json j = {{"model", options.model},
            {"weights", weights_of(bench->model().model())},
            {"layers", bench->shape().layers},
            {"recipe", options.recipe},
            {"against", options.against.empty() ? Json(nullptr) : Json(options.against)},
            {"token_ids", made_up ? "random, from the seed" : options.tokens_file},
            {"tokens", result.predicted()},
            {"windows", result.windows},
            {"window", window},
            {"partial", interrupted()},
            {"perplexity", to_json(perplexity(result.nll))}};
  if (options.against.empty()) {
    j["against_why"] = "not asked for: --against RECIPE";
  } else {
    j["against_perplexity"] = to_json(perplexity(result.nll_against));
    j["kld"] = kld_json(result.kld);
    j["top1_agreement"] = static_cast<double>(result.same_top) / static_cast<double>(result.predicted());
    if (options.max_kld > 0 && !(j["kld"]["mean"].get<double>() <= options.max_kld)) {
      failed.push_back(
          fmt::format("mean KLD {:.3g} is over --max-kld {:.3g}", j["kld"]["mean"].get<double>(), options.max_kld));
    }
  }
  j["reference"] = nullptr;
  if (options.reference == 0) {
    j["reference_why"] = "not asked for: --reference N";
  } else if (interrupted()) {
    j["reference_why"] = "interrupted";
  } else {
    const LoopSlots slots = clearance.clear(specs[0].names);
    const LayerCheck check = against_reference(bench->model(), *bench->arms()[0], slots,
                                               std::span(tokens).first(static_cast<std::size_t>(options.reference)));
    j["reference"] = {{"ok", check.verdict.ok()},
                      {"reason", check.verdict.reason},
                      {"tokens", options.reference},
                      {"steps", check.steps},
                      {"ties", check.ties},
                      {"kld", check.largest_kld},
                      {"cascaded_kld", check.cascaded_kld}};
    if (!check.verdict.ok()) failed.push_back("reference: " + check.verdict.reason);
  }
  j["provenance"] = {
      {"perplexity",
       "measured: exp of the mean of -log p over the predicted tokens; interval: Student's t, as if tokens were "
       "independent"},
      {"kld", "measured: nats, of the recipe's distribution from the other's, token by token"},
      {"reference",
       "measured: every step of every layer of this model, from inputs identical to the reference loop's"}};
  j["failures"] = failed;
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
  } else {
    print_evaluation(j);
  }
  if (interrupted()) return kInterrupted;
  for (const std::string& fault : failed) note("FAILED: " + fault);
  return failed.empty() ? kOk : kFailed;
}

void add_eval(CommandLine& line) {
  auto [sub, o] = line.add("eval", "perplexity, and how far a recipe's logits lie from another's and the reference's",
                           eval_command);
  sub.option("--model", o.model, model_help());
  sub.option("--act", o.act, "silu or relu2, instead of the model's own activation");
  sub.option("--tokens-file", o.tokens_file, "token ids in decimal (default: random ones)");
  sub.option("--tokens", o.tokens, "at most so many (default: the file's; 64 random ones)").at_least_one();
  sub.option("--context", o.context, "tokens of a window, each from an empty cache (default: the model's)")
      .at_least_one();
  sub.option("--recipe", o.recipe, "none, all, best, or techniques joined by commas");
  sub.option("--against", o.against, "another recipe, token by token: KLD and top-1 agreement");
  sub.option("--max-kld", o.max_kld, "fail where the mean KLD is over this");
  sub.option("--reference", o.reference, "hold every layer of so many first tokens against the reference loop")
      .at_least_one();
  sub.option("--layers", o.layers, "the first so many (default: the model's)").at_least_one();
  sub.option("--threads", o.threads, "threads (default: physical cores)").threads();
  sub.option("--seed", o.seed, "of made-up weights and tokens");
  sub.json(o.json);
  sub.examples({"bitproof eval --model tiny --tokens 8 --against none"});
}

}  // namespace bitproof
