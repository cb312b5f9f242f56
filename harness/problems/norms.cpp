// The ops that read a whole row: rms_norm within its bound, activation_quant and sampling exact.
#include <limits>

#include "buffer.hpp"
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
      : c(given), x(float_inputs(c, 1, c.batch * c.cols, 1e6f)), weight(scale_inputs(c, 2, c.cols)) {}
  const reference::Bounded& truth() {
    return lazy.get([&] { return reference::rms_norm(x, weight, kEps); });
  }

  const Case c;
  std::vector<float> x, weight;
  Lazy<reference::Bounded> lazy;
};

struct NormInstance {
  NormInstance(const NormInputs& in, const rms_norm::Kernel&, const WorkloadOptions& o)
      : x(in.x, o.guarded), weight(in.weight, o.guarded), y(in.c.cols, in.c.batch, o.guarded), batch(in.c.batch),
        call{in.c.cols, x.data(), in.c.cols, weight.data(), kEps, y.data(), y.stride()} {}

  void poison() { y.poison(); }
  void run(const rms_norm::Kernel& kernel, Team& team) {
    team.for_tiles({1, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(NormInputs& in) {
    if (y.strayed()) return Verdict::failed("wrote outside its output");
    if (!x.equals(in.x) || !weight.equals(in.weight)) return Verdict::failed("changed its input");
    return judge_bounded(in.c, y.values(), in.truth());
  }
  Cost cost(const NormInputs&) const { return {4.0 * static_cast<double>(x.span().size()), static_cast<double>(2 * x.bytes())}; }
  std::size_t bytes_read() const { return x.bytes() + weight.bytes(); }

  Buffer<float> x, weight;
  Output<float> y;
  std::int64_t batch;
  rms_norm::Call call;
};

// ---- activation_quant

struct QuantInputs {
  explicit QuantInputs(const Case& given) : c(given), x(float_inputs(c, 1, c.batch * c.cols, 1e6f)) {
    // Halfway cases must round to even: the largest magnitude is 127, so s = 1 and x + 0.5 are ties.
    if (c.fill != Fill::random || c.seed % 2 != 0) return;
    for (std::int64_t i = 0; i < static_cast<std::int64_t>(x.size()); ++i) {
      const auto at = static_cast<std::size_t>(i);
      x[at] = i % c.cols == 0 ? 127.0f : static_cast<float>(static_cast<int>(x[at] * 40.0f) % 126) + 0.5f;
    }
  }
  const reference::Quantized& truth() {
    return lazy.get([&] { return reference::activation_quant(c.cols, x); });
  }

  const Case c;
  std::vector<float> x;
  Lazy<reference::Quantized> lazy;
};

struct QuantInstance {
  static constexpr std::int64_t kPadding = 7;  // columns that must be written as zeros

  QuantInstance(const QuantInputs& in, const activation_quant::Kernel&, const WorkloadOptions& o)
      : x(in.x, o.guarded), scale(in.c.batch, o.guarded), v(in.c.batch * (in.c.cols + kPadding), o.guarded),
        batch(in.c.batch), call{in.c.cols, x.data(), in.c.cols, v.data(), in.c.cols + kPadding, scale.data()} {}

  void poison() {
    v.poison();
    scale.poison();
  }
  void run(const activation_quant::Kernel& kernel, Team& team) {
    team.for_tiles({1, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(QuantInputs& in) {
    if (!v.margins_intact() || !scale.margins_intact()) return Verdict::failed("wrote outside its output");
    if (!x.equals(in.x)) return Verdict::failed("changed its input");
    std::vector<std::int8_t> got;
    for (std::int64_t b = 0; b < batch; ++b) {
      const std::int8_t* row = call.v + b * call.v_stride;
      got.insert(got.end(), row, row + call.cols);
      for (std::int64_t i = call.cols; i < call.v_stride; ++i) {
        if (row[i] != 0) return Verdict::failed("padding columns are not zero");
      }
    }
    const std::vector<float> scales(scale.span().begin(), scale.span().end());
    const Case quiet{.fill = Fill::extreme};  // all scales of one distribution may be equal
    if (Verdict s = judge_equal(quiet, scales, in.truth().scale); !s.ok()) return Verdict::failed("scale: " + s.reason);
    return judge_equal(in.c, got, in.truth().v);
  }
  Cost cost(const QuantInputs&) const { return {3.0 * static_cast<double>(x.span().size()), 1.25 * static_cast<double>(x.bytes())}; }
  std::size_t bytes_read() const { return x.bytes(); }

  Buffer<float> x, scale;
  Buffer<std::int8_t> v;
  std::int64_t batch;
  activation_quant::Call call;
};

// ---- sampling: random logits with ties at the top, and NaN among them when the seed is even

struct SamplingInputs {
  explicit SamplingInputs(const Case& given) : c(given), logits(float_inputs(c, 1, c.rows, 50.0f)) {
    const std::size_t n = logits.size();
    if (c.fill == Fill::random && n > 8) logits[n / 2] = logits[n - 1] = 10.0f;
    if (c.fill == Fill::random && c.seed % 2 == 0) logits[n / 3] = std::numeric_limits<float>::quiet_NaN();
  }

  const Case c;
  std::vector<float> logits;
};

struct SamplingInstance {
  SamplingInstance(const SamplingInputs& in, const sampling::Kernel&, const WorkloadOptions& o)
      : logits(in.logits, o.guarded) {}

  void poison() { token = -1; }
  void run(const sampling::Kernel& kernel, Team&) {
    token = kernel.greedy(logits.data(), static_cast<std::int64_t>(logits.span().size()));
  }
  Verdict judge(SamplingInputs& in) {
    if (std::memcmp(logits.data(), in.logits.data(), logits.bytes()) != 0) return Verdict::failed("changed its input");
    const std::int64_t want = reference::greedy(in.logits);
    return token == want ? Verdict::pass() : Verdict::failed(fmt::format("token {}, the oracle says {}", token, want));
  }
  Cost cost(const SamplingInputs&) const { return {static_cast<double>(logits.span().size()), static_cast<double>(logits.bytes())}; }
  std::size_t bytes_read() const { return logits.bytes(); }

  Buffer<float> logits;
  std::int64_t token = -1;
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
