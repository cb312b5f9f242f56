#include "workbench.hpp"

#include <bit>
#include <chrono>

#include "error.hpp"
#include "interrupt.hpp"
#include "machine.hpp"

namespace bitproof {
namespace {

ModelShape shape_for(const WorkbenchOptions& options) {
  ModelShape shape = model_by_name(options.model);
  if (options.layers < 0 || options.layers > shape.layers) {
    throw BadInput("--layers {}: model {} has {} layers", options.layers, options.model, shape.layers);
  }
  if (options.layers > 0) shape.layers = options.layers;
  if (options.tokens < 1) throw BadInput("--tokens {}: at least one token must come out", options.tokens);
  if (options.depth < 0) throw BadInput("--depth {}: cannot be negative", options.depth);
  if (options.depth + options.tokens > shape.context) {
    throw BadInput("--depth {} + --tokens {} is over the context of {} of model {}: lower one of them", options.depth,
                   options.tokens, shape.context, options.model);
  }
  return shape;
}

// How fast a prefill will be, by rank: SIMD first, then threads; tables cost a build for each position.
int prefill_rank(const Arm& arm) {
  const Techniques t = arm.spec().techniques;
  return 4 * t.has(Technique::simd) + 2 * t.has(Technique::threading) - t.has(Technique::tmac);
}

}  // namespace

Workbench::Workbench(const WorkbenchOptions& options, const std::vector<ArmSpec>& specs, Clearance& clearance,
                     const Progress& progress) {
  const ModelShape shape = shape_for(options);
  std::vector<Recipe> recipes;
  std::vector<const ternary_matmul::Kernel*> ternary;
  std::vector<const dense_matmul::Kernel*> heads;
  for (const ArmSpec& spec : specs) {
    recipes.push_back(clearance.clear(spec.names));
    ternary.push_back(&recipes.back().ternary_matmul_slot.kernel());
    heads.push_back(&recipes.back().dense_matmul_slot.kernel());
  }
  const auto start = std::chrono::steady_clock::now();
  model_ = std::make_unique<PackedModel>(SyntheticModel(shape, options.seed), ternary, heads, progress);
  set_up_s_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  prompt_ = model_->model().prompt(options.depth + 1);

  for (std::size_t i = 0; i < specs.size(); ++i) {
    arms_.push_back(std::make_unique<Arm>(*model_, specs[i], recipes[i], options.depth + options.tokens));
  }
  Arm* fastest = nullptr;
  for (const auto& arm : arms_) {
    if (arm->loop().keeps_past() && (!fastest || prefill_rank(*arm) > prefill_rank(*fastest))) fastest = arm.get();
  }
  if (fastest && options.depth > 0 && !interrupted()) {
    fastest->loop().prefill(std::span(prompt_).first(prompt_.size() - 1));
    prefix_ = fastest->loop().snapshot();
  }
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
