// Relations of the ops that read a whole row: rms_norm, activation_quant, sampling.
#include <cmath>

#include "inputs.hpp"
#include "metamorphic/relations.hpp"

namespace bitproof {
namespace metamorphic {
namespace {

// ---- rms_norm

class NormRig {
 public:
  using Kernel = rms_norm::Kernel;
  enum : std::size_t { kX, kWeight };
  using Input = std::tuple<Tensor<float>, Tensor<float>>;
  using Output = std::tuple<Tensor<float>>;

  NormRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel), cols_(c.cols), batch_(c.batch), x_(c.batch * c.cols), weight_(c.cols), y_(c.batch * c.cols) {}

  static Input inputs(const Case& c) {
    return {{c.batch, 0, c.cols, finite_floats(c, 1, c.batch * c.cols, 1e6f)},
            {0, 0, c.cols, scale_inputs(c, 2, c.cols)}};
  }
  void load(const Input& in) {
    x_.fill(std::get<kX>(in).values);
    weight_.fill(std::get<kWeight>(in).values);
    y_.poison();
  }
  threading::Space space() const { return {1, 1, batch_}; }
  void call(Tile tile) {
    constexpr float kEps = 1e-5f;
    kernel_.run({cols_, x_.data(), cols_, weight_.data(), kEps, y_.data(), cols_}, tile);
  }
  Output output() const { return {{batch_, 0, cols_, y_.values()}}; }

 private:
  const Kernel& kernel_;
  std::int64_t cols_, batch_;
  Fenced<float> x_, weight_, y_;
};

// ---- activation_quant: the rows of the relations are its columns

class QuantRig {
 public:
  using Kernel = activation_quant::Kernel;
  enum : std::size_t { kV, kScale };
  using Input = std::tuple<Tensor<float>>;
  using Output = std::tuple<Tensor<std::int8_t>, Tensor<float>>;  // v, scale

  QuantRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel), cols_(c.cols), batch_(c.batch), x_(c.batch * c.cols), v_(c.batch * c.cols), scale_(c.batch) {}

  static Input inputs(const Case& c) { return {{c.batch, c.cols, 1, finite_floats(c, 1, c.batch * c.cols, 1e6f)}}; }
  void load(const Input& in) {
    x_.fill(std::get<0>(in).values);
    v_.poison();
    scale_.poison();
  }
  threading::Space space() const { return {1, 1, batch_}; }
  void call(Tile tile) { kernel_.run({cols_, x_.data(), cols_, v_.data(), cols_, scale_.data()}, tile); }
  Output output() const { return {{batch_, cols_, 1, v_.values()}, {batch_, 0, 1, scale_.values()}}; }

 private:
  const Kernel& kernel_;
  std::int64_t cols_, batch_;
  Fenced<float> x_;
  Fenced<std::int8_t> v_;
  Fenced<float> scale_;
};

// Twice the input has the same codes under half the scale, unless the scale is the one that the contract limits.
Verdict doubled_halves_the_scale(Subject<QuantRig>& s) {
  QuantRig::Output want = s.output;
  for (float& scale : std::get<QuantRig::kScale>(want).values) {
    if (!(scale < 127.0f / activation_quant::kMinAbsmax)) return Verdict::pass();
    scale *= 0.5f;
  }
  return expect("linearity", "a doubled input must halve the scale alone", run(s.rig, scaled<0>(s.input, 2)), want);
}

// ---- sampling

class SamplingRig {
 public:
  using Kernel = sampling::Kernel;
  using Input = std::tuple<Tensor<float>>;
  using Output = std::tuple<Tensor<std::int64_t>>;

  SamplingRig(const Kernel& kernel, const Case& c) : kernel_(kernel), vocab_(c.rows), logits_(c.rows) {}

  static Input inputs(const Case& c) { return {{0, c.rows, 1, finite_floats(c, 1, c.rows, 50.0f)}}; }
  void load(const Input& in) {
    logits_.fill(std::get<0>(in).values);
    token_ = -1;
  }
  threading::Space space() const { return {1, 1, 1}; }
  void call(Tile) { token_ = kernel_.greedy(logits_.data(), vocab_); }
  Output output() const { return {{0, 0, 1, {token_}}}; }

 private:
  const Kernel& kernel_;
  std::int64_t vocab_;
  Fenced<float> logits_;
  std::int64_t token_ = -1;
};

// The same logits elsewhere: the winner is the first of those that equal the first winner.
Verdict permuted_logits(Subject<SamplingRig>& s) {
  const std::int64_t token = std::get<0>(s.output).values[0];
  if (token < 0 || token >= s.c.rows) {
    return Verdict::failed(fmt::format("token {} of a vocabulary of {}", token, s.c.rows), "permutation");
  }
  const float winner = std::get<0>(s.input).values[static_cast<std::size_t>(token)];
  const SamplingRig::Input moved = each(s.input, PickRows{shuffled(s.c.rows, stream_seed(s.c.seed, 79))});
  const auto& logits = std::get<0>(moved).values;
  const std::int64_t want = std::find(logits.begin(), logits.end(), winner) - logits.begin();
  return expect("permutation", "the logits in another order", run(s.rig, moved),
                SamplingRig::Output{{0, 0, 1, {want}}});
}

// A logit above all others wins wherever it is.
Verdict raised_logit(Subject<SamplingRig>& s) {
  for (const std::int64_t at : {std::int64_t{0}, s.c.rows / 2, s.c.rows - 1}) {
    SamplingRig::Input raised = s.input;
    auto& logits = std::get<0>(raised).values;
    logits[static_cast<std::size_t>(at)] = *std::max_element(logits.begin(), logits.end()) + 1.0f;
    Verdict v =
        expect("raised logit", "a logit above all others", run(s.rig, raised), SamplingRig::Output{{0, 0, 1, {at}}});
    if (!v.ok()) return v;
  }
  return Verdict::pass();
}

Verdict doubled_logits(Subject<SamplingRig>& s) {
  return expect("linearity", "doubled logits must not change the token", run(s.rig, scaled<0>(s.input, 2)), s.output);
}

// ---- all of an op's relations

Verdict check(const rms_norm::Kernel& kernel, const Case& c) {
  using Rig = NormRig;
  return judge<Rig>(
      kernel, c, {permuted_batch<Rig>, odd_in<Rig, Rig::kX>, odd_in<Rig, Rig::kWeight>, doubled_in<Rig, Rig::kWeight>});
}

Verdict check(const activation_quant::Kernel& kernel, const Case& c) {
  using Rig = QuantRig;
  return judge<Rig>(kernel, c, {permuted_rows<Rig>, permuted_batch<Rig>, odd_in<Rig, 0>, doubled_halves_the_scale});
}

Verdict check(const sampling::Kernel& kernel, const Case& c) {
  return judge<SamplingRig>(kernel, c, {permuted_logits, raised_logit, doubled_logits});
}

}  // namespace
}  // namespace metamorphic

template <>
Verdict check_relations(const rms_norm::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}
template <>
Verdict check_relations(const activation_quant::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}
template <>
Verdict check_relations(const sampling::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}

}  // namespace bitproof
