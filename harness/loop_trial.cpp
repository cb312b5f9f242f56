#include "loop_trial.hpp"

#include <fmt/format.h>

#include "error.hpp"
#include "interrupt.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kPrefix = 5, kTokens = 4, kSmallCapacity = 6;

// Noise may make a sound loop look slow now and then, never three times.
constexpr int kTries = 3;

}  // namespace

double published_nmse(const VariantInfo& info) {
  return info.exactness == Exactness::approximate ? info.nmse_bound : 0;
}

bool goes_past_its_end(const kv_cache::Kernel& kernel) {
  const kv_cache::Shape shape{1, 1, 1, 1, 1};
  const Mapping storage(kernel.storage_bytes(shape), Pages::small);
  const float value = 0;
  return kernel.keeps_past && kernel.append(shape, storage.data(), 0, 0, 1, 1, &value, &value);
}

LoopJudge::LoopJudge(std::uint64_t seed)
    : model_(tiny_in_every_form(seed)),
      layers_(*model_, model_->model().prompt(kPrefix + kTokens), kPrefix + kTokens),
      wrapped_(*model_, layers_.tokens, kSmallCapacity),
      canaries_(*model_) {}

// An arm's own way to a token, restored and rewound, must give what the way that the layers are checked on gives,
// prefilled afresh; and what a loop held before its prefix was restored must not show.
Verdict LoopJudge::sampled(const ArmSpec& spec, const Recipe& recipe, const MakeDecoder& make, ClockNs clock) const {
  const std::int64_t capacity = kPrefix + kTokens;
  const std::vector<std::int32_t> prompt = model_->model().prompt(kPrefix + 1);
  const auto past = std::span(prompt).first(kPrefix);
  KvSnapshot snapshot;
  if (recipe.kv_cache_slot.kernel().keeps_past) {
    const auto honest = TokenLoop::make(*model_, recipe, spec.threads, capacity, steady_ns);
    honest->prefill(past);
    snapshot = honest->snapshot();
  }
  Arm arm(*model_, spec, recipe, capacity, make(*model_, recipe, spec.threads, capacity, clock), clock);
  arm.loop().prefill(std::span(prompt).last(2));
  for (int i = 0; i < 2; ++i) {
    if (!arm.sample(prompt, snapshot, kTokens, 2)) throw Interrupted();
  }
  if (const Verdict v = arm.verdict(); !v.ok()) return v;

  const auto fresh = make(*model_, recipe, spec.threads, capacity, clock);
  fresh->prefill(past);
  std::int32_t token = prompt.back();
  for (std::size_t i = 0; i < arm.fingerprints().size(); ++i) {
    token = fresh->next(token);
    if (fingerprint(fresh->logits(), token) != arm.fingerprints()[i]) {
      return Verdict::failed(fmt::format("token {} when sampled is not what a fresh loop gives", i), "fingerprints");
    }
  }
  return Verdict::pass();
}

LoopTrial LoopJudge::judge(const ArmSpec& spec, const Recipe& recipe, const MakeDecoder& make, ClockNs clock) const {
  LoopTrial trial;
  for (int tries = 0; tries < kTries; ++tries) {
    trial.verdict = sampled(spec, recipe, make, clock);
    if (trial.verdict.check != "residual" && trial.verdict.check != "CPU time") break;
  }
  const LoopSlots slots = recipe;
  const kv_cache::Kernel& cache = recipe.kv_cache_slot.kernel();
  LayerCheckOptions options{spec.threads, kPrefix, published_nmse(slots.ternary_matmul_slot.kernel().info),
                            published_nmse(slots.dense_matmul_slot.kernel().info), published_nmse(cache.info)};
  const auto check = [&](const LayerTruth& floats) {
    if (cache.element == floats.element) return check_layers(floats, slots, options, make);
    return check_layers({*model_, floats.tokens, floats.capacity, cache.element}, slots, options, make);
  };
  if (trial.verdict.ok()) {
    trial.layers = check(layers_);
    trial.verdict = trial.layers.verdict;
  }
  if (trial.verdict.ok() && goes_past_its_end(cache)) {
    options.prefix = 0;
    trial.verdict = check(wrapped_).verdict;
  }
  if (trial.verdict.ok()) {
    trial.canaries = canaries_.run(recipe, spec.threads, make, clock);
    for (const Canary& c : trial.canaries) {
      if (trial.verdict.ok()) trial.verdict = c.verdict;
    }
  }
  return trial;
}

}  // namespace bitproof
