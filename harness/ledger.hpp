// Every call of the token loop books its operations and compulsory bytes under its op; a token's ledger must equal what
// the model's formula says, so that a layer can never be sold as a token.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kv_cache/contract.hpp"
#include "model.hpp"

namespace bitproof {

// One line of a token's profile. Ops of the loop, in the order of a layer; ternary products by matrix.
enum class LoopOp : std::uint8_t {
  embedding,
  rms_norm,
  activation_quant,
  matmul_prepare,
  matmul_q,
  matmul_k,
  matmul_v,
  rope,
  kv_append,
  attention,
  matmul_o,
  matmul_gate,
  matmul_up,
  gated_ffn,
  matmul_down,
  dequantize,
  residual_add,
  lm_head,
  sampling,
  memory,
};
inline constexpr int kLoopOpCount = static_cast<int>(LoopOp::memory) + 1;

const char* name(LoopOp op);     // "ternary_matmul:gate"
const char* slot_of(LoopOp op);  // the op folder whose variant does it: "ternary_matmul"

struct Entry {
  std::int64_t calls = 0;
  double ops = 0;    // a multiply-add is two
  double bytes = 0;  // that must come from or go to memory: weights and cache; activations stay in caches
  double ns = 0;     // measured
};

struct Ledger {
  Entry entry[kLoopOpCount];
  std::int64_t tokens = 0;     // tokens that came out
  std::int64_t positions = 0;  // positions computed for them

  Entry& operator[](LoopOp op) { return entry[static_cast<int>(op)]; }
  const Entry& operator[](LoopOp op) const { return entry[static_cast<int>(op)]; }
  double total_ops() const;
  double total_bytes() const;
  double total_ns() const;
  double slot_ns(const std::string& slot) const;  // of the ops that a slot serves; threading serves them all
  double a_token(double amount) const { return amount / static_cast<double>(tokens); }
};

// One forward pass as the model's formula has it, written from the shapes alone and not from the loop.
struct PassShape {
  std::int64_t first_position, positions;  // [first_position, first_position + positions) are computed
  std::int64_t visible;                    // most positions a query may see (the cache's capacity)
  kv_cache::Element element = kv_cache::Element::f32;
  std::int64_t sequences = 1;  // of which each computes them: weights are streamed once for all, caches once each
};

// Of one position in one layer's cache: its keys, its values and their scales.
double kv_position_bytes(const ModelShape&, kv_cache::Element);

// Bytes of the packed forms that one pass streams, by matrix; from the packed forms themselves.
struct WeightBytes {
  double q = 0, k = 0, v = 0, o = 0, gate = 0, up = 0, down = 0;  // one layer
  double head = 0;
};

// Adds calls, ops and bytes of one pass (no times), which ends in a token of each sequence: the head runs for its last
// position.
void add_expected(Ledger& ledger, const ModelShape& model, const WeightBytes& weights, const PassShape& pass);

// Decoding `tokens` tokens of each sequence after a prefix of `length` positions; without a cache that keeps the past,
// each token computes its whole prefix again. What a loop booked is held against this, which knows the request and not
// the loop.
struct Decode {
  std::int64_t length, tokens;
  bool keeps_past;
  std::int64_t visible;  // most positions a query may see
  kv_cache::Element element = kv_cache::Element::f32;
  std::int64_t sequences = 1;
};
void add_expected(Ledger& ledger, const ModelShape& model, const WeightBytes& weights, const Decode& decode);

// "" when every op of `booked` has the calls, ops and bytes of `expected`, else the first difference in words. Exact:
// all are sums of integers, far below 2^53.
std::string difference(const Ledger& booked, const Ledger& expected);

}  // namespace bitproof
