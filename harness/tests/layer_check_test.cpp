#include "layer_check.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

// A loop that does something to what some of its steps leave, whether anybody watches or not.
class Spoiled : public TokenLoop, private LoopObserver {
 public:
  using Spoil = std::function<void(const StepOutput&)>;
  Spoiled(const PackedModel& weights, const LoopSlots& slots, int threads, std::int64_t capacity, Spoil spoil)
      : TokenLoop(weights, slots, threads, capacity), spoil_(std::move(spoil)) {
    TokenLoop::observe(this);
  }
  void observe(LoopObserver* observer) override { watcher_ = observer; }

 private:
  void after(const StepOutput& out) override {
    spoil_(out);
    if (watcher_) watcher_->after(out);
  }
  Spoil spoil_;
  LoopObserver* watcher_ = nullptr;
};

LayerCheck check_with(const Spoiled::Spoil& spoil, double nmse_bound = 0) {
  Decoding d;
  const auto make = [&](const PackedModel& model, const LoopSlots& slots, int threads, std::int64_t capacity, ClockNs) {
    return std::make_unique<Spoiled>(model, slots, threads, capacity, spoil);
  };
  return check_layers(LayerTruth(d.bench.model(), d.prompt, 64), shared_clearance().clear(best()),
                      {.threads = 1, .prefix = kPrefix, .nmse_bound = nmse_bound}, make);
}

TEST(LayerCheck, PassesALoopLeftAlone) {
  const LayerCheck check = check_with([](const StepOutput&) {});
  EXPECT_TRUE(check.verdict.ok()) << check.verdict.reason;
  EXPECT_GT(check.steps, 0);
}

TEST(LayerCheck, RejectsOneIntegerOffByOne) {
  const LayerCheck check = check_with([](const StepOutput& out) {
    if (out.step == Step::down_quant && out.layer == 1) out.v[7] = static_cast<std::int8_t>(out.v[7] ^ 1);
  });
  EXPECT_EQ(check.verdict.check, "layers");
  EXPECT_THAT(check.verdict.reason, HasSubstr("down_quant of layer 1"));
}

TEST(LayerCheck, RejectsOneSumOffByOne) {
  const LayerCheck check = check_with([](const StepOutput& out) {
    if (out.step == Step::up && out.layer == 2) out.sums[3] += 1;
  });
  EXPECT_EQ(check.verdict.check, "layers");
}

// 2^-18 relative: 60 roundings, where a norm of 192 columns is granted about 100 at most, and RoPE 3.
TEST(LayerCheck, RejectsAFloatOutsideTheBoundOfItsOp) {
  const LayerCheck check = check_with([](const StepOutput& out) {
    if (out.step == Step::rope_q && out.layer == 0) out.values[5] *= 1 + 0x1p-18f;
  });
  EXPECT_EQ(check.verdict.check, "layers");
  EXPECT_THAT(check.verdict.reason, HasSubstr("rope_q of layer 0"));
}

// What rounding may do is no fault, however often.
TEST(LayerCheck, AllowsEveryNormItsUlp) {
  const LayerCheck check = check_with([](const StepOutput& out) {
    if (out.step != Step::ffn_norm && out.step != Step::attention_norm) return;
    for (std::int64_t i = 0; i < out.cols; ++i) out.values[i] = std::nextafter(out.values[i], i % 2 ? 100.0f : -100.0f);
  });
  EXPECT_TRUE(check.verdict.ok()) << check.verdict.reason;
}

TEST(LayerCheck, RejectsALoopThatIsRightOnlyWhenWatched) {
  Decoding d;
  class Hides : public TokenLoop {
   public:
    using TokenLoop::TokenLoop;
    void layer(std::int64_t index, const Pass& pass, float* h) override {
      if (observer_ || index != 1) TokenLoop::layer(index, pass, h);
    }
  };
  const auto make = [](const PackedModel& m, const LoopSlots& s, int threads, std::int64_t capacity, ClockNs clock) {
    return std::make_unique<Hides>(m, s, threads, capacity, clock);
  };
  const LayerTruth truth(d.bench.model(), d.prompt, 64);
  const LayerCheck check =
      check_layers(truth, shared_clearance().clear(best()), {.threads = 1, .prefix = kPrefix}, make);
  EXPECT_EQ(check.verdict.check, "logits");
  EXPECT_THAT(check.verdict.reason, HasSubstr("watched"));
}

// A planted approximate product: each sum off by up to `relative`.
Spoiled::Spoil approximate(float relative) {
  return [relative](const StepOutput& out) {
    if (!out.sums || out.step == Step::logits) return;
    for (std::int64_t i = 0; i < out.batch * out.cols; ++i) {
      const float factor = 1 + relative * static_cast<float>(i * 7 % 11 - 5) / 5;
      const auto sum = static_cast<std::int32_t>(std::lrint(static_cast<float>(out.sums[i]) * factor));
      if (out.sums[i] != 0) out.values[i] *= static_cast<float>(sum) / static_cast<float>(out.sums[i]);
      out.sums[i] = sum;
    }
  };
}

TEST(LayerCheck, HoldsApproximateProductsToTheirNmseAndTheLogitsToTheirDivergence) {
  constexpr double kPublished = 5e-4;
  const LayerCheck good = check_with(approximate(0.005f), kPublished);
  EXPECT_TRUE(good.verdict.ok()) << good.verdict.reason;
  EXPECT_EQ(check_with(approximate(0.005f)).verdict.check, "layers") << "an exact recipe has no such excuse";
  const LayerCheck coarse = check_with(approximate(0.2f), kPublished);
  EXPECT_THAT(coarse.verdict.reason, HasSubstr("NMSE"));
  const LayerCheck excused = check_with(approximate(0.2f), 1);
  EXPECT_EQ(excused.verdict.check, "logits");
  EXPECT_THAT(excused.verdict.reason, HasSubstr("KLD"));
}

}  // namespace
}  // namespace bitproof
