// The truth of a whole decoder, built of the oracles: no cache, no tiles, no packing; the prefix is recomputed from
// token 0.
//
// Between two ops stands what the contracts put there: float activations, each the correctly rounded value of the op's
// double result, and int8 ones from the exact quantization of those floats. So a loop that differs from this one in
// nothing but the rounding inside rms_norm, rope, attention and the gate has the same integers except near ties.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kv_cache/contract.hpp"
#include "model.hpp"
#include "reference/activation_quant.hpp"
#include "reference/bounded.hpp"

namespace bitproof::reference {

struct TernaryMatrix {
  std::vector<std::int8_t> w;      // [rows x cols] in {-1, 0, +1}
  std::vector<float> scale = {1};  // one, or one a row
};

struct LayerWeights {
  TernaryMatrix q, k, v, o;                        // [q_width | kv_width | kv_width x hidden], [hidden x q_width]
  TernaryMatrix gate, up, down;                    // [ffn x hidden] twice, [hidden x ffn]
  std::vector<float> attn_norm, ffn_norm;          // [hidden]
  std::vector<float> attn_sub_norm, ffn_sub_norm;  // [q_width], [ffn]; unused without ModelShape::sub_norms
};

struct Int8Table {
  std::vector<std::int8_t> w;    // [vocab x hidden]
  std::vector<float> row_scale;  // [vocab]
};

struct ModelWeights {
  std::vector<LayerWeights> layers;
  std::vector<float> output_norm;  // [hidden]
  Int8Table embedding;
  Int8Table head;  // equal to embedding when tied
};

// In the order of a pass. A product is one step with its scales applied.
enum class Step : std::uint8_t {
  embedding,
  attention_norm,
  attention_quant,
  q,
  k,
  v,
  rope_q,
  rope_k,
  attention,
  attention_sub_norm,
  o_quant,
  o,
  attention_residual,
  ffn_norm,
  ffn_quant,
  gate,
  up,
  gated_ffn,
  ffn_sub_norm,
  down_quant,
  down,
  ffn_residual,
  output_norm,
  head_quant,
  logits,
};
const char* name(Step);

// What a step must leave behind when its inputs are those that the steps before it left, for every position.
struct StepTruth {
  Step step;
  std::int64_t layer;  // `layers` for the head
  std::int64_t cols;
  std::vector<float> values;       // [positions x cols]; of a residual step, the stream h; empty for a quantization
  Bounded bounded;                 // where rounding is free: values before their own rounding; empty where it is not
  std::vector<std::int32_t> sums;  // of a product
  Quantized quantized;             // of a quantization
  // Of a quantization: the integers that may fall on the other side of a tie in a loop that had the reference's
  // integers and scales in the quantization before, by the errors of the ops between.
  std::vector<bool> near_tie;
};

struct LayerTrace {
  std::vector<double> hidden;  // [hidden]: the residual stream after this layer, last position
  std::vector<float> k, v;     // [positions x kv_width], RoPE applied: what a cache holds
};

struct Trace {
  std::vector<LayerTrace> layers;
  std::vector<double> logits;  // [vocab], last position
};

// Every step of every position, the head's too, in order. Attention reads keys and values as a cache of `kept` has
// them; its steps rope_k and v are what was given to the cache.
std::vector<StepTruth> forward_steps(const ModelShape& shape, const ModelWeights& weights,
                                     std::span<const std::int32_t> tokens,
                                     kv_cache::Element kept = kv_cache::Element::f32);

// Tokens stand at positions 0, 1, ...; attention sees the last shape.context positions.
Trace forward(const ModelShape& shape, const ModelWeights& weights, std::span<const std::int32_t> tokens);

}  // namespace bitproof::reference
