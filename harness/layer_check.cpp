#include "layer_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "judge.hpp"
#include "reference/kv_cache.hpp"

namespace bitproof {
namespace {

using reference::StepTruth;

// Walks the reference's steps with the loop: each pass goes through all of them in order, the head's only if the token
// is wanted, and covers the positions that are due.
class Walk : public LoopObserver {
 public:
  explicit Walk(const LayerTruth& truth) : truth_(truth.steps), layers_(truth.model.shape().layers) {}

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
  void fail(const std::string& check, std::string why) {
    if (verdict_.ok()) verdict_ = Verdict::failed(std::move(why), check);
  }
  void fail(const std::string& check, const StepOutput& out, const std::string& why) {
    fail(check, fmt::format("{} of layer {}, positions from {}: {}", name(out.step), out.layer, out.first, why));
  }
  void within(const StepOutput& out, const std::vector<float>& got, const reference::Bounded& truth) {
    if (const auto bad = reference::first_violation(got, truth)) {
      fail("layers", out,
           fmt::format("value {} is {}, the oracle says {} +- {:.3g}", bad->index, bad->got, bad->want, bad->bound));
    }
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
  Lockstep(const LayerTruth& truth, const LayerCheckOptions& options)
      : Walk(truth), nmse_bound_(options.nmse_bound), head_nmse_bound_(options.head_nmse_bound) {}
  double product_nmse() const { return product_nmse_; }
  double head_nmse() const { return head_nmse_; }

 private:
  void compare(const StepTruth& truth, const StepOutput& out) override {
    if (out.v) return quantized(truth, out);
    const std::vector<float> want = rows(truth.values, out);
    const std::vector<float> got(out.values, out.values + out.batch * out.cols);
    if (const double bound = published(out); bound > 0) {
      const std::vector<std::int32_t> sums = rows(truth.sums, out);
      const double error = reference::nmse(std::span(out.sums, sums.size()), sums);
      double& largest = out.step == Step::logits ? head_nmse_ : product_nmse_;
      largest = std::max(largest, error);
      if (!(error <= bound)) {
        fail("layers", out, fmt::format("NMSE {:.3g} is over the published {:.3g}", error, bound));
      }
    } else if (truth.bounded.value.empty()) {
      if (out.sums) equal(out, std::vector<std::int32_t>(out.sums, out.sums + got.size()), rows(truth.sums, out));
      equal(out, got, want);
    } else {
      within(out, got, {rows(truth.bounded.value, out), rows(truth.bounded.bound, out)});
    }
    std::copy(want.begin(), want.end(), out.values);
  }

  // Of an approximate product; 0 of an exact step.
  double published(const StepOutput& out) const {
    return !out.sums ? 0 : out.step == Step::logits ? head_nmse_bound_ : nmse_bound_;
  }

  void quantized(const StepTruth& truth, const StepOutput& out) {
    equal(out, integers(out), rows(truth.quantized.v, out));
    const auto first = truth.quantized.scale.begin() + out.first;
    equal(out, std::vector<float>(out.scale, out.scale + out.batch), std::vector<float>(first, first + out.batch));
  }

  template <class T>
  void equal(const StepOutput& out, const std::vector<T>& got, const std::vector<T>& want) {
    if (const auto bad = reference::first_mismatch(got, want)) {
      fail("layers", out, fmt::format("value {} is {}, the oracle says {}", bad->index, bad->got, bad->want));
    }
  }

  double nmse_bound_, head_nmse_bound_, product_nmse_ = 0, head_nmse_ = 0;
};

class Free final : public Walk {
 public:
  using Walk::Walk;
  std::int64_t ties() const { return ties_; }

 private:
  void compare(const StepTruth& truth, const StepOutput& out) override {
    if (!out.v) return;
    const std::vector<std::int8_t> want = rows(truth.quantized.v, out);
    for (std::int64_t i = 0; i < std::ssize(want); ++i) {
      std::int8_t& got = out.v[i / out.cols * out.v_stride + i % out.cols];
      const std::int8_t ideal = want[static_cast<std::size_t>(i)];
      if (got == ideal) continue;
      ++ties_;
      if (!truth.near_tie[static_cast<std::size_t>(out.first * out.cols + i)] || std::abs(got - ideal) != 1) {
        fail("ties", out,
             fmt::format("value {} is quantized to {}, the oracle says {}, and no tie is near", i, got, ideal));
      }
      got = ideal;
    }
  }

  std::int64_t ties_ = 0;
};

// Looks on, so that a loop which behaves when watched is watched while nothing is put right.
class Bystander final : public LoopObserver {
  void after(const StepOutput&) override {}
};

// Shows one sequence of a batch to another observer.
class OnlySequence final : public LoopObserver {
 public:
  OnlySequence(std::int64_t sequence, LoopObserver* observer) : sequence_(sequence), observer_(observer) {}
  void after(const StepOutput& out) override {
    if (out.sequence == sequence_) observer_->after(out);
  }

 private:
  std::int64_t sequence_;
  LoopObserver* observer_;
};

// The tokens for the sequence that is looked at, and for each other one of the batch others than for any.
std::vector<std::int32_t> for_each_sequence(std::span<const std::int32_t> tokens, const LayerCheckOptions& options,
                                            std::int64_t vocab) {
  std::vector<std::int32_t> all;
  for (std::int64_t i = 0; i < options.sequences; ++i) {
    const std::int64_t shift = i - options.sequence + options.sequences * vocab;
    for (const std::int32_t t : tokens) all.push_back(static_cast<std::int32_t>((t + shift) % vocab));
  }
  return all;
}

using Logits = std::vector<std::vector<float>>;

Logits decode(const LayerTruth& truth, const LoopSlots& slots, const LayerCheckOptions& options,
              const MakeDecoder& make, LoopObserver* observer, Walk* walk = nullptr) {
  const auto loop = make(truth.model, slots, options.threads, truth.capacity, steady_ns);
  OnlySequence only(options.sequence, observer);
  loop->observe(observer ? &only : nullptr);
  const auto prefix = static_cast<std::size_t>(options.prefix);
  const auto vocab = static_cast<std::size_t>(truth.model.shape().vocab);
  const auto spread = [&](std::span<const std::int32_t> tokens) {
    return for_each_sequence(tokens, options, static_cast<std::int64_t>(vocab));
  };
  loop->prefill(spread(std::span(truth.tokens).first(prefix)));
  Logits logits;
  for (const std::int32_t& t : std::span(truth.tokens).subspan(prefix)) {
    loop->step(spread({&t, 1}));
    if (walk) walk->end_token();
    const auto own = loop->logits().subspan(static_cast<std::size_t>(options.sequence) * vocab, vocab);
    logits.emplace_back(own.begin(), own.end());
  }
  return logits;
}

double largest_kld(const Logits& truth, const Logits& got) {
  double most = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    most = std::max(most, reference::kld(std::vector<double>(truth[i].begin(), truth[i].end()),
                                         std::vector<double>(got[i].begin(), got[i].end())));
  }
  return most;
}

}  // namespace

LayerTruth::LayerTruth(const PackedModel& of, std::span<const std::int32_t> fed, std::int64_t cache_capacity,
                       kv_cache::Element kept)
    : model(of), tokens(fed.begin(), fed.end()), capacity(cache_capacity), element(kept) {
  ModelShape seen = of.shape();
  seen.context = capacity;
  const reference::ModelWeights weights = of.model().materialize();
  steps = reference::forward_steps(seen, weights, tokens, element);
  if (element == kv_cache::Element::f32) {
    logits = steps.back().values;
    return;
  }
  logits = reference::forward_steps(seen, weights, tokens).back().values;
  std::vector<float> given;
  for (const StepTruth& s : steps) {
    if (s.step == Step::rope_k || s.step == Step::v) given.insert(given.end(), s.values.begin(), s.values.end());
  }
  kept_nmse = reference::nmse(reference::as_kept(element, seen.head_dim, given), given);
}

LayerCheck check_layers(const LayerTruth& truth, const LoopSlots& slots, const LayerCheckOptions& options,
                        const MakeDecoder& make) {
  const bool exact = options.nmse_bound == 0 && options.head_nmse_bound == 0 && options.kept_nmse_bound == 0;
  LayerCheck result;
  const auto fail = [&](const Verdict& verdict) {
    if (result.verdict.ok()) result.verdict = verdict;
  };
  if (!(truth.kept_nmse <= options.kept_nmse_bound)) {
    fail(Verdict::failed(fmt::format("keys and values are kept with NMSE {:.3g}, published are {:.3g}", truth.kept_nmse,
                                     options.kept_nmse_bound),
                         "cache"));
  }
  const StepTruth& head = truth.steps.back();
  const auto fed = [&](const std::vector<float>& logits) {
    Logits rows;
    for (std::int64_t p = options.prefix; p < std::ssize(truth.tokens); ++p) {
      rows.emplace_back(logits.begin() + p * head.cols, logits.begin() + (p + 1) * head.cols);
    }
    return rows;
  };
  const Logits want = fed(head.values), with_floats = fed(truth.logits);

  Lockstep lockstep(truth, options);
  const Logits led = decode(truth, slots, options, make, &lockstep, &lockstep);
  result.steps = lockstep.steps();
  result.product_nmse = lockstep.product_nmse();
  result.head_nmse = lockstep.head_nmse();
  result.kept_nmse = truth.kept_nmse;
  fail(lockstep.verdict());
  if (led != want) fail(Verdict::failed("logits in lockstep are not the reference's", "logits"));

  Bystander bystander;
  const Logits watched = decode(truth, slots, options, make, &bystander);
  const Logits alone = decode(truth, slots, options, make, nullptr);
  if (watched != alone)
    fail(Verdict::failed("a loop that is watched gives other logits than one that is not", "logits"));
  result.cascaded_kld = result.largest_kld = largest_kld(with_floats, alone);
  if (exact) {
    Free free(truth);
    const Logits put_right = decode(truth, slots, options, make, &free, &free);
    fail(free.verdict());
    result.ties = free.ties();
    result.largest_kld = largest_kld(want, put_right);
    if (result.ties == 0 && put_right != alone) fail(Verdict::failed("two runs alike gave other logits", "logits"));
  }
  const double most = exact ? kMostDivergence : kMostApproximateDivergence;
  if (!(result.largest_kld <= most)) {
    fail(Verdict::failed(fmt::format("KLD {:.3g} from the reference is over {:.0e}", result.largest_kld, most),
                         "logits"));
  }
  return result;
}

}  // namespace bitproof
