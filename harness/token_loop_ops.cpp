// The steps of a token: what a pass computes, op by op. Shapes in comments: B = batch (rows of the pass).
#include <algorithm>
#include <cmath>

#include "round_up.hpp"
#include "token_loop.hpp"

namespace bitproof {
namespace {

// Columns below which an elementwise op over one position is not worth waking threads for. A barrier costs 1-5 us; so
// does SiLU on 1024 columns, and an addition on 4096.
constexpr std::int64_t kAddGrain = 4096;
constexpr std::int64_t kActivationGrain = 1024;

// Rows [row0, row1) of a pass, sequence by sequence: f(of the pass's sequences, its positions from, to).
template <class F>
void each_sequence(const Pass& pass, std::int64_t row0, std::int64_t row1, F&& f) {
  while (row0 < row1) {
    const std::int64_t sequence = row0 / pass.positions, begin = sequence * pass.positions;
    const std::int64_t end = std::min(row1, begin + pass.positions);
    f(sequence, row0 - begin, end - begin);
    row0 = end;
  }
}

// What a step wrote for one of the sequences, but for the numbers.
StepOutput output_of(Step step, std::int64_t layer, const Pass& pass, std::int64_t cols, std::int64_t i) {
  return {.step = step,
          .layer = layer,
          .first = pass.first,
          .batch = pass.positions,
          .cols = cols,
          .sequence = pass.sequence + i};
}

}  // namespace

// A quantized activation with what a ternary kernel prepared of it; q, k and v share one, gate and up another.
struct TokenLoop::Activation {
  Block<std::int8_t> v;
  Block<float> scale;
  Block<std::byte> prepared;
  matmul::Input input;
};

template <class F>
void TokenLoop::book(LoopOp op, double ops, double bytes, F&& f) {
  const double start = clock_();
  f();
  Entry& e = ledger_[op];
  e.ns += clock_() - start;
  e.calls += 1;
  e.ops += ops;
  e.bytes += bytes;
}

template <class F>
void TokenLoop::each_row(std::int64_t cols, std::int64_t grain, std::int64_t batch, F&& f) {
  if (batch == 1) {
    team_.for_tiles({cols, grain, 1}, [&](Tile t, int) { f(t); });
  } else {
    team_.for_tiles({batch, 1, 1}, [&](Tile t, int) { f(Tile{0, cols, t.row0, t.row1}); });
  }
}

void TokenLoop::show(Step step, std::int64_t layer, const Pass& pass, std::int64_t cols, float* values,
                     std::int32_t* sums) const {
  for (std::int64_t i = 0; observer_ && i < pass.sequences; ++i) {
    StepOutput out = output_of(step, layer, pass, cols, i);
    const std::int64_t at = i * pass.positions * cols;
    out.values = values + at;
    if (sums) out.sums = sums + at;
    observer_->after(out);
  }
}

void TokenLoop::show(Step step, std::int64_t layer, const Pass& pass, std::int64_t cols, const Activation& a) const {
  for (std::int64_t i = 0; observer_ && i < pass.sequences; ++i) {
    StepOutput out = output_of(step, layer, pass, cols, i);
    const std::int64_t row = i * pass.positions;
    out.v = a.v.data() + row * a.input.stride;
    out.v_stride = a.input.stride;
    out.scale = a.scale.data() + row;
    observer_->after(out);
  }
}

void TokenLoop::forward(const Pass& pass, bool wants_logits) {
  team_.session([&] {
    const Block<float> h(memory_, pass.rows() * shape_.hidden);  // [B x hidden], the residual stream
    if (stopped()) return;
    embed(pass, h.data());
    for (std::int64_t l = 0; l < shape_.layers && !stopped(); ++l) layer(l, pass, h.data());
    if (wants_logits && !stopped()) output_head(pass, h.data());
  });
  Entry& memory = ledger_[LoopOp::memory];
  memory.ns += memory_.take_ns();
  memory.calls += memory_.take_calls();
  if (stopped()) return;
  ledger_.positions += pass.rows();
  if (wants_logits) ledger_.tokens += pass.sequences;
}

void TokenLoop::embed(const Pass& pass, float* h) {
  book(LoopOp::embedding, 0, static_cast<double>(pass.rows() * shape_.hidden), [&] {
    const auto run = dispatch_(SlotOp::embedding, slots_.embedding_slot.kernel().run);
    for (std::int64_t i = 0; i < pass.sequences; ++i) {
      const std::int32_t* tokens = tokens_[static_cast<std::size_t>(pass.sequence + i)].data() + pass.first;
      const embedding::Call look_up{shape_.hidden,
                                    tokens,
                                    weights_.embedding(),
                                    weights_.model().embedding_scale().data(),
                                    h + i * pass.positions * shape_.hidden,
                                    shape_.hidden};
      run(look_up, {0, 1, 0, pass.positions});
    }
  });
  show(Step::embedding, 0, pass, shape_.hidden, h);
}

void TokenLoop::layer(std::int64_t l, const Pass& pass, float* h) {
  const std::int64_t batch = pass.rows();
  const LayerNorms& norms = weights_.model().norms(l);
  {
    const Block<float> mixed(memory_, batch * shape_.q_width());  // [B x q_width]
    if (stopped()) return;
    attention_block(l, pass, h, mixed.data());
    if (stopped()) return;
    if (shape_.sub_norms) {
      norm(mixed.data(), norms.attention_sub, batch, mixed.data());
      show(Step::attention_sub_norm, l, pass, shape_.q_width(), mixed.data());
    }
    const Block<float> y(memory_, batch * shape_.hidden);
    const Activation x = ternary_input(Step::o_quant, l, mixed.data(), shape_.q_width(), pass);
    linear(l, Matrix::o, x, pass, y.data());
    add_residual(y.data(), batch, h);
    show(Step::attention_residual, l, pass, shape_.hidden, h);
  }
  const Block<float> gate(memory_, batch * shape_.ffn);  // [B x ffn]
  const Block<float> up(memory_, batch * shape_.ffn);
  if (stopped()) return;
  {
    const Block<float> m(memory_, batch * shape_.hidden);
    if (stopped()) return;
    norm(h, norms.ffn, batch, m.data());
    show(Step::ffn_norm, l, pass, shape_.hidden, m.data());
    const Activation x = ternary_input(Step::ffn_quant, l, m.data(), shape_.hidden, pass);
    linear(l, Matrix::gate, x, pass, gate.data());
    linear(l, Matrix::up, x, pass, up.data());
  }
  const gated_ffn::Call act{shape_.activation, gate.data(), up.data(), gate.data(), shape_.ffn};
  book(LoopOp::gated_ffn, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::gated_ffn, slots_.gated_ffn_slot.kernel().run);
    each_row(shape_.ffn, kActivationGrain, batch, [&](Tile t) { run(act, t); });
  });
  show(Step::gated_ffn, l, pass, shape_.ffn, gate.data());
  if (shape_.sub_norms) {
    norm(gate.data(), norms.ffn_sub, batch, gate.data());
    show(Step::ffn_sub_norm, l, pass, shape_.ffn, gate.data());
  }
  const Block<float> y(memory_, batch * shape_.hidden);
  if (stopped()) return;
  const Activation x = ternary_input(Step::down_quant, l, gate.data(), shape_.ffn, pass);
  linear(l, Matrix::down, x, pass, y.data());
  add_residual(y.data(), batch, h);
  show(Step::ffn_residual, l, pass, shape_.hidden, h);
}

// out = attention(rope(Wq n), cache + rope(Wk n), cache + Wv n), n = rms_norm(h)
void TokenLoop::attention_block(std::int64_t l, const Pass& pass, const float* h, float* out) {
  const std::int64_t batch = pass.rows();
  const Block<float> q(memory_, batch * shape_.q_width());   // [B x q_width]
  const Block<float> k(memory_, batch * shape_.kv_width());  // [B x kv_width]
  const Block<float> v(memory_, batch * shape_.kv_width());
  if (stopped()) return;
  {
    const Block<float> n(memory_, batch * shape_.hidden);
    if (stopped()) return;
    norm(h, weights_.model().norms(l).attention, batch, n.data());
    show(Step::attention_norm, l, pass, shape_.hidden, n.data());
    const Activation x = ternary_input(Step::attention_quant, l, n.data(), shape_.hidden, pass);
    linear(l, Matrix::q, x, pass, q.data());
    linear(l, Matrix::k, x, pass, k.data());
    linear(l, Matrix::v, x, pass, v.data());
  }
  run_rope(shape_.heads, pass, q.data());
  show(Step::rope_q, l, pass, shape_.q_width(), q.data());
  run_rope(shape_.kv_heads, pass, k.data());
  show(Step::rope_k, l, pass, shape_.kv_width(), k.data());
  keep(l, pass, k.data(), v.data());
  if (!cache_full_) attend(l, pass, q.data(), out);
}

void TokenLoop::keep(std::int64_t l, const Pass& pass, const float* k, const float* v) {
  const kv_cache::Kernel& cache = slots_.kv_cache_slot.kernel();
  const double bytes = kv_position_bytes(shape_, cache.element) * static_cast<double>(pass.rows());
  book(LoopOp::kv_append, 0, bytes, [&] {
    const auto append = dispatch_(SlotOp::kv_cache, cache.append);
    for (std::int64_t i = 0; i < pass.sequences; ++i) {
      const std::int64_t at = i * pass.positions * shape_.kv_width();
      cache_full_ |=
          !append(kv_shape_, kv_storage_.data(), l, pass.sequence + i, pass.first, pass.positions, k + at, v + at);
    }
  });
}

kv_cache::View TokenLoop::seen(std::int64_t layer, std::int64_t sequence, std::int64_t end) const {
  return slots_.kv_cache_slot.kernel().view(kv_shape_, kv_storage_.data(), layer, sequence, end);
}

// One call a sequence, since each has a cache of its own; the tiles of all are shared out at once.
void TokenLoop::attend(std::int64_t l, const Pass& pass, const float* q, float* out) {
  const attention::Kernel& kernel = slots_.attention_slot.kernel();
  const std::int64_t end = pass.first + pass.positions;
  std::int64_t visible = 0, shown = 0;  // positions: most of a cache, and of all caches
  for (std::int64_t i = 0; i < pass.sequences; ++i) {
    kv_cache::View& view = attention_calls_[static_cast<std::size_t>(i)].kv;
    view = seen(l, pass.sequence + i, end);
    const std::int64_t count = view.segment[0].count + view.segment[1].count;
    visible = std::max(visible, count);
    shown += count;
  }
  const std::int64_t scratch_bytes =
      round_up(static_cast<std::int64_t>(kernel.scratch_bytes(visible, shape_.head_dim)), 64);
  const std::int64_t parts = kernel.parts(visible), rows = shape_.heads * parts;
  const std::int64_t partial = kernel.merge ? pass.positions * rows * attention::partial_floats(shape_.head_dim) : 0;
  const Block<std::byte> scratch(
      memory_, scratch_bytes * team_.threads() + pass.sequences * partial * std::int64_t{sizeof(float)});
  if (stopped()) return;
  auto* partials = reinterpret_cast<float*>(scratch.data() + scratch_bytes * team_.threads());
  for (std::int64_t i = 0; i < pass.sequences; ++i) {
    const std::int64_t at = i * pass.positions * shape_.q_width();
    attention::Call& call = attention_calls_[static_cast<std::size_t>(i)];
    call = {shape_.heads,    shape_.kv_heads,
            shape_.head_dim, static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape_.head_dim))),
            q + at,          shape_.q_width(),
            pass.first,      call.kv,
            out + at,        shape_.q_width(),
            parts,           kernel.merge ? partials + i * partial : nullptr};
  }
  double pairs = 0;  // of a query and a position that it sees, of one sequence
  for (std::int64_t p = pass.first; p < end; ++p) pairs += static_cast<double>(std::min(p + 1, kv_shape_.capacity));
  const auto sequences = static_cast<double>(pass.sequences);
  book(LoopOp::attention, sequences * 4.0 * static_cast<double>(shape_.q_width()) * pairs,
       static_cast<double>(shown) * kv_position_bytes(shape_, kernel.element), [&] {
         const auto run = dispatch_(SlotOp::attention, kernel.run);
         const auto tiles = [&](std::int64_t tile_rows, auto&& one) {
           team_.for_tiles({tile_rows, 1, pass.rows()}, [&](Tile t, int thread) {
             each_sequence(pass, t.batch0, t.batch1, [&](std::int64_t i, std::int64_t p0, std::int64_t p1) {
               one(attention_calls_[static_cast<std::size_t>(i)], Tile{t.row0, t.row1, p0, p1}, thread);
             });
           });
         };
         tiles(rows, [&](const attention::Call& call, Tile t, int thread) {
           run(call, t, scratch.data() + thread * scratch_bytes);
         });
         if (kernel.merge)
           tiles(shape_.heads, [&](const attention::Call& call, Tile t, int) { kernel.merge(call, t); });
       });
  show(Step::attention, l, pass, shape_.q_width(), out);
}

// Logits and the next token, from the last position of each sequence.
void TokenLoop::output_head(const Pass& pass, const float* h) {
  const dense_matmul::Kernel& kernel = slots_.dense_matmul_slot.kernel();
  const matmul::Shape shape{shape_.vocab, shape_.hidden};
  const Pass last = pass.last();
  const std::int64_t batch = last.rows();
  const Block<float> n(memory_, batch * shape_.hidden);
  const Block<std::int32_t> acc(memory_, batch * shape_.vocab);
  if (stopped()) return;
  norm(h + (pass.positions - 1) * shape_.hidden, weights_.model().output_norm(), batch, n.data(), pass.positions);
  show(Step::output_norm, shape_.layers, last, shape_.hidden, n.data());
  const Activation x = quantize(Step::head_quant, shape_.layers, n.data(), shape_.hidden, last, kernel.col_multiple,
                                kernel.prepared_bytes(shape_.hidden, batch));
  const auto scratch_bytes = round_up(static_cast<std::int64_t>(kernel.scratch_bytes(shape, batch)), 64);
  const Block<std::byte> scratch(memory_, scratch_bytes * team_.threads());
  if (stopped()) return;
  const matmul::Call call{shape,       weights_.head(kernel).storage.data(), x.input, x.prepared.data(), acc.data(),
                          shape_.vocab};
  const double ops = 2.0 * static_cast<double>(shape_.vocab * shape_.hidden * batch);
  book(LoopOp::lm_head, ops, weight_bytes_.head, [&] {
    prepare(kernel, x);
    const auto multiply = dispatch_(SlotOp::dense_matmul, kernel.multiply);
    team_.for_tiles({shape_.vocab, kernel.row_multiple, batch},
                    [&](Tile t, int thread) { multiply(call, t, scratch.data() + thread * scratch_bytes); });
  });
  const dequantize::Call epilogue{shape_.vocab, acc.data(),     shape_.vocab,   weights_.model().head_scale().data(),
                                  true,         x.scale.data(), logits_.data(), shape_.vocab};
  book(LoopOp::dequantize, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::dequantize, slots_.dequantize_slot.kernel().run);
    each_row(shape_.vocab, kAddGrain, batch, [&](Tile t) { run(epilogue, t); });
  });
  show(Step::logits, shape_.layers, last, shape_.vocab, logits_.data(), acc.data());
  book(LoopOp::sampling, 0, 0, [&] {
    const auto greedy = dispatch_(SlotOp::sampling, slots_.sampling_slot.kernel().greedy);
    for (std::int64_t i = 0; i < batch; ++i) {
      sampled_[static_cast<std::size_t>(i)] =
          static_cast<std::int32_t>(greedy(logits_.data() + i * shape_.vocab, shape_.vocab));
    }
  });
}

TokenLoop::Activation TokenLoop::quantize(Step step, std::int64_t layer, const float* x, std::int64_t cols,
                                          const Pass& pass, std::int64_t col_multiple, std::size_t prepared_bytes) {
  const std::int64_t stride = round_up(cols, col_multiple), batch = pass.rows();
  Activation a{{memory_, batch * stride}, {memory_, batch}, {memory_, static_cast<std::int64_t>(prepared_bytes)}, {}};
  a.input = {a.v.data(), batch, cols, stride};
  if (stopped()) return a;
  const activation_quant::Call call{cols, x, cols, a.v.data(), stride, a.scale.data()};
  book(LoopOp::activation_quant, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::activation_quant, slots_.activation_quant_slot.kernel().run);
    each_row(1, 1, batch, [&](Tile t) { run(call, t); });
  });
  show(step, layer, pass, cols, a);
  return a;
}

TokenLoop::Activation TokenLoop::ternary_input(Step step, std::int64_t layer, const float* x, std::int64_t cols,
                                               const Pass& pass) {
  const ternary_matmul::Kernel& kernel = slots_.ternary_matmul_slot.kernel();
  Activation a = quantize(step, layer, x, cols, pass, kernel.col_multiple, kernel.prepared_bytes(cols, pass.rows()));
  if (stopped()) return a;
  book(LoopOp::matmul_prepare, 0, 0, [&] { prepare(kernel, a); });
  return a;
}

template <class Kernel>
void TokenLoop::prepare(const Kernel& kernel, const Activation& a) {
  team_.for_tiles({team_.threads(), 1, 1}, [&](Tile t, int) {
    for (std::int64_t part = t.row0; part < t.row1; ++part) {
      kernel.prepare(a.input, a.prepared.data(), static_cast<int>(part), team_.threads());
    }
  });
}

// y[B x rows] = dequantize(W . x)
void TokenLoop::linear(std::int64_t l, Matrix matrix, const Activation& x, const Pass& pass, float* y) {
  static constexpr LoopOp kOps[kMatrixCount] = {LoopOp::matmul_q,   LoopOp::matmul_k,    LoopOp::matmul_v,
                                                LoopOp::matmul_o,   LoopOp::matmul_gate, LoopOp::matmul_up,
                                                LoopOp::matmul_down};
  static constexpr Step kSteps[kMatrixCount] = {Step::q, Step::k, Step::v, Step::o, Step::gate, Step::up, Step::down};
  if (stopped()) return;
  const ternary_matmul::Kernel& kernel = slots_.ternary_matmul_slot.kernel();
  const PackedTernary& packed = weights_.ternary(kernel);
  const matmul::Shape shape = matrix_shape(shape_, matrix);
  const std::int64_t batch = pass.rows();
  const auto scratch_bytes = round_up(static_cast<std::int64_t>(kernel.scratch_bytes(shape, batch)), 64);
  const Block<std::int32_t> acc(memory_, batch * shape.rows);
  const Block<std::byte> scratch(memory_, scratch_bytes * team_.threads());
  if (stopped()) return;
  const matmul::Call call{shape, packed.matrix(l, matrix), x.input, x.prepared.data(), acc.data(), shape.rows};
  const double ops =
      2.0 * static_cast<double>(shape.rows) * static_cast<double>(shape.cols) * static_cast<double>(batch);
  book(kOps[static_cast<int>(matrix)], ops, static_cast<double>(packed.matrix_bytes(matrix)), [&] {
    const auto multiply = dispatch_(SlotOp::ternary_matmul, kernel.multiply);
    team_.for_tiles({shape.rows, kernel.row_multiple, batch},
                    [&](Tile t, int thread) { multiply(call, t, scratch.data() + thread * scratch_bytes); });
  });
  const std::span<const float> scales = weights_.model().scales(l, matrix);
  const dequantize::Call epilogue{shape.rows,        acc.data(),     shape.rows, scales.data(),
                                  scales.size() > 1, x.scale.data(), y,          shape.rows};
  book(LoopOp::dequantize, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::dequantize, slots_.dequantize_slot.kernel().run);
    each_row(shape.rows, kAddGrain, batch, [&](Tile t) { run(epilogue, t); });
  });
  show(kSteps[static_cast<int>(matrix)], l, pass, shape.rows, y, acc.data());
}

void TokenLoop::norm(const float* x, const std::vector<float>& weight, std::int64_t batch, float* y,
                     std::int64_t one_in) {
  const auto cols = static_cast<std::int64_t>(weight.size());
  const rms_norm::Call call{cols, x, one_in * cols, weight.data(), shape_.norm_eps, y, cols};
  book(LoopOp::rms_norm, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::rms_norm, slots_.rms_norm_slot.kernel().run);
    each_row(1, 1, batch, [&](Tile t) { run(call, {0, 1, t.batch0, t.batch1}); });
  });
}

void TokenLoop::add_residual(const float* y, std::int64_t batch, float* h) {
  if (stopped()) return;
  const residual_add::Call call{y, h, shape_.hidden};
  book(LoopOp::residual_add, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::residual_add, slots_.residual_add_slot.kernel().run);
    each_row(shape_.hidden, kAddGrain, batch, [&](Tile t) { run(call, t); });
  });
}

void TokenLoop::run_rope(std::int64_t heads, const Pass& pass, float* x) {
  const std::int64_t at = pass.first * shape_.head_dim / 2, stride = heads * shape_.head_dim;
  book(LoopOp::rope, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::rope, slots_.rope_slot.kernel().run);
    each_row(heads, heads, pass.rows(), [&](Tile t) {
      each_sequence(pass, t.batch0, t.batch1, [&](std::int64_t i, std::int64_t p0, std::int64_t p1) {
        float* own = x + i * pass.positions * stride;
        run({shape_.head_dim, shape_.rope_style, cos_.data() + at, sin_.data() + at, own, stride},
            {t.row0, t.row1, p0, p1});
      });
    });
  });
}

}  // namespace bitproof
