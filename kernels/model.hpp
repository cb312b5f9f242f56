// The shape of a BitNet-like decoder: everything the token loop and the reference loop need to know besides weights.
#pragma once

#include <cstdint>

#include "gated_ffn/contract.hpp"
#include "rope/contract.hpp"

namespace bitproof {

//   h += Wo . sub_norm(attention(rope(Wq n), rope(Wk n), Wv n))     n = rms_norm(h)
//   h += Wdown . sub_norm(act(Wgate m) * (Wup m))                   m = rms_norm(h)
//   logits = head . rms_norm(h)
struct ModelShape {
  std::int64_t hidden, ffn, layers;
  std::int64_t heads, kv_heads, head_dim;  // queries are heads * head_dim wide, keys and values kv_heads * head_dim
  std::int64_t vocab, context;
  gated_ffn::Activation activation = gated_ffn::Activation::silu;
  rope::Style rope_style = rope::Style::neox;
  double rope_base = 10000.0;
  float norm_eps = 1e-5f;
  bool sub_norms = true;  // BitNet's extra RMSNorm before Wo and Wdown
  bool tied_head = true;  // the head is the embedding table

  std::int64_t q_width() const { return heads * head_dim; }
  std::int64_t kv_width() const { return kv_heads * head_dim; }
};

}  // namespace bitproof
