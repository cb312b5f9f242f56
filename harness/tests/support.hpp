// What the tests of the harness share: refusals as text, planted kernels judged, sets of techniques, tiny loops.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "check.hpp"
#include "error.hpp"
#include "packed_model.hpp"
#include "run_case.hpp"
#include "synthetic_model.hpp"
#include "token_loop.hpp"

namespace bitproof {

// The line that BadInput carries; "" when nothing was refused.
template <class F>
std::string refusal(F&& f) {
  try {
    std::forward<F>(f)();
  } catch (const BadInput& e) {
    return e.what();
  }
  return "";
}

inline constexpr VariantInfo kPlanted{"", "planted", techniques()};

// What Clearance would say of a kernel: the first verdict over the cases that is not a pass.
template <class Kernel>
Verdict verdict_of(const Kernel& kernel, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const auto problem = make_problem<Kernel>(c);
    if (Verdict v = run_case(*problem, kernel); !v.ok()) {
      v.reason += " on " + to_string(c);
      return v;
    }
  }
  return Verdict::pass();
}

inline std::vector<Techniques> all_subsets() {
  std::vector<Techniques> sets;
  for (int bits = 0; bits < 1 << kTechniqueCount; ++bits) sets.push_back({static_cast<std::uint8_t>(bits)});
  return sets;
}

// SIMD can only be switched on where a variant with it can run.
inline bool machine_has_simd() {
  for (const Variant& v : all_variants()) {
    if (v.op == "ternary_matmul" && v.info->techniques.has(Technique::simd) && v.isa != "autovec" && v.runnable())
      return true;
  }
  return false;
}

#define BITPROOF_NEEDS_SIMD() \
  if (!machine_has_simd()) GTEST_SKIP() << "no SIMD variant runs on this machine"

// What one test has cleared, the next need not clear again.
inline Clearance& shared_clearance() {
  static Clearance clearance;
  return clearance;
}

// A model in every form that any runnable variant reads, and loops over it.
class LoopBench {
 public:
  explicit LoopBench(const ModelShape& shape = model_by_name("tiny"), std::uint64_t seed = 1)
      : LoopBench(std::make_shared<SyntheticModel>(shape, seed)) {}
  explicit LoopBench(std::shared_ptr<const WeightSource> source)
      : model_(std::move(source), kernels<ternary_matmul::Kernel>(), kernels<dense_matmul::Kernel>()) {}

  const PackedModel& model() const { return model_; }
  const ModelShape& shape() const { return model_.shape(); }

  std::unique_ptr<TokenLoop> loop(const RecipeNames& names, int threads = 1, std::int64_t capacity = 64) const {
    return std::make_unique<TokenLoop>(model_, shared_clearance().clear(names), threads, capacity);
  }

  // Keys and values of these tokens, by the plainest loop with a cache.
  KvSnapshot prefix(std::span<const std::int32_t> tokens) const {
    const auto plain = loop(recipe_names(Techniques{}.with(Technique::kv_cache)));
    plain->prefill(tokens);
    return plain->snapshot();
  }

 private:
  template <class Kernel>
  static std::vector<const Kernel*> kernels() {
    std::vector<const Kernel*> all;
    for (const auto& v : variants<Kernel>()) {
      if (v.runnable()) all.push_back(v.kernel);
    }
    return all;
  }

  PackedModel model_;
};

// Logits of each of `tokens`, fed one after another whatever the loop itself would have chosen.
using Logits = std::vector<std::vector<float>>;
inline Logits feed(Decoder& loop, std::span<const std::int32_t> tokens) {
  Logits logits;
  for (const std::int32_t t : tokens) {
    loop.next(t);
    logits.emplace_back(loop.logits().begin(), loop.logits().end());
  }
  return logits;
}

inline constexpr std::int64_t kPrefix = 20, kFed = 4;

// One model, its prompt, and the loops over it.
struct Decoding {
  LoopBench bench;
  std::vector<std::int32_t> prompt = bench.model().model().prompt(kPrefix + kFed);

  explicit Decoding(const ModelShape& shape = model_by_name("tiny")) : bench(shape) {}
  explicit Decoding(std::shared_ptr<const WeightSource> source) : bench(std::move(source)) {}

  std::span<const std::int32_t> prefix() const { return std::span(prompt).first(kPrefix); }
  std::span<const std::int32_t> fed() const { return std::span(prompt).last(kFed); }

  Logits logits(const RecipeNames& names, int threads = 1, std::int64_t tokens = kFed) {
    const auto loop = bench.loop(names, threads);
    loop->prefill(prefix());
    return feed(*loop, fed().first(static_cast<std::size_t>(tokens)));
  }
};

inline RecipeNames with(RecipeNames names, const std::string& slot) {
  apply_slot(names, slot);
  return names;
}

inline RecipeNames best() {
  return recipe_names(parse_recipe(machine_has_simd() ? "default" : "memory_pool,threading,kv_cache"));
}

}  // namespace bitproof
