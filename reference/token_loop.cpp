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

std::span<const float> last_row(const Floats& rows, std::int64_t cols) {
  return std::span(rows).last(static_cast<std::size_t>(cols));
}

class Loop {
 public:
  // steps: where each step is kept, if anywhere.
  Loop(const ModelShape& shape, std::int64_t positions, std::vector<StepTruth>* steps)
      : shape_(shape), positions_(positions), steps_(steps) {
    std::iota(positions_.begin(), positions_.end(), 0);
  }

  Floats embed(const Int8Table& table, std::span<const std::int32_t> tokens) {
    return keep(
        {Step::embedding, 0, shape_.hidden, embedding(shape_.hidden, tokens, table.w, table.row_scale), {}, {}, {}});
  }

  // The residual stream h of all positions through one layer.
  LayerTrace layer(std::int64_t index, const LayerWeights& w, Floats& h) {
    layer_ = index;
    LayerTrace trace;
    h = add(Step::attention_residual, h,
            attention_block(w, norm(Step::attention_norm, shape_.hidden, h, w.attn_norm), trace));
    h = add(Step::ffn_residual, h, ffn_block(w, norm(Step::ffn_norm, shape_.hidden, h, w.ffn_norm)));
    const std::span last = last_row(h, shape_.hidden);
    trace.hidden.assign(last.begin(), last.end());
    return trace;
  }

  Floats head(const ModelWeights& w, std::span<const float> h) {
    layer_ = shape_.layers;
    const Quantized x =
        quantize(Step::head_quant, shape_.hidden, norm(Step::output_norm, shape_.hidden, h, w.output_norm));
    return linear(Step::logits, w.head.w, w.head.row_scale, shape_.vocab, x);
  }

 private:
  Floats attention_block(const LayerWeights& w, const Floats& n, LayerTrace& trace) {
    const Quantized x = quantize(Step::attention_quant, shape_.hidden, n);
    const Floats raw_q = linear(Step::q, w.q, shape_.q_width(), x), raw_k = linear(Step::k, w.k, shape_.kv_width(), x);
    trace.v = linear(Step::v, w.v, shape_.kv_width(), x);
    const Floats q = rotate(Step::rope_q, shape_.q_width(), raw_q);
    trace.k = rotate(Step::rope_k, shape_.kv_width(), raw_k);
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(shape_.head_dim)));
    const AttentionShape seen{shape_.heads, shape_.kv_heads, shape_.head_dim, scale, shape_.context};
    Floats a = keep(Step::attention, shape_.q_width(), attention(seen, q, 0, trace.k, trace.v));
    if (shape_.sub_norms) a = norm(Step::attention_sub_norm, shape_.q_width(), a, w.attn_sub_norm);
    return linear(Step::o, w.o, shape_.hidden, quantize(Step::o_quant, shape_.q_width(), a));
  }

  Floats ffn_block(const LayerWeights& w, const Floats& m) {
    const Quantized x = quantize(Step::ffn_quant, shape_.hidden, m);
    const Floats gate = linear(Step::gate, w.gate, shape_.ffn, x), up = linear(Step::up, w.up, shape_.ffn, x);
    Floats f = keep(Step::gated_ffn, shape_.ffn, gated_ffn(shape_.activation, gate, up));
    if (shape_.sub_norms) f = norm(Step::ffn_sub_norm, shape_.ffn, f, w.ffn_sub_norm);
    return linear(Step::down, w.down, shape_.hidden, quantize(Step::down_quant, shape_.ffn, f));
  }

  Floats norm(Step step, std::int64_t cols, std::span<const float> x, std::span<const float> weight) {
    require(std::ssize(weight) == cols, "forward: a norm's weight has another width than its input");
    return keep(step, cols, rms_norm(x, weight, shape_.norm_eps));
  }

  Floats rotate(Step step, std::int64_t cols, const Floats& x) {
    return keep(step, cols, rope(shape_.head_dim, shape_.rope_style, shape_.rope_base, positions_, x));
  }

  Floats add(Step step, const Floats& h, const Floats& y) {
    return keep({step, layer_, shape_.hidden, residual_add(h, y), {}, {}, {}});
  }

  Quantized quantize(Step step, std::int64_t cols, const Floats& x) {
    Quantized q = activation_quant(cols, x);
    if (steps_) steps_->push_back({step, layer_, cols, {}, {}, {}, q});
    return q;
  }

  // W . x for quantized x, back in float.
  Floats linear(Step step, std::span<const std::int8_t> w, std::span<const float> weight_scale, std::int64_t rows,
                const Quantized& x) {
    const std::int64_t batch = std::ssize(x.scale), cols = std::ssize(x.v) / batch;
    std::vector<std::int32_t> acc(static_cast<std::size_t>(batch * rows));
    integer_matmul({rows, cols}, w, x.v, acc);
    Floats y = dequantize(rows, acc, weight_scale, x.scale);
    return keep({step, layer_, rows, std::move(y), {}, std::move(acc), {}});
  }

  Floats linear(Step step, const TernaryMatrix& matrix, std::int64_t rows, const Quantized& x) {
    return linear(step, matrix.w, {&matrix.scale, 1}, rows, x);
  }

  Floats keep(StepTruth truth) {
    if (!steps_) return std::move(truth.values);
    steps_->push_back(std::move(truth));
    return steps_->back().values;
  }
  Floats keep(Step step, std::int64_t cols, Bounded bounded) {
    Floats values = rounded(bounded);
    return keep({step, layer_, cols, std::move(values), std::move(bounded), {}, {}});
  }

  const ModelShape& shape_;
  std::vector<std::int64_t> positions_;
  std::int64_t layer_ = 0;
  std::vector<StepTruth>* steps_;
};

Trace run(const ModelShape& shape, const ModelWeights& weights, std::span<const std::int32_t> tokens,
          std::vector<StepTruth>* steps) {
  require(!tokens.empty(), "forward: no tokens");
  require(std::ssize(weights.layers) == shape.layers, "forward: weights of another number of layers");
  Loop loop(shape, std::ssize(tokens), steps);
  Floats h = loop.embed(weights.embedding, tokens);
  Trace trace;
  for (std::int64_t l = 0; l < shape.layers; ++l) {
    trace.layers.push_back(loop.layer(l, weights.layers[static_cast<std::size_t>(l)], h));
  }
  // A decoder needs the logits of the last position only.
  const Floats logits = loop.head(weights, steps ? std::span<const float>(h) : last_row(h, shape.hidden));
  const std::span last = last_row(logits, shape.vocab);
  trace.logits.assign(last.begin(), last.end());
  return trace;
}

}  // namespace

const char* name(Step step) {
  static constexpr const char* kNames[] = {"embedding",
                                           "attention_norm",
                                           "attention_quant",
                                           "q",
                                           "k",
                                           "v",
                                           "rope_q",
                                           "rope_k",
                                           "attention",
                                           "attention_sub_norm",
                                           "o_quant",
                                           "o",
                                           "attention_residual",
                                           "ffn_norm",
                                           "ffn_quant",
                                           "gate",
                                           "up",
                                           "gated_ffn",
                                           "ffn_sub_norm",
                                           "down_quant",
                                           "down",
                                           "ffn_residual",
                                           "output_norm",
                                           "head_quant",
                                           "logits"};
  return kNames[static_cast<int>(step)];
}

Trace forward(const ModelShape& shape, const ModelWeights& weights, std::span<const std::int32_t> tokens) {
  return run(shape, weights, tokens, nullptr);
}

std::vector<StepTruth> forward_steps(const ModelShape& shape, const ModelWeights& weights,
                                     std::span<const std::int32_t> tokens) {
  std::vector<StepTruth> steps;
  run(shape, weights, tokens, &steps);
  return steps;
}

}  // namespace bitproof::reference
