#include "canary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "synthetic_model.hpp"
#include "twin.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kPrefix = 3, kCapacity = 8;

// The waits of a token together are this many times the token itself, and half of them must be seen. What really waits
// cannot look faster, however noisy the machine. For one that does not, the machine would have to stall as long at that
// very token; and its poisoned twin changed nothing.
constexpr double kDose = 10;
constexpr double kLeastDose_ns = 2e6;
constexpr double kLeastResponse = 0.5;
constexpr int kCleanRuns = 3;

template <class Kernel>
std::vector<const Kernel*> runnable() {
  std::vector<const Kernel*> all;
  for (const auto& v : variants<Kernel>()) {
    if (v.runnable()) all.push_back(v.kernel);
  }
  return all;
}

// What the model's formula wants of a slot in the decoded token.
struct Wanted {
  std::int64_t calls = 0, work = 0;
};

Wanted wanted_of(const Ledger& formula, const std::string& op) {
  Wanted w;
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto line = static_cast<LoopOp>(i);
    if (slot_of(line) != op || line == LoopOp::matmul_prepare) continue;
    w.calls += formula[line].calls;
    w.work += static_cast<std::int64_t>(line == LoopOp::kv_append ? formula[line].bytes : formula[line].ops);
  }
  return w;
}

}  // namespace

// One recipe at a time.
struct CanaryBench::Trial {
  const PackedModel& model;
  const LoopSlots slots;
  const int threads;
  const MakeDecoder& make;
  const ClockNs clock;
  const bool keeps_past;
  const kv_cache::Element element;
  std::vector<std::int32_t> prompt = model.model().prompt(kPrefix + 1);

  struct Outcome {
    std::vector<float> logits;
    std::int32_t token = -1;
    double ns = 0, booked_ns = 0;
  };
  Outcome clean{};

  // Decodes the token once as it is, so that all is warm and whoever remembers results has one; then again, harmed.
  template <class F>
  Outcome decode(const LoopSlots& used, const std::string& op, F&& harm) const {
    const auto loop = make(model, used, threads, kCapacity, clock);
    loop->prefill(std::span(prompt).first(kPrefix));
    loop->next(prompt.back());
    loop->rewind(kPrefix);
    harm();
    const double start = clock();
    const std::int32_t token = loop->next(prompt.back());
    const double ns = clock() - start;
    return {{loop->logits().begin(), loop->logits().end()}, token, ns, loop->ledger().slot_ns(op)};
  }

  Ledger formula() const {
    Ledger want;
    add_expected(want, model.shape(), WeightBytes{}, Decode{kPrefix, 1, keeps_past, kCapacity, element});
    return want;
  }
};

std::unique_ptr<PackedModel> tiny_in_every_form(std::uint64_t seed) {
  return std::make_unique<PackedModel>(SyntheticModel(model_by_name("tiny"), seed), runnable<ternary_matmul::Kernel>(),
                                       runnable<dense_matmul::Kernel>());
}

template <class Kernel>
Canary CanaryBench::swap(const Trial& trial, const std::string& op, const Slot<Kernel>& slot,
                         Slot<Kernel> LoopSlots::*place) const {
  Canary canary{.op = op, .id = slot.id(), .verdict = {}};
  const auto fail = [&](const std::string& check, const std::string& why) {
    if (canary.verdict.ok())
      canary.verdict = Verdict::failed(fmt::format("{}: NOT ENGAGED: {}", slot.id(), why), check);
  };
  TwinState<Kernel>& twin = twin_state<Kernel>;
  const Kernel kernel = make_twin(slot.kernel());
  LoopSlots slots = trial.slots;
  slots.*place = Slot<Kernel>(kernel, slot.id() + " (twin)");
  // threading's victim lies in the first half of a token: the calls so far are those of its warm-up and, with a cache,
  // of the prefill.
  const auto harmed = [&](Harm harm, double delay_ns = 0) {
    twin.arm(Harm::none);  // for the prefix and the warm-up
    return trial.decode(slots, op, [&] { twin.arm(harm, delay_ns, twin.calls / 4); });
  };

  const Trial::Outcome poisoned = harmed(Harm::poison);
  canary.calls = twin.calls;
  canary.changed = poisoned.logits != trial.clean.logits || poisoned.token != trial.clean.token;
  constexpr bool kCounted = !std::is_same_v<Kernel, memory::Kernel> && !std::is_same_v<Kernel, threading::Kernel>;
  if (const Wanted wanted = wanted_of(trial.formula(), op); kCounted) {
    if (canary.calls != wanted.calls) {
      fail("call count", fmt::format("a token called it {} times, the model needs {}", canary.calls, wanted.calls));
    }
    if (twin.work != wanted.work) {
      fail("work count", fmt::format("a token asked {} operations or bytes of it, the model needs {}", twin.work.load(),
                                     wanted.work));
    }
  }
  if (!canary.changed) fail("canary", "a twin with spoiled output changed neither logits nor token");
  if constexpr (std::is_same_v<Kernel, memory::Kernel>) {
    if (harmed(Harm::scramble).logits != trial.clean.logits) {
      fail("stale memory", "the logits depend on memory that nobody has written");
    }
  }

  canary.expected_ns = std::max(kDose * trial.clean.ns, kLeastDose_ns);
  const auto calls = static_cast<double>(std::max<std::int64_t>(canary.calls, 1));
  const Trial::Outcome delayed = harmed(Harm::delay, canary.expected_ns / calls);
  canary.slowed_ns = delayed.ns - trial.clean.ns;
  canary.booked_ns = delayed.booked_ns;
  const double least = kLeastResponse * canary.expected_ns;
  if (!(canary.slowed_ns >= least)) {
    fail("dose-response", fmt::format("a twin that waits {:.2f} ms a token slowed it by {:.2f} ms",
                                      canary.expected_ns * 1e-6, canary.slowed_ns * 1e-6));
  }
  if (!(canary.booked_ns >= least)) {
    fail("dose-response", fmt::format("a twin that waits {:.2f} ms a token has {:.2f} ms in the loop's ledger",
                                      canary.expected_ns * 1e-6, canary.booked_ns * 1e-6));
  }
  return canary;
}

std::vector<Canary> CanaryBench::run(const Recipe& recipe, int threads, const MakeDecoder& make, ClockNs clock) const {
  Trial trial{model_,
              recipe,
              threads,
              make,
              clock,
              recipe.kv_cache_slot.kernel().keeps_past,
              recipe.kv_cache_slot.kernel().element};
  for (int i = 0; i < kCleanRuns; ++i) {
    const Trial::Outcome run = trial.decode(trial.slots, "", [] {});
    if (i == 0 || run.ns < trial.clean.ns) trial.clean = run;
  }
  std::vector<Canary> all;
#define BITPROOF_SWAP(op)                                           \
  all.push_back(swap<op::Kernel>(trial, #op, trial.slots.op##_slot, \
                                 static_cast<Slot<op::Kernel> LoopSlots::*>(&AllSlots::op##_slot)));
  BITPROOF_FOR_EACH_OP(BITPROOF_SWAP)
#undef BITPROOF_SWAP
  return all;
}

}  // namespace bitproof
