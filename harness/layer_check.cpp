#include "layer_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "judge.hpp"

namespace bitproof {
namespace {

using reference::StepTruth;

// Walks the reference's steps with the loop: each pass goes through all of them in order, the head's only if the token
// is wanted, and covers the positions that are due.
class Walk : public LoopObserver {
 public:
  Walk(const std::vector<StepTruth>& truth, std::int64_t layers) : truth_(truth), layers_(layers) {}

  void after(const StepOutput& out) final {
    ++steps_;
    if (out.step == Step::embedding) begin_pass(out);
    if (!verdict_.ok()) return;
    const bool due = at_ < truth_.size() && truth_[at_].step == out.step && truth_[at_].layer == out.layer;
    if (!due || truth_[at_].cols != out.cols) {
      return fail("step order", fmt::format("{} of layer {} came where {} was due", name(out.step), out.layer,
                                            at_ < truth_.size() ? name(truth_[at_].step) : "the end"));
    }
    if (out.layer < layers_ && (out.first != first_ || out.batch != batch_)) {
      return fail("step order",
                  fmt::format("{} of layer {} covers other positions than its pass", name(out.step), out.layer));
    }
    compare(truth_[at_++], out);
  }

  // After a token: a pass has begun since the last one, and ended, with the head.
  void end_token() {
    if (!begun_) fail("step order", "a token was out without a pass");
    begun_ = false;
    if (verdict_.ok() && at_ != truth_.size()) {
      fail("step order",
           fmt::format("the token was out before {} of layer {}", name(truth_[at_].step), truth_[at_].layer));
    }
  }

  const Verdict& verdict() const { return verdict_; }
  std::int64_t steps() const { return steps_; }

 protected:
  virtual void compare(const StepTruth& truth, const StepOutput& out) = 0;
  std::int64_t layers() const { return layers_; }

  void fail(const std::string& check, std::string why) {
    if (verdict_.ok()) verdict_ = Verdict::failed(std::move(why), check);
  }
  void fail(const std::string& check, const StepOutput& out, const std::string& why) {
    fail(check, fmt::format("{} of layer {}, positions from {}: {}", name(out.step), out.layer, out.first, why));
  }

 private:
  void begin_pass(const StepOutput& out) {
    const bool ended = at_ == 0 || at_ == truth_.size() || truth_[at_].layer == layers_;
    if (!ended)
      fail("step order", fmt::format("a pass ended before {} of layer {}", name(truth_[at_].step), truth_[at_].layer));
    const auto known = static_cast<std::int64_t>(truth_[0].values.size()) / truth_[0].cols;
    if ((out.first != next_ && out.first != 0) || out.first + out.batch > known) {
      fail("step order",
           fmt::format("positions {} to {} computed, {} was due", out.first, out.first + out.batch - 1, next_));
    }
    first_ = out.first, batch_ = out.batch, next_ = first_ + batch_, at_ = 0, begun_ = true;
  }

  const std::vector<StepTruth>& truth_;
  std::int64_t layers_;
  Verdict verdict_;
  bool begun_ = false;
  std::size_t at_ = 0;
  std::int64_t first_ = 0, batch_ = 0, next_ = 0, steps_ = 0;
};

// The rows of `all` that an output covers.
template <class T>
std::vector<T> rows(const std::vector<T>& all, const StepOutput& out) {
  if (all.empty()) return {};
  return {all.begin() + out.first * out.cols, all.begin() + (out.first + out.batch) * out.cols};
}

std::vector<std::int8_t> integers(const StepOutput& out) {
  std::vector<std::int8_t> v;
  for (std::int64_t b = 0; b < out.batch; ++b)
    v.insert(v.end(), out.v + b * out.v_stride, out.v + b * out.v_stride + out.cols);
  return v;
}

class Lockstep final : public Walk {
 public:
  Lockstep(const std::vector<StepTruth>& truth, std::int64_t layers, double nmse_bound)
      : Walk(truth, layers), nmse_bound_(nmse_bound) {}
  std::int64_t ties() const { return ties_; }

 private:
  void compare(const StepTruth& truth, const StepOutput& out) override {
    if (out.v) return quantized(truth, out);
    const std::vector<float> want = rows(truth.values, out);
    const std::vector<float> got(out.values, out.values + out.batch * out.cols);
    if (!truth.sums.empty() && nmse_bound_ > 0 && out.layer < layers()) {
      const std::vector<std::int32_t> sums = rows(truth.sums, out);
      const double error = reference::nmse(std::span(out.sums, sums.size()), sums);
      if (!(error <= nmse_bound_)) {
        fail("layers", out, fmt::format("NMSE {:.3g} is over the published {:.3g}", error, nmse_bound_));
      }
    } else if (!truth.sums.empty()) {
      equal(out, std::vector<std::int32_t>(out.sums, out.sums + got.size()), rows(truth.sums, out));
      equal(out, got, want);
    } else if (truth.bounded.value.empty()) {
      equal(out, got, want);
    } else {
      const reference::Bounded bounded{rows(truth.bounded.value, out), rows(truth.bounded.bound, out)};
      if (const auto bad = reference::first_violation(got, bounded)) {
        return fail(
            "layers", out,
            fmt::format("value {} is {}, the oracle says {} +- {:.3g}", bad->index, bad->got, bad->want, bad->bound));
      }
      count_ties(out, got, want, bounded);
    }
    std::copy(want.begin(), want.end(), out.values);
  }

  void quantized(const StepTruth& truth, const StepOutput& out) {
    equal(out, integers(out), rows(truth.quantized.v, out));
    const auto first = truth.quantized.scale.begin() + out.first;
    equal(out, std::vector<float>(out.scale, out.scale + out.batch), std::vector<float>(first, first + out.batch));
  }

  // What the loop's own values would have been quantized to, had they stayed.
  void count_ties(const StepOutput& out, const std::vector<float>& got, const std::vector<float>& want,
                  const reference::Bounded& bounded) {
    const std::vector<std::int8_t> own = reference::activation_quant(out.cols, got).v;
    const std::vector<std::int8_t> ideal = reference::activation_quant(out.cols, want).v;
    if (own == ideal) return;
    const std::vector<bool> near = reference::near_tie(out.cols, bounded);
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (own[i] == ideal[i]) continue;
      ++ties_;
      if (!near[i] || std::abs(own[i] - ideal[i]) != 1) {
        fail("ties", out,
             fmt::format("value {} would be quantized to {}, the oracle says {}, and no tie is near", i, own[i],
                         ideal[i]));
      }
    }
  }

  template <class T>
  void equal(const StepOutput& out, const std::vector<T>& got, const std::vector<T>& want) {
    if (const auto bad = reference::first_mismatch(got, want)) {
      fail("layers", out, fmt::format("value {} is {}, the oracle says {}", bad->index, bad->got, bad->want));
    }
  }

  double nmse_bound_;
  std::int64_t ties_ = 0;
};

class Watch final : public Walk {
 public:
  using Walk::Walk;
  std::int64_t differing = 0;
  std::vector<std::vector<float>> hidden;

 private:
  void compare(const StepTruth& truth, const StepOutput& out) override {
    if (out.step == Step::ffn_residual) hidden.emplace_back(out.values, out.values + out.batch * out.cols);
    if (!out.v) return;
    const auto got = integers(out), want = rows(truth.quantized.v, out);
    for (std::size_t i = 0; i < got.size(); ++i) differing += got[i] != want[i];
  }
};

using Logits = std::vector<std::vector<float>>;

Logits decode(const PackedModel& model, const LoopSlots& slots, std::span<const std::int32_t> tokens,
              const LayerCheckOptions& options, const MakeDecoder& make, Walk* walk) {
  const auto loop = make(model, slots, options.threads, options.capacity, steady_ns);
  loop->observe(walk);
  loop->prefill(tokens.first(static_cast<std::size_t>(options.prefix)));
  Logits logits;
  for (const std::int32_t t : tokens.subspan(static_cast<std::size_t>(options.prefix))) {
    loop->next(t);
    if (walk) walk->end_token();
    logits.emplace_back(loop->logits().begin(), loop->logits().end());
  }
  return logits;
}

}  // namespace

LayerCheck check_layers(const PackedModel& model, const LoopSlots& slots, std::span<const std::int32_t> tokens,
                        const LayerCheckOptions& options, const MakeDecoder& make) {
  ModelShape seen = model.shape();
  seen.context = options.capacity;
  const std::vector<StepTruth> truth = reference::forward_steps(seen, model.model().materialize(), tokens);
  const StepTruth& head = truth.back();
  const auto truth_of = [&](std::size_t token) {
    const auto first = head.values.begin() + (options.prefix + static_cast<std::int64_t>(token)) * head.cols;
    return std::vector<float>(first, first + head.cols);
  };

  LayerCheck result;
  Lockstep lockstep(truth, seen.layers, options.nmse_bound);
  const Logits led = decode(model, slots, tokens, options, make, &lockstep);
  result.verdict = lockstep.verdict();
  result.steps = lockstep.steps();
  result.ties = lockstep.ties();
  const auto fail = [&](std::string why) {
    if (result.verdict.ok()) result.verdict = Verdict::failed(std::move(why), "logits");
  };
  for (std::size_t i = 0; i < led.size(); ++i) {
    if (led[i] != truth_of(i)) fail(fmt::format("token {}: logits in lockstep are not the reference's", i));
  }

  Watch watch(truth, seen.layers);
  const Logits watched = decode(model, slots, tokens, options, make, &watch);
  const Logits free = decode(model, slots, tokens, options, make, nullptr);
  result.differing = watch.differing;
  result.hidden = std::move(watch.hidden);
  if (watched != free) fail("a loop that is watched gives other logits than one that is not");
  for (std::size_t i = 0; i < free.size(); ++i) {
    const std::vector<float> want = truth_of(i);
    const double kld = reference::kld(std::vector<double>(want.begin(), want.end()),
                                      std::vector<double>(free[i].begin(), free[i].end()));
    result.largest_kld = std::max(result.largest_kld, kld);
  }
  const double most = options.nmse_bound > 0 ? kMostApproximateDivergence : kMostDivergence;
  if ((options.nmse_bound > 0 || result.differing == 0) && !(result.largest_kld <= most)) {
    fail(fmt::format("KLD {:.3g} from the reference is over {:.0e}", result.largest_kld, most));
  }
  return result;
}

}  // namespace bitproof
