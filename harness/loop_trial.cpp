#include "loop_trial.hpp"

#include <fmt/format.h>

#include <algorithm>

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
    if (fingerprint(fresh->logits(), {&token, 1}) != arm.fingerprints()[i]) {
      return Verdict::failed(fmt::format("token {} when sampled is not what a fresh loop gives", i), "fingerprints");
    }
  }
  return Verdict::pass();
}

LayerCheck LoopJudge::check(const ArmSpec& spec, const Recipe& recipe, bool past_its_end, const MakeDecoder& make,
                            std::int64_t sequences, std::int64_t sequence) const {
  const kv_cache::Kernel& cache = recipe.kv_cache_slot.kernel();
  const LayerCheckOptions options{.threads = spec.threads,
                                  .sequences = sequences,
                                  .sequence = sequence,
                                  .prefix = past_its_end ? 0 : kPrefix,
                                  .nmse_bound = published_nmse(recipe.ternary_matmul_slot.kernel().info),
                                  .head_nmse_bound = published_nmse(recipe.dense_matmul_slot.kernel().info),
                                  .kept_nmse_bound = published_nmse(cache.info)};
  const LayerTruth& floats = past_its_end ? wrapped_ : layers_;
  if (cache.element == floats.element) return check_layers(floats, recipe, options, make);
  return check_layers({*model_, floats.tokens, floats.capacity, cache.element}, recipe, options, make);
}

LoopTrial LoopJudge::judge(const ArmSpec& spec, const Recipe& recipe, const MakeDecoder& make, ClockNs clock) const {
  LoopTrial trial;
  for (int tries = 0; tries < kTries; ++tries) {
    trial.verdict = sampled(spec, recipe, make, clock);
    if (trial.verdict.check != "residual" && trial.verdict.check != "CPU time") break;
  }
  if (trial.verdict.ok()) {
    trial.layers = check(spec, recipe, false, make);
    trial.verdict = trial.layers.verdict;
  }
  if (trial.verdict.ok() && goes_past_its_end(recipe.kv_cache_slot.kernel())) {
    trial.verdict = check(spec, recipe, true, make).verdict;
  }
  if (trial.verdict.ok()) {
    trial.canaries = canaries_.run(recipe, spec.threads, make, clock);
    for (const Canary& c : trial.canaries) {
      if (trial.verdict.ok()) trial.verdict = c.verdict;
    }
  }
  return trial;
}

Verdict LoopJudge::as_if_alone(const ArmSpec& spec, const Recipe& recipe, std::int64_t sequences,
                               const MakeBatchDecoder& make, std::int64_t capacity, bool restored) const {
  const std::int64_t vocab = model_->shape().vocab;
  const std::vector<std::int32_t> prompts = model_->model().prompt(sequences * (kPrefix + 1));
  const std::vector<std::int32_t> prefixes = prefixes_of(prompts, sequences);
  const auto batch = make(*model_, recipe, spec.threads, capacity, steady_ns, sequences);
  if (restored) {
    const auto filled = TokenLoop::make_batch(*model_, recipe, spec.threads, capacity, steady_ns, sequences);
    filled->prefill(prefixes);
    batch->restore(prefixes, filled->snapshot());
  } else {
    batch->prefill(prefixes);
  }
  std::vector<std::vector<std::int32_t>> fed = {last_tokens_of(prompts, sequences)};
  std::vector<std::vector<float>> logits;
  for (std::int64_t t = 0; t < kTokens; ++t) {
    const std::span<const std::int32_t> chosen = batch->step(fed.back());
    if (interrupted()) throw Interrupted();
    if (std::ssize(chosen) != sequences) return Verdict::failed("a step gave no token for each sequence", "ledger");
    fed.emplace_back(chosen.begin(), chosen.end());
    logits.emplace_back(batch->logits().begin(), batch->logits().end());
  }
  const kv_cache::Kernel& cache = recipe.kv_cache_slot.kernel();
  Ledger want;
  add_expected(want, model_->shape(),
               model_->weight_bytes(recipe.ternary_matmul_slot.kernel(), recipe.dense_matmul_slot.kernel()),
               Decode{kPrefix, kTokens, cache.keeps_past, capacity, cache.element, sequences});
  if (const std::string fault = difference(batch->ledger(), want); !fault.empty()) {
    return Verdict::failed(fault, "ledger");
  }
  for (std::int64_t i = 0; i < sequences; ++i) {
    const auto alone = TokenLoop::make(*model_, recipe, spec.threads, capacity, steady_ns);
    alone->prefill(std::span(prompts).subspan(static_cast<std::size_t>(i * (kPrefix + 1)), kPrefix));
    for (std::size_t t = 0; t < kTokens; ++t) {
      const std::int32_t token = alone->next(fed[t][static_cast<std::size_t>(i)]);
      const auto own = std::span<const float>(logits[t]).subspan(static_cast<std::size_t>(i * vocab),
                                                                 static_cast<std::size_t>(vocab));
      if (token != fed[t + 1][static_cast<std::size_t>(i)] || !std::ranges::equal(own, alone->logits())) {
        return Verdict::failed(
            fmt::format("token {} of sequence {} in a batch of {} is not what the sequence gives alone", t, i,
                        sequences),
            "batch as singles");
      }
    }
  }
  return Verdict::pass();
}

Verdict LoopJudge::judge_batch(const ArmSpec& spec, const Recipe& recipe, std::int64_t sequences,
                               const MakeBatchDecoder& make) const {
  const MakeDecoder make_one = [&](const PackedModel& model, const LoopSlots& slots, int threads, std::int64_t capacity,
                                   ClockNs clock) { return make(model, slots, threads, capacity, clock, sequences); };
  const kv_cache::Kernel& cache = recipe.kv_cache_slot.kernel();
  const bool wraps = goes_past_its_end(cache);
  Verdict verdict = as_if_alone(spec, recipe, sequences, make, kPrefix + kTokens, false);
  if (verdict.ok() && cache.keeps_past) {
    verdict = as_if_alone(spec, recipe, sequences, make, kPrefix + kTokens, true);
  }
  if (verdict.ok() && wraps) verdict = as_if_alone(spec, recipe, sequences, make, kPrefix + 1, false);
  for (const std::int64_t i : {std::int64_t{0}, sequences - 1}) {
    for (const bool past_its_end : {false, true}) {
      if (!verdict.ok() || (past_its_end && !wraps)) continue;
      verdict = check(spec, recipe, past_its_end, make_one, sequences, i).verdict;
    }
  }
  return verdict;
}

}  // namespace bitproof
