// Relations of dequantize, residual_add, gated_ffn and embedding: every output has its own inputs, wherever they lie.
#include <limits>

#include "inputs.hpp"
#include "metamorphic/relations.hpp"
#include "rng.hpp"

namespace bitproof {
namespace metamorphic {
namespace {

// ---- dequantize

class DequantizeRig {
 public:
  using Kernel = dequantize::Kernel;
  enum : std::size_t { kAcc, kWeightScale, kActivationScale };
  using Input = std::tuple<Tensor<std::int32_t>, Tensor<float>, Tensor<float>>;
  using Output = std::tuple<Tensor<float>>;

  DequantizeRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel),
        rows_(c.rows),
        batch_(c.batch),
        per_row_(c.mode == 1),
        acc_(c.batch * c.rows),
        weight_scale_(per_row_ ? c.rows : 1),
        activation_scale_(c.batch),
        y_(c.batch * c.rows) {}

  static Input inputs(const Case& c) {
    Tensor<std::int32_t> acc{c.batch, c.rows, 1, {}};
    Rng rng(stream_seed(c.seed, 1));
    for (std::int64_t i = 0; i < c.batch * c.rows; ++i) {  // any but the one that has no negative
      acc.values.push_back(std::max(static_cast<std::int32_t>(rng.next()), -std::numeric_limits<std::int32_t>::max()));
    }
    const std::int64_t scales = c.mode ? c.rows : 0;
    return {acc, {0, scales, 1, scale_inputs(c, 2, c.mode ? c.rows : 1)}, {c.batch, 0, 1, scale_inputs(c, 3, c.batch)}};
  }

  void load(const Input& in) {
    acc_.fill(std::get<kAcc>(in).values);
    weight_scale_.fill(std::get<kWeightScale>(in).values);
    activation_scale_.fill(std::get<kActivationScale>(in).values);
    y_.poison();
  }
  threading::Space space() const { return {rows_, 1, batch_}; }
  void call(Tile tile) {
    kernel_.run({rows_, acc_.data(), rows_, weight_scale_.data(), per_row_, activation_scale_.data(), y_.data(), rows_},
                tile);
  }
  Output output() const { return {{batch_, rows_, 1, y_.values()}}; }

 private:
  const Kernel& kernel_;
  std::int64_t rows_, batch_;
  bool per_row_;
  Fenced<std::int32_t> acc_;
  Fenced<float> weight_scale_, activation_scale_, y_;
};

// ---- residual_add, in place

class AddRig {
 public:
  using Kernel = residual_add::Kernel;
  enum : std::size_t { kH, kY };
  using Input = std::tuple<Tensor<float>, Tensor<float>>;
  using Output = std::tuple<Tensor<float>>;

  AddRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel), cols_(c.cols), batch_(c.batch), h_(c.batch * c.cols), y_(c.batch * c.cols) {}

  static Input inputs(const Case& c) {
    return {{c.batch, c.cols, 1, finite_floats(c, 1, c.batch * c.cols, 1e6f)},
            {c.batch, c.cols, 1, finite_floats(c, 2, c.batch * c.cols, 1.0f)}};
  }
  void load(const Input& in) {
    h_.fill(std::get<kH>(in).values);
    y_.fill(std::get<kY>(in).values);
  }
  threading::Space space() const { return {cols_, 1, batch_}; }
  void call(Tile tile) { kernel_.run({y_.data(), h_.data(), cols_}, tile); }
  Output output() const { return {{batch_, cols_, 1, h_.values()}}; }

 private:
  const Kernel& kernel_;
  std::int64_t cols_, batch_;
  Fenced<float> h_, y_;
};

// ---- gated_ffn

class GateRig {
 public:
  using Kernel = gated_ffn::Kernel;
  enum : std::size_t { kGate, kUp };
  using Input = std::tuple<Tensor<float>, Tensor<float>>;
  using Output = std::tuple<Tensor<float>>;

  GateRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel),
        activation_(c.mode ? gated_ffn::Activation::relu_squared : gated_ffn::Activation::silu),
        cols_(c.cols),
        batch_(c.batch),
        gate_(c.batch * c.cols),
        up_(c.batch * c.cols),
        y_(c.batch * c.cols) {}

  static Input inputs(const Case& c) {
    return {{c.batch, c.cols, 1, finite_floats(c, 1, c.batch * c.cols, 20.0f)},
            {c.batch, c.cols, 1, finite_floats(c, 2, c.batch * c.cols, 1e3f)}};
  }
  void load(const Input& in) {
    gate_.fill(std::get<kGate>(in).values);
    up_.fill(std::get<kUp>(in).values);
    y_.poison();
  }
  threading::Space space() const { return {cols_, 1, batch_}; }
  void call(Tile tile) { kernel_.run({activation_, gate_.data(), up_.data(), y_.data(), cols_}, tile); }
  Output output() const { return {{batch_, cols_, 1, y_.values()}}; }

 private:
  const Kernel& kernel_;
  gated_ffn::Activation activation_;
  std::int64_t cols_, batch_;
  Fenced<float> gate_, up_, y_;
};

// ---- embedding

class EmbeddingRig {
 public:
  using Kernel = embedding::Kernel;
  enum : std::size_t { kTokens, kTable, kRowScale };
  using Input = std::tuple<Tensor<std::int32_t>, Tensor<std::int8_t>, Tensor<float>>;
  using Output = std::tuple<Tensor<float>>;

  EmbeddingRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel),
        cols_(c.cols),
        batch_(c.batch),
        tokens_(c.batch),
        table_(c.rows * c.cols),
        row_scale_(c.rows),
        out_(c.batch * c.cols) {}

  static Input inputs(const Case& c) {
    Tensor<std::int32_t> tokens{c.batch, 0, 1, {}};
    Rng rng(stream_seed(c.seed, 3));
    for (std::int64_t b = 0; b < c.batch; ++b) {
      tokens.values.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(c.rows))));
    }
    return {
        tokens, {0, c.rows, c.cols, weight_inputs(c, c.rows, c.cols, 127)}, {0, c.rows, 1, scale_inputs(c, 2, c.rows)}};
  }
  void load(const Input& in) {
    tokens_.fill(std::get<kTokens>(in).values);
    table_.fill(std::get<kTable>(in).values);
    row_scale_.fill(std::get<kRowScale>(in).values);
    out_.poison();
  }
  threading::Space space() const { return {1, 1, batch_}; }
  void call(Tile tile) {
    kernel_.run({cols_, tokens_.data(), table_.data(), row_scale_.data(), out_.data(), cols_}, tile);
  }
  Output output() const { return {{batch_, 0, cols_, out_.values()}}; }

 private:
  const Kernel& kernel_;
  std::int64_t cols_, batch_;
  Fenced<std::int32_t> tokens_;
  Fenced<std::int8_t> table_;
  Fenced<float> row_scale_, out_;
};

// The rows of the table in another order, and every token renamed accordingly.
Verdict permuted_vocabulary(Subject<EmbeddingRig>& s) {
  const Order order = shuffled(s.c.rows, stream_seed(s.c.seed, 80));
  EmbeddingRig::Input renamed = each(s.input, PickRows{order});
  for (std::int32_t& token : std::get<EmbeddingRig::kTokens>(renamed).values) {
    token = static_cast<std::int32_t>(std::find(order.begin(), order.end(), token) - order.begin());
  }
  return expect("permutation", "the table in another order", run(s.rig, renamed), s.output);
}

// ---- all of an op's relations

Verdict check(const dequantize::Kernel& kernel, const Case& c) {
  using Rig = DequantizeRig;
  return judge<Rig>(kernel, c,
                    {permuted_rows<Rig>, permuted_batch<Rig>, odd_in<Rig, Rig::kAcc>, odd_in<Rig, Rig::kWeightScale>,
                     doubled_in<Rig, Rig::kWeightScale>});
}

Verdict check(const residual_add::Kernel& kernel, const Case& c) {
  using Rig = AddRig;
  return judge<Rig>(
      kernel, c,
      {permuted_rows<Rig>, permuted_batch<Rig>, odd_in<Rig, Rig::kH, Rig::kY>, doubled_in<Rig, Rig::kH, Rig::kY>});
}

Verdict check(const gated_ffn::Kernel& kernel, const Case& c) {
  using Rig = GateRig;
  return judge<Rig>(kernel, c, {permuted_rows<Rig>, permuted_batch<Rig>, odd_in<Rig, Rig::kUp>});
}

Verdict check(const embedding::Kernel& kernel, const Case& c) {
  using Rig = EmbeddingRig;
  return judge<Rig>(kernel, c,
                    {permuted_batch<Rig>, permuted_vocabulary, odd_in<Rig, Rig::kTable>, odd_in<Rig, Rig::kRowScale>,
                     doubled_in<Rig, Rig::kRowScale>});
}

}  // namespace
}  // namespace metamorphic

template <>
Verdict check_relations(const dequantize::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}
template <>
Verdict check_relations(const residual_add::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}
template <>
Verdict check_relations(const gated_ffn::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}
template <>
Verdict check_relations(const embedding::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}

}  // namespace bitproof
