#include "workbench.hpp"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "error.hpp"
#include "interrupt.hpp"
#include "loop_trial.hpp"
#include "machine.hpp"
#include "open_model.hpp"

namespace bitproof {
namespace {

ModelChoice choice_of(const WorkbenchOptions& options) {
  return {options.model, options.layers, options.seed, options.activation};
}

// The recipe that computes the prefix.
Techniques prefill_recipe() {
  const Techniques usual = parse_recipe("default");
  return runs_here(usual) ? usual : usual.without(Technique::simd);
}

// It, with what may differ in `spec` and leaves the prefix the same to the bit, and about as fast: exact products may
// be made in any way, and where and by how many threads they are made is free.
RecipeNames prefill_names_like(const ArmSpec& spec) {
  RecipeNames names = recipe_names(prefill_recipe());
  const auto* product = find_variant<ternary_matmul::Kernel>(spec.names.at("ternary_matmul"));
  const bool fast_and_exact =
      product->info->exactness == Exactness::exact && product->info->techniques.has(Technique::simd);
  for (const char* op : {"ternary_matmul", "memory", "threading", "dense_matmul"}) {
    if (fast_and_exact) names[op] = spec.names.at(op);
  }
  return names;
}

bool is_prefill_recipe(const ArmSpec& spec) { return spec.names == prefill_names_like(spec); }

// It but for what its cache keeps, and reading it: where such an arm is alone it fills its own cache, and memory is
// spent once.
bool fills_its_own(const ArmSpec& spec) {
  RecipeNames names = prefill_names_like(spec);
  names["kv_cache"] = spec.names.at("kv_cache");
  const std::string& attention = spec.names.at("attention");
  if (attention.starts_with(names["attention"] + ":")) names["attention"] = attention;
  return spec.names == names && find_variant<kv_cache::Kernel>(names["kv_cache"])->kernel->keeps_past;
}

// Bytes that arms take besides packed weights: their caches, and the snapshot of the prefix.
std::size_t cache_bytes(const ModelShape& m, const WorkbenchOptions& options, const std::vector<ArmSpec>& arms) {
  std::size_t bytes = 0;
  for (const ArmSpec& arm : arms) {
    bytes += find_variant<kv_cache::Kernel>(arm.names.at("kv_cache"))
                 ->kernel->storage_bytes(
                     {m.layers, m.kv_heads, m.head_dim, options.depth + options.tokens, options.sequences});
  }
  // Logits and tokens of an arm.
  bytes += arms.size() * static_cast<std::size_t>(options.sequences * (m.vocab + m.context)) * sizeof(float);
  const auto position = static_cast<std::size_t>(2 * m.layers * m.kv_width()) * sizeof(float);
  return bytes + (arms.size() > 1 ? position * static_cast<std::size_t>(options.sequences * options.depth) : 0);
}

// Of one sequence, whoever packs the model asks for room.
void require_room_for_batch(const WorkbenchOptions& options, std::size_t bytes) {
  const auto free = read_machine().memory_available_bytes.value;
  if (options.sequences == 1 || !free || bytes <= static_cast<std::size_t>(*free)) return;
  throw BadInput(
      "--batch {}: caches of {} positions a sequence, and logits, need {:.2f} GB, and {:.2f} GB of memory are free: a "
      "smaller --batch or --depth",
      options.sequences, options.depth + options.tokens, static_cast<double>(bytes) * 1e-9,
      static_cast<double>(*free) * 1e-9);
}

}  // namespace

ModelShape shape_for(const WorkbenchOptions& options) {
  ModelShape shape = whole_shape(choice_of(options));
  if (options.layers < 0 || options.layers > shape.layers) {
    throw BadInput("--layers {}: model {} has {} layers", options.layers, options.model, shape.layers);
  }
  if (options.layers > 0) shape.layers = options.layers;
  if (options.tokens < 1) throw BadInput("--tokens {}: at least one token must come out", options.tokens);
  if (!options.prompt.empty() && std::ssize(options.prompt) != options.sequences * (options.depth + 1)) {
    throw std::invalid_argument("Workbench: the prompt of a sequence has depth + 1 tokens");
  }
  if (options.depth < 0) throw BadInput("--depth {}: cannot be negative", options.depth);
  if (options.depth + options.tokens > shape.context) {
    throw BadInput("--depth {} + --tokens {} is over the context of {} of model {}: lower one of them", options.depth,
                   options.tokens, shape.context, options.model);
  }
  return shape;
}

Workbench::Workbench(const WorkbenchOptions& options, const std::vector<ArmSpec>& specs, Clearance& clearance,
                     const Progress& progress, std::shared_ptr<const PackedModel> weights)
    : model_(std::move(weights)) {
  const ModelShape shape = shape_for(options);
  // The prefix is computed by the best recipe, and copied into every arm that keeps a cache. If no arm is that recipe,
  // one more is set up for it and let go.
  std::vector<ArmSpec> all = specs;
  const bool keeps = std::any_of(specs.begin(), specs.end(), [](const ArmSpec& s) {
    return find_variant<kv_cache::Kernel>(s.names.at("kv_cache"))->kernel->keeps_past;
  });
  const bool borrowed = keeps && options.depth > 0 && std::none_of(specs.begin(), specs.end(), is_prefill_recipe) &&
                        !(specs.size() == 1 && fills_its_own(specs[0]));
  if (borrowed) all.push_back(arm_of(prefill_recipe(), choose_threads(0, false)));

  std::vector<const ternary_matmul::Kernel*> ternary;
  std::vector<const dense_matmul::Kernel*> heads;
  for (const ArmSpec& spec : all) {
    recipes_.push_back(clearance.clear(spec.names));
    ternary.push_back(&recipes_.back().ternary_matmul_slot.kernel());
    heads.push_back(&recipes_.back().dense_matmul_slot.kernel());
  }
  require_room_for_batch(options, cache_bytes(shape, options, all));
  malloc_trim(0);  // what checking took and gave back is no part of a model's memory
  const auto start = std::chrono::steady_clock::now();
  if (!model_) {
    model_ = std::make_shared<PackedModel>(open_model(choice_of(options)), ternary, heads,
                                           cache_bytes(shape, options, all), progress);
  }
  set_up_s_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  prompt_ = options.prompt.empty() ? model_->model().prompt(options.sequences * (options.depth + 1)) : options.prompt;
  for (std::size_t i = 0; i < all.size(); ++i) {
    arms_.push_back(
        std::make_unique<Arm>(*model_, all[i], recipes_[i], options.depth + options.tokens, options.sequences));
  }
  if (keeps && options.depth > 0) compute_prefix();
  if (borrowed) arms_.pop_back();
}

void Workbench::try_loops(const Progress& progress) {
  const LoopJudge judge;
  std::map<std::pair<RecipeNames, int>, std::shared_ptr<const LoopTrial>> known;
  for (std::size_t i = 0; i < arms_.size() && !interrupted(); ++i) {
    const ArmSpec& spec = arms_[i]->spec();
    auto& trial = known[{spec.names, spec.threads}];
    if (!trial) {
      LoopTrial found = judge.judge(spec, recipes_[i]);
      if (const std::int64_t batch = arms_[i]->sequences(); batch > 1 && found.verdict.ok()) {
        found.verdict = judge.judge_batch(spec, recipes_[i], batch);
      }
      trial = std::make_shared<LoopTrial>(std::move(found));
    }
    arms_[i]->set_trial(trial);
    if (progress) progress(static_cast<double>(i + 1) / static_cast<double>(arms_.size()));
  }
}

void Workbench::compute_prefix() {
  const auto prefiller =
      std::find_if(arms_.begin(), arms_.end(), [](const auto& arm) { return is_prefill_recipe(arm->spec()); });
  Decoder& loop = (prefiller == arms_.end() ? arms_.front() : *prefiller)->loop();
  loop.prefill(prefixes_of(prompt_, arms_.front()->sequences()));
  if (arms_.size() > 1) prefix_ = loop.snapshot();
}

int choose_threads(int asked, bool oversubscribe) {
  const Machine machine = read_machine();
  const int cores = machine.physical_cores.value.value_or(static_cast<int>(machine.cpus.size()));
  if (asked == 0) return cores;
  if (asked < 1) throw BadInput("--threads {}: at least 1", asked);
  if (asked > cores && !oversubscribe) {
    throw BadInput("--threads {}: this process has {} core(s); fewer, or --oversubscribe", asked, cores);
  }
  if (asked > 64) throw BadInput("--threads {}: at most 64", asked);
  return asked;
}

}  // namespace bitproof
