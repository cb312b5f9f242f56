#include "reference/token_loop.hpp"

#include <cmath>
#include <numeric>

#include "reference/activation_quant.hpp"
#include "reference/attention.hpp"
#include "reference/dequantize.hpp"
#include "reference/embedding.hpp"
#include "reference/gated_ffn.hpp"
#include "reference/kv_cache.hpp"
#include "reference/matmul.hpp"
#include "reference/residual_add.hpp"
#include "reference/rms_norm.hpp"
#include "reference/rope.hpp"

namespace bitproof::reference {
namespace {

using Floats = std::vector<float>;

// Values, and how far a loop's own may be from them that had the same integers and scales in the quantization before;
// see StepTruth. Empty: not at all, or not asked for.
struct Stream {
  Floats x;
  std::vector<double> drift{};
};

std::span<const float> last_row(const Floats& rows, std::int64_t cols) {
  return std::span(rows).last(static_cast<std::size_t>(cols));
}

class Loop {
 public:
  // steps: where each step is kept, if anywhere.
  Loop(const ModelShape& shape, std::int64_t positions, std::vector<StepTruth>* steps, kv_cache::Element kept)
      : shape_(shape), positions_(positions), steps_(steps), kept_(kept) {
    std::iota(positions_.begin(), positions_.end(), 0);
  }

  Floats embed(const Int8Table& table, std::span<const std::int32_t> tokens) {
    return keep(Step::embedding, shape_.hidden, embedding(shape_.hidden, tokens, table.w, table.row_scale));
  }

  // The residual stream h of all positions through one layer.
  LayerTrace layer(std::int64_t index, const LayerWeights& w, Floats& h) {
    layer_ = index;
    LayerTrace trace;
    h = keep(Step::attention_residual, shape_.hidden,
             residual_add(h, attention_block(w, norm(Step::attention_norm, shape_.hidden, {h}, w.attn_norm), trace)));
    h = keep(Step::ffn_residual, shape_.hidden,
             residual_add(h, ffn_block(w, norm(Step::ffn_norm, shape_.hidden, {h}, w.ffn_norm))));
    const std::span last = last_row(h, shape_.hidden);
    trace.hidden.assign(last.begin(), last.end());
    return trace;
  }

  Floats head(const ModelWeights& w, const Floats& h) {
    layer_ = shape_.layers;
    const Quantized x =
        quantize(Step::head_quant, shape_.hidden, norm(Step::output_norm, shape_.hidden, {h}, w.output_norm));
    return linear(Step::logits, w.head.w, w.head.row_scale, shape_.vocab, x);
  }

 private:
  Floats attention_block(const LayerWeights& w, const Stream& n, LayerTrace& trace) {
    const Quantized x = quantize(Step::attention_quant, shape_.hidden, n);
    const Floats raw_q = linear(Step::q, w.q, shape_.q_width(), x), raw_k = linear(Step::k, w.k, shape_.kv_width(), x);
    trace.v = linear(Step::v, w.v, shape_.kv_width(), x);
    const Stream q = rotate(Step::rope_q, shape_.q_width(), raw_q), k = rotate(Step::rope_k, shape_.kv_width(), raw_k);
    trace.k = k.x;
    const auto scale = static_cast<float>(1 / std::sqrt(static_cast<double>(shape_.head_dim)));
    const AttentionShape seen{shape_.heads, shape_.kv_heads, shape_.head_dim, scale, shape_.context};
    const Floats keys = as_kept(kept_, shape_.head_dim, k.x), values = as_kept(kept_, shape_.head_dim, trace.v);
    Stream a = bounded(Step::attention, shape_.q_width(), [&](bool drifted) {
      return attention(seen, q.x, 0, keys, values, 0, drifted ? AttentionError{q.drift, k.drift} : AttentionError{});
    });
    if (shape_.sub_norms) a = norm(Step::attention_sub_norm, shape_.q_width(), a, w.attn_sub_norm);
    return linear(Step::o, w.o, shape_.hidden, quantize(Step::o_quant, shape_.q_width(), a));
  }

  Floats ffn_block(const LayerWeights& w, const Stream& m) {
    const Quantized x = quantize(Step::ffn_quant, shape_.hidden, m);
    const Floats gate = linear(Step::gate, w.gate, shape_.ffn, x), up = linear(Step::up, w.up, shape_.ffn, x);
    Stream f = bounded(Step::gated_ffn, shape_.ffn, [&](bool) { return gated_ffn(shape_.activation, gate, up); });
    if (shape_.sub_norms) f = norm(Step::ffn_sub_norm, shape_.ffn, f, w.ffn_sub_norm);
    return linear(Step::down, w.down, shape_.hidden, quantize(Step::down_quant, shape_.ffn, f));
  }

  Stream norm(Step step, std::int64_t cols, const Stream& x, std::span<const float> weight) {
    require(std::ssize(weight) == cols, "forward: a norm's weight has another width than its input");
    return bounded(step, cols, [&](bool drifted) {
      return rms_norm(x.x, weight, shape_.norm_eps,
                      drifted ? std::span<const double>(x.drift) : std::span<const double>());
    });
  }

  Stream rotate(Step step, std::int64_t cols, const Floats& x) {
    return bounded(step, cols,
                   [&](bool) { return rope(shape_.head_dim, shape_.rope_style, shape_.rope_base, positions_, x); });
  }

  Quantized quantize(Step step, std::int64_t cols, const Stream& x) {
    Quantized q = activation_quant(cols, x.x);
    if (steps_) {
      const Bounded drifting{{x.x.begin(), x.x.end()}, x.drift};
      steps_->push_back({step, layer_, cols, {}, {}, {}, q, near_tie(cols, drifting)});
    }
    return q;
  }

  // W . x for quantized x, back in float.
  Floats linear(Step step, std::span<const std::int8_t> w, std::span<const float> weight_scale, std::int64_t rows,
                const Quantized& x) {
    const std::int64_t batch = std::ssize(x.scale), cols = std::ssize(x.v) / batch;
    std::vector<std::int32_t> acc(static_cast<std::size_t>(batch * rows));
    integer_matmul({rows, cols}, w, x.v, acc);
    Floats y = dequantize(rows, acc, weight_scale, x.scale);
    return keep(step, rows, std::move(y), std::move(acc));
  }

  Floats linear(Step step, const TernaryMatrix& matrix, std::int64_t rows, const Quantized& x) {
    return linear(step, matrix.w, matrix.scale, rows, x);
  }

  // An op whose rounding is free: oracle(false) from identical inputs, oracle(true) from drifted ones.
  template <class Oracle>
  Stream bounded(Step step, std::int64_t cols, Oracle&& oracle) {
    Bounded truth = oracle(false);
    Stream y{rounded(truth)};
    if (!steps_) return y;
    y.drift = oracle(true).bound;  // from the exact value, which the reference then rounds
    for (std::size_t i = 0; i < y.x.size(); ++i) y.drift[i] += kUnitRoundoff * std::abs(truth.value[i]) + kUnderflow;
    steps_->push_back({step, layer_, cols, y.x, std::move(truth), {}, {}, {}});
    return y;
  }

  Floats keep(Step step, std::int64_t cols, Floats y, std::vector<std::int32_t> sums = {}) {
    if (steps_) steps_->push_back({step, layer_, cols, y, {}, std::move(sums), {}, {}});
    return y;
  }

  const ModelShape& shape_;
  std::vector<std::int64_t> positions_;
  std::int64_t layer_ = 0;
  std::vector<StepTruth>* steps_;
  kv_cache::Element kept_;
};

Trace run(const ModelShape& shape, const ModelWeights& weights, std::span<const std::int32_t> tokens,
          std::vector<StepTruth>* steps, kv_cache::Element kept) {
  require(!tokens.empty(), "forward: no tokens");
  require(std::ssize(weights.layers) == shape.layers, "forward: weights of another number of layers");
  Loop loop(shape, std::ssize(tokens), steps, kept);
  Floats h = loop.embed(weights.embedding, tokens);
  Trace trace;
  for (std::int64_t l = 0; l < shape.layers; ++l) {
    trace.layers.push_back(loop.layer(l, weights.layers[static_cast<std::size_t>(l)], h));
  }
  if (!steps) {  // a decoder needs the logits of the last position only
    const std::span last = last_row(h, shape.hidden);
    h = Floats(last.begin(), last.end());
  }
  const Floats logits = loop.head(weights, h);
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
  return run(shape, weights, tokens, nullptr, kv_cache::Element::f32);
}

std::vector<StepTruth> forward_steps(const ModelShape& shape, const ModelWeights& weights,
                                     std::span<const std::int32_t> tokens, kv_cache::Element kept) {
  std::vector<StepTruth> steps;
  run(shape, weights, tokens, &steps, kept);
  return steps;
}

}  // namespace bitproof::reference
