#include "reference/token_loop.hpp"

#include <cmath>
#include <numeric>

#include "reference/activation_quant.hpp"
#include "reference/attention.hpp"
#include "reference/dequantize.hpp"
#include "reference/embedding.hpp"
#include "reference/gated_ffn.hpp"
#include "reference/matmul.hpp"
#include "reference/residual_add.hpp"
#include "reference/rms_norm.hpp"
#include "reference/rope.hpp"

namespace bitproof::reference {
namespace {

using Floats = std::vector<float>;

// W . x for quantized x, back in float.
Floats linear(std::span<const std::int8_t> w, std::span<const float> weight_scale, std::int64_t rows,
              const Quantized& x) {
  const std::int64_t batch = std::ssize(x.scale), cols = std::ssize(x.v) / batch;
  std::vector<std::int32_t> acc(static_cast<std::size_t>(batch * rows));
  integer_matmul({rows, cols}, w, x.v, acc);
  return dequantize(rows, acc, weight_scale, x.scale);
}

Floats linear(const TernaryMatrix& matrix, std::int64_t rows, const Quantized& x) {
  return linear(matrix.w, {&matrix.scale, 1}, rows, x);
}

std::span<const float> last_row(const Floats& rows, std::int64_t cols) {
  return std::span(rows).last(static_cast<std::size_t>(cols));
}

class Loop {
 public:
  Loop(const ModelShape& shape, std::int64_t positions) : shape_(shape), positions_(positions) {
    std::iota(positions_.begin(), positions_.end(), 0);
  }

  // The residual stream h of all positions through one layer.
  LayerTrace layer(const LayerWeights& w, Floats& h) const {
    LayerTrace trace;
    h = residual_add(h, attention_block(w, norm(shape_.hidden, h, w.attn_norm), trace));
    h = residual_add(h, ffn_block(w, norm(shape_.hidden, h, w.ffn_norm)));
    const std::span last = last_row(h, shape_.hidden);
    trace.hidden.assign(last.begin(), last.end());
    return trace;
  }

  Floats norm(std::int64_t cols, std::span<const float> x, std::span<const float> weight) const {
    require(std::ssize(weight) == cols, "forward: a norm's weight has another width than its input");
    return rounded(rms_norm(x, weight, shape_.norm_eps));
  }

 private:
  Floats attention_block(const LayerWeights& w, const Floats& n, LayerTrace& trace) const {
    const Quantized x = activation_quant(shape_.hidden, n);
    const Floats q = rotate(linear(w.q, shape_.q_width(), x));
    trace.k = rotate(linear(w.k, shape_.kv_width(), x));
    trace.v = linear(w.v, shape_.kv_width(), x);
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(shape_.head_dim)));
    const AttentionShape seen{shape_.heads, shape_.kv_heads, shape_.head_dim, scale, shape_.context};
    Floats a = rounded(attention(seen, q, 0, trace.k, trace.v));
    if (shape_.sub_norms) a = norm(shape_.q_width(), a, w.attn_sub_norm);
    return linear(w.o, shape_.hidden, activation_quant(shape_.q_width(), a));
  }

  Floats ffn_block(const LayerWeights& w, const Floats& m) const {
    const Quantized x = activation_quant(shape_.hidden, m);
    const Floats gate = linear(w.gate, shape_.ffn, x), up = linear(w.up, shape_.ffn, x);
    Floats f = rounded(gated_ffn(shape_.activation, gate, up));
    if (shape_.sub_norms) f = norm(shape_.ffn, f, w.ffn_sub_norm);
    return linear(w.down, shape_.hidden, activation_quant(shape_.ffn, f));
  }

  Floats rotate(const Floats& x) const {
    return rounded(rope(shape_.head_dim, shape_.rope_style, shape_.rope_base, positions_, x));
  }

  const ModelShape& shape_;
  std::vector<std::int64_t> positions_;
};

}  // namespace

Trace forward(const ModelShape& shape, const ModelWeights& weights, std::span<const std::int32_t> tokens) {
  require(!tokens.empty(), "forward: no tokens");
  require(std::ssize(weights.layers) == shape.layers, "forward: weights of another number of layers");
  const Loop loop(shape, std::ssize(tokens));
  Floats h = embedding(shape.hidden, tokens, weights.embedding.w, weights.embedding.row_scale);
  Trace trace;
  for (const LayerWeights& w : weights.layers) trace.layers.push_back(loop.layer(w, h));

  const Floats n = loop.norm(shape.hidden, last_row(h, shape.hidden), weights.output_norm);
  const Floats logits = linear(weights.head.w, weights.head.row_scale, shape.vocab, activation_quant(shape.hidden, n));
  trace.logits.assign(logits.begin(), logits.end());
  return trace;
}

}  // namespace bitproof::reference
