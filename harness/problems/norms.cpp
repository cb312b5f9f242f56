// The ops that read a whole row: rms_norm within its bound, activation_quant and sampling exact.
#include <algorithm>
#include <cmath>
#include <limits>

#include "inputs.hpp"
#include "instances.hpp"
#include "judge.hpp"
#include "reference/activation_quant.hpp"
#include "reference/rms_norm.hpp"
#include "reference/sampling.hpp"

namespace bitproof {
namespace {

constexpr float kEps = 1e-5f;

// ---- rms_norm

struct NormInputs {
  explicit NormInputs(const Case& given)
      : c(given),
        x(float_inputs(c, 1, c.cols, c.batch * c.cols, {1e6f, 1e15f})),
        weight(scale_inputs(moderate(c), 2, c.cols)) {}
  const reference::Bounded& truth() {
    // Squares of small integers sum to below 2^24: nothing of the sum's bound is needed.
    const bool exact_sum = c.fill == Fill::integer && c.cols <= (1 << 24) / 64;
    return lazy.get([&] { return reference::rms_norm(x, weight, kEps, exact_sum ? 0 : c.cols); });
  }

  const Case c;
  std::vector<float> x, weight;
  Lazy<reference::Bounded> lazy;
};

struct NormInstance {
  NormInstance(const NormInputs& in, const rms_norm::Kernel&, const WorkloadOptions& o)
      : frame(o.placed()),
        stride(frame.stride(in.c.cols)),
        weight(frame.input<float>("weights", in.weight)),
        batch(in.c.batch) {
    const Layout layout{batch, 1, in.c.cols, stride};
    x = o.aliased ? frame.in_place<float>("activations", in.x, layout)
                  : frame.input<float>("activations", in.x, in.c.cols, stride);
    y = o.aliased ? x : frame.output<float>("output", layout);
    call = {in.c.cols, frame.at<float>(x), stride, frame.at<float>(weight), kEps, frame.at<float>(y), stride};
  }

  template <class Stage>
  void run(const rms_norm::Kernel& kernel, Stage& stage) {
    stage.compute({1, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(NormInputs& in) { return judge_bounded(in.c, frame.values<float>(y), in.truth()); }
  Cost cost(const NormInputs&) const {
    const auto elements = static_cast<double>(batch * call.cols);
    return {4 * elements, 2 * sizeof(float) * elements};
  }
  std::size_t bytes_read() const { return frame.bytes(x).size() + frame.bytes(weight).size(); }

  Frame frame;
  std::int64_t stride;
  Frame::Handle weight, x, y;
  std::int64_t batch;
  rms_norm::Call call;
};

// ---- activation_quant

struct QuantInputs {
  explicit QuantInputs(const Case& given) : c(given), x(float_inputs(c, 1, c.cols, c.batch * c.cols, {1e6f, 1e38f})) {
    // Halfway cases must round to even: the largest magnitude is 127, so s = 1 and x + 0.5 are ties.
    if (c.fill != Fill::random || c.seed % 2 != 0) return;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(x.size()); ++i) {
      const auto at = static_cast<std::size_t>(i);
      x[at] = i % c.cols == 0 ? 127.0f : static_cast<float>(static_cast<int>(x[at] * 40.0f) % 126) + 0.5f;
    }
  }
  // What a row with a NaN or an infinity becomes is left open.
  bool open(std::int64_t b) const {
    const auto row = x.begin() + b * c.cols;
    return std::any_of(row, row + c.cols, [](float v) { return !std::isfinite(v); });
  }
  const reference::Quantized& truth() {
    return lazy.get([&] {
      std::vector<float> known = x;
      std::replace_if(
          known.begin(), known.end(), [](float v) { return !std::isfinite(v); }, 0.0f);
      return reference::activation_quant(c.cols, known);
    });
  }

  const Case c;
  std::vector<float> x;
  Lazy<reference::Quantized> lazy;
};

struct QuantInstance {
  static constexpr std::int64_t kPadding = 7;  // columns that must be written as zeros

  QuantInstance(const QuantInputs& in, const activation_quant::Kernel&, const WorkloadOptions& o)
      : frame(o.placed()),
        stride(frame.stride(in.c.cols)),
        padded(in.c.cols + kPadding),
        x(frame.input<float>("activations", in.x, in.c.cols, stride)),
        scale(frame.output<float>("scales", {in.c.batch, 1, 1, 1})),
        v(frame.output<std::int8_t>("output", {in.c.batch, 1, padded, padded})),
        batch(in.c.batch),
        call{in.c.cols, frame.at<float>(x), stride, frame.at<std::int8_t>(v), padded, frame.at<float>(scale)} {}

  template <class Stage>
  void run(const activation_quant::Kernel& kernel, Stage& stage) {
    stage.compute({1, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(QuantInputs& in) {
    std::vector<std::int8_t> got, want;
    std::vector<float> scales, want_scales;
    for (std::int64_t b = 0; b < batch; ++b) {
      const std::int8_t* row = call.v + b * call.v_stride;
      for (std::int64_t i = call.cols; i < call.v_stride; ++i) {
        if (row[i] != 0) return Verdict::failed("padding columns are not zero", "padding");
      }
      if (in.open(b)) continue;
      const auto truth = in.truth().v.begin() + b * call.cols;
      got.insert(got.end(), row, row + call.cols);
      want.insert(want.end(), truth, truth + call.cols);
      scales.push_back(call.scale[b]);
      want_scales.push_back(in.truth().scale[static_cast<std::size_t>(b)]);
    }
    const Case quiet{.fill = Fill::extreme};  // all scales of one distribution may be equal
    if (Verdict s = judge_equal(quiet, scales, want_scales); !s.ok()) return Verdict::failed("scale: " + s.reason);
    return judge_equal(in.c, got, want);
  }
  Cost cost(const QuantInputs&) const {
    const auto elements = static_cast<double>(batch * call.cols);
    return {3 * elements, 5 * elements};
  }
  std::size_t bytes_read() const { return frame.bytes(x).size(); }

  Frame frame;
  std::int64_t stride, padded;
  Frame::Handle x, scale, v;
  std::int64_t batch;
  activation_quant::Call call;
};

// ---- sampling: random logits with ties at the top, and a NaN among them when the seed is even; nan: many, or all when
//      the seed is even

struct SamplingInputs {
  explicit SamplingInputs(const Case& given) : c(given), logits(float_inputs(c, 1, c.rows, c.rows, {50.0f, 1e38f})) {
    const std::size_t n = logits.size();
    if (c.fill == Fill::random && n > 8) logits[n / 2] = logits[n - 1] = 10.0f;
    for (std::size_t i = 0; c.fill == Fill::nan && i < n; ++i) {
      if (c.seed % 2 == 0 || i % 3 == 0) logits[i] = std::numeric_limits<float>::quiet_NaN();
    }
    if (c.fill == Fill::random && c.seed % 2 == 0) logits[n / 3] = std::numeric_limits<float>::quiet_NaN();
  }

  const Case c;
  std::vector<float> logits;
};

struct SamplingInstance {
  SamplingInstance(const SamplingInputs& in, const sampling::Kernel&, const WorkloadOptions& o)
      : frame(o.placed()),
        logits(frame.input<float>("logits", in.logits)),
        token(frame.output<std::int64_t>("token", {1, 1, 1, 1})),
        vocab(in.c.rows) {}

  template <class Stage>
  void run(const sampling::Kernel& kernel, Stage& stage) {
    stage.for_tiles({1, 1, 1},
                    [&](Tile, int) { *frame.at<std::int64_t>(token) = kernel.greedy(frame.at<float>(logits), vocab); });
  }
  Verdict judge(SamplingInputs& in) {
    const std::int64_t got = *frame.at<std::int64_t>(token), want = reference::greedy(in.logits);
    return got == want ? Verdict::pass() : Verdict::failed(fmt::format("token {}, the oracle says {}", got, want));
  }
  Cost cost(const SamplingInputs&) const {
    return {static_cast<double>(vocab), sizeof(float) * static_cast<double>(vocab)};
  }
  std::size_t bytes_read() const { return frame.bytes(logits).size(); }

  Frame frame;
  Frame::Handle logits, token;
  std::int64_t vocab;
};

}  // namespace

template <>
std::unique_ptr<Problem<rms_norm::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<rms_norm::Kernel, NormInputs, NormInstance>>(c);
}
template <>
std::unique_ptr<Problem<activation_quant::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<activation_quant::Kernel, QuantInputs, QuantInstance>>(c);
}
template <>
std::unique_ptr<Problem<sampling::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<sampling::Kernel, SamplingInputs, SamplingInstance>>(c);
}

}  // namespace bitproof
