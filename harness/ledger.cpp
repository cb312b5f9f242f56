#include "ledger.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bitproof {
namespace {

struct Line {
  const char* name;
  const char* slot;
};

constexpr Line kLines[kLoopOpCount] = {
    {"embedding", "embedding"},
    {"rms_norm", "rms_norm"},
    {"activation_quant", "activation_quant"},
    {"ternary_matmul:prepare", "ternary_matmul"},
    {"ternary_matmul:q", "ternary_matmul"},
    {"ternary_matmul:k", "ternary_matmul"},
    {"ternary_matmul:v", "ternary_matmul"},
    {"rope", "rope"},
    {"kv_append", "kv_cache"},
    {"attention", "attention"},
    {"ternary_matmul:o", "ternary_matmul"},
    {"ternary_matmul:gate", "ternary_matmul"},
    {"ternary_matmul:up", "ternary_matmul"},
    {"gated_ffn", "gated_ffn"},
    {"ternary_matmul:down", "ternary_matmul"},
    {"dequantize", "dequantize"},
    {"residual_add", "residual_add"},
    {"lm_head", "dense_matmul"},
    {"sampling", "sampling"},
    {"memory", "memory"},
};

double sum(const Ledger& ledger, double Entry::*field) {
  double total = 0;
  for (const Entry& e : ledger.entry) total += e.*field;
  return total;
}

}  // namespace

const char* name(LoopOp op) { return kLines[static_cast<int>(op)].name; }
const char* slot_of(LoopOp op) { return kLines[static_cast<int>(op)].slot; }

double Ledger::total_ops() const { return sum(*this, &Entry::ops); }
double Ledger::total_bytes() const { return sum(*this, &Entry::bytes); }
double Ledger::total_ns() const { return sum(*this, &Entry::ns); }

double Ledger::slot_ns(const std::string& slot) const {
  if (slot == "threading") return total_ns();
  double ns = 0;
  for (int i = 0; i < kLoopOpCount; ++i) {
    if (slot_of(static_cast<LoopOp>(i)) == slot) ns += entry[i].ns;
  }
  return ns;
}

double kv_position_bytes(const ModelShape& m, kv_cache::Element element) {
  return static_cast<double>(2 * m.kv_heads * kv_cache::row_bytes(element, m.head_dim));
}

void add_expected(Ledger& ledger, const ModelShape& m, const WeightBytes& weights, const PassShape& pass) {
  const auto sequences = static_cast<double>(pass.sequences);
  const double n = sequences * static_cast<double>(pass.positions);
  const auto layers = static_cast<double>(m.layers);
  const auto add = [&](LoopOp op, double calls, double ops = 0, double bytes = 0) {
    Entry& e = ledger[op];
    e.calls += static_cast<std::int64_t>(calls);
    e.ops += ops;
    e.bytes += bytes;
  };
  // A matrix of rows x cols costs a multiply-add a weight and position; its bytes stream once a pass, whatever the
  // batch.
  const auto matrix = [&](LoopOp op, std::int64_t rows, std::int64_t cols, double bytes) {
    add(op, layers, layers * 2.0 * static_cast<double>(rows) * static_cast<double>(cols) * n, layers * bytes);
  };
  matrix(LoopOp::matmul_q, m.q_width(), m.hidden, weights.q);
  matrix(LoopOp::matmul_k, m.kv_width(), m.hidden, weights.k);
  matrix(LoopOp::matmul_v, m.kv_width(), m.hidden, weights.v);
  matrix(LoopOp::matmul_o, m.hidden, m.q_width(), weights.o);
  matrix(LoopOp::matmul_gate, m.ffn, m.hidden, weights.gate);
  matrix(LoopOp::matmul_up, m.ffn, m.hidden, weights.up);
  matrix(LoopOp::matmul_down, m.hidden, m.ffn, weights.down);

  // In each sequence: query i sees min(position + 1, visible) keys: head_dim multiply-adds for its score and as many
  // for its value.
  double seen = 0;
  for (std::int64_t i = 0; i < pass.positions; ++i) {
    seen += static_cast<double>(std::min(pass.first_position + i + 1, pass.visible));
  }
  const double position_bytes = kv_position_bytes(m, pass.element);
  const double cache_read =
      static_cast<double>(std::min(pass.first_position + pass.positions, pass.visible)) * position_bytes;
  add(LoopOp::attention, layers, sequences * layers * 4.0 * static_cast<double>(m.q_width()) * seen,
      sequences * layers * cache_read);
  add(LoopOp::kv_append, layers, 0, layers * n * position_bytes);

  const double sub_norms = m.sub_norms ? 2 : 0;
  add(LoopOp::embedding, 1, 0, n * static_cast<double>(m.hidden));
  add(LoopOp::rms_norm, layers * (2 + sub_norms) + 1);
  add(LoopOp::activation_quant, layers * 4 + 1);
  add(LoopOp::matmul_prepare, layers * 4);
  add(LoopOp::rope, layers * 2);
  add(LoopOp::gated_ffn, layers);
  add(LoopOp::dequantize, layers * 7 + 1);
  add(LoopOp::residual_add, layers * 2);
  // The head, for the last position of each only.
  add(LoopOp::lm_head, 1, sequences * 2.0 * static_cast<double>(m.vocab) * static_cast<double>(m.hidden), weights.head);
  add(LoopOp::sampling, 1);
  ledger.tokens += pass.sequences;
  ledger.positions += pass.sequences * pass.positions;
}

void add_expected(Ledger& ledger, const ModelShape& m, const WeightBytes& weights, const Decode& decode) {
  for (std::int64_t t = 0; t < decode.tokens; ++t) {
    const std::int64_t position = decode.length + t;
    const PassShape pass = decode.keeps_past
                               ? PassShape{position, 1, decode.visible, decode.element, decode.sequences}
                               : PassShape{0, position + 1, decode.visible, decode.element, decode.sequences};
    add_expected(ledger, m, weights, pass);
  }
}

std::string difference(const Ledger& booked, const Ledger& expected) {
  if (booked.tokens != expected.tokens) {
    return fmt::format("{} tokens came out, {} were asked for", booked.tokens, expected.tokens);
  }
  if (booked.positions != expected.positions) {
    return fmt::format("{} positions computed, the model needs {}", booked.positions, expected.positions);
  }
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    if (op == LoopOp::memory) continue;  // how often buffers are asked for is not the model's business
    const Entry& b = booked[op];
    const Entry& e = expected[op];
    if (b.calls != e.calls) return fmt::format("{}: {} calls booked, {} expected", name(op), b.calls, e.calls);
    if (b.ops != e.ops) return fmt::format("{}: {} ops booked, {} expected", name(op), b.ops, e.ops);
    if (b.bytes != e.bytes) return fmt::format("{}: {} bytes booked, {} expected", name(op), b.bytes, e.bytes);
  }
  return "";
}

}  // namespace bitproof
