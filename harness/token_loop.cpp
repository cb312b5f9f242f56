#include "token_loop.hpp"

#include <algorithm>
#include <cmath>

#include "error.hpp"
#include "interrupt.hpp"
#include "reference/kv_cache.hpp"
#include "round_up.hpp"

namespace bitproof {
namespace {

// Columns below which an elementwise op over one position is not worth waking threads for. A barrier costs 1-5 us; so
// does SiLU on 1024 columns, and an addition on 4096.
constexpr std::int64_t kAddGrain = 4096;
constexpr std::int64_t kActivationGrain = 1024;
constexpr std::int64_t kPrefillBatch = 64;

kv_cache::Shape cache_shape(const ModelShape& m, std::int64_t capacity) {
  return {m.layers, m.kv_heads, m.head_dim, capacity, 1};
}

}  // namespace

// A quantized activation with what a ternary kernel prepared of it; q, k and v share one, gate and up another.
struct TokenLoop::Activation {
  Block<std::int8_t> v;
  Block<float> scale;
  Block<std::byte> prepared;
  matmul::Input input;
};

TokenLoop::TokenLoop(const PackedModel& weights, const LoopSlots& slots, int threads, std::int64_t capacity,
                     ClockNs clock)
    : kv_shape_(cache_shape(weights.shape(), capacity)),
      weights_(weights),
      shape_(weights.shape()),
      slots_(slots),
      weight_bytes_(weights.weight_bytes(slots.ternary_matmul_slot.kernel(), slots.dense_matmul_slot.kernel())),
      clock_(clock),
      team_(slots_.threading_slot.kernel(), threads, &dispatch_),
      memory_(slots_.memory_slot.kernel(), kPoolBytes, clock, &dispatch_),
      kv_storage_(slots.kv_cache_slot.kernel().storage_bytes(kv_shape_), kModelPages),
      logits_(static_cast<std::size_t>(shape_.vocab)) {
  if (capacity > shape_.context) {
    throw BadInput("depth + tokens = {} is over the model's context of {}: lower --depth or --tokens", capacity,
                   shape_.context);
  }
  if (slots.attention_slot.kernel().element != slots.kv_cache_slot.kernel().element) {
    throw BadInput("{} does not read what {} keeps: --kv sets both", slots.attention_slot.id(),
                   slots.kv_cache_slot.id());
  }
  tokens_.reserve(static_cast<std::size_t>(shape_.context));  // a token allocates nothing of the loop's own
  // Angles in double, by logical position, which outgrows the capacity of a ring.
  const std::int64_t half = shape_.head_dim / 2;
  for (std::int64_t p = 0; p < shape_.context; ++p) {
    for (std::int64_t i = 0; i < half; ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(shape_.head_dim);
      const double angle = static_cast<double>(p) * std::pow(shape_.rope_base, exponent);
      cos_.push_back(static_cast<float>(std::cos(angle)));
      sin_.push_back(static_cast<float>(std::sin(angle)));
    }
  }
}

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

bool TokenLoop::stopped() const { return interrupted() || memory_.exhausted() || cache_full_; }

void TokenLoop::reset_ledger() {
  ledger_ = {};
  team_.reset_threads_seen();
  memory_.take_ns();
  memory_.take_calls();
}

void TokenLoop::prefill(std::span<const std::int32_t> tokens) {
  tokens_.assign(tokens.begin(), tokens.end());
  cache_full_ = false;
  for (std::size_t done = 0; keeps_past() && done < tokens.size() && !stopped(); done += kPrefillBatch) {
    forward(tokens.subspan(done, std::min<std::size_t>(kPrefillBatch, tokens.size() - done)),
            static_cast<std::int64_t>(done), false);
  }
  reset_ledger();
}

void TokenLoop::restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) {
  tokens_.assign(tokens.begin(), tokens.end());
  cache_full_ = false;
  reset_ledger();
  if (!keeps_past()) return;
  const auto layer_floats = static_cast<std::size_t>(snapshot.positions * shape_.kv_width());
  for (std::int64_t l = 0; l < shape_.layers && snapshot.positions > 0; ++l) {
    const std::size_t at = static_cast<std::size_t>(l) * layer_floats;
    cache_full_ |= !dispatch_(SlotOp::kv_cache, slots_.kv_cache_slot.kernel().append)(
        kv_shape_, kv_storage_.data(), l, 0, 0, snapshot.positions, snapshot.k.data() + at, snapshot.v.data() + at);
  }
}

void TokenLoop::rewind(std::int64_t length) {
  // The team's threads start here: what their start allocates is no token's.
  team_.session([&] { team_.for_tiles({team_.threads(), 1, 1}, [](Tile, int) {}); });
  tokens_.resize(static_cast<std::size_t>(length));
  cache_full_ = false;
  reset_ledger();
}

KvSnapshot TokenLoop::snapshot() const {
  KvSnapshot out{length(), {}, {}};
  out.k.reserve(static_cast<std::size_t>(shape_.layers * length() * shape_.kv_width()));
  out.v.reserve(out.k.capacity());
  const kv_cache::Element element = slots_.kv_cache_slot.kernel().element;
  for (std::int64_t l = 0; l < shape_.layers; ++l) {
    const kv_cache::View view = slots_.kv_cache_slot.kernel().view(kv_shape_, kv_storage_.data(), l, 0, length());
    for (const kv_cache::Segment& segment : view.segment) {
      for (std::int64_t p = 0; p < segment.count; ++p) {
        for (std::int64_t head = 0; head < shape_.kv_heads; ++head) {
          const std::int64_t row = head * view.head_stride + p * shape_.head_dim, scale = head * view.scale_stride + p;
          reference::append_row(out.k, element, segment.k, row, shape_.head_dim, segment.k_scale, scale);
          reference::append_row(out.v, element, segment.v, row, shape_.head_dim, segment.v_scale, scale);
        }
      }
    }
  }
  return out;
}

std::int32_t TokenLoop::next(std::int32_t token) {
  if (length() == shape_.context)
    throw BadInput("the context of {} positions is full: lower --depth or --tokens", shape_.context);
  tokens_.push_back(token);
  if (keeps_past()) {
    forward(std::span(tokens_).last(1), length() - 1, true);
  } else {
    forward(tokens_, 0, true);
  }
  if (memory_.exhausted()) {
    throw BadInput("memory: {} ran out: {} bytes asked for, {} of {} in use; lower --depth or take another memory slot",
                   slots_.memory_slot.id(), memory_.exhausted_bytes(), memory_.usage().in_use_bytes,
                   memory_.capacity());
  }
  if (cache_full_) throw BadInput("kv_cache: {} is full at position {}", slots_.kv_cache_slot.id(), length() - 1);
  return interrupted() ? -1 : sampled_;
}

// Shapes in comments: B = batch (positions of this pass).
void TokenLoop::forward(std::span<const std::int32_t> tokens, std::int64_t first, bool wants_logits) {
  const auto batch = static_cast<std::int64_t>(tokens.size());
  pass_first_ = first;
  team_.session([&] {
    const Block<float> h(memory_, batch * shape_.hidden);  // [B x hidden], the residual stream
    if (stopped()) return;
    const embedding::Call look_up{
        shape_.hidden, tokens.data(), weights_.embedding(), weights_.model().embedding_scale().data(),
        h.data(),      shape_.hidden};
    book(LoopOp::embedding, 0, static_cast<double>(batch * shape_.hidden), [&] {
      dispatch_(SlotOp::embedding, slots_.embedding_slot.kernel().run)(look_up, {0, 1, 0, batch});
    });
    show(Step::embedding, 0, batch, shape_.hidden, h.data());
    for (std::int64_t l = 0; l < shape_.layers && !stopped(); ++l) layer(l, batch, first, h.data());
    if (wants_logits && !stopped()) output_head(batch, h.data());
  });
  Entry& memory = ledger_[LoopOp::memory];
  memory.ns += memory_.take_ns();
  memory.calls += memory_.take_calls();
  if (stopped()) return;
  ledger_.positions += batch;
  if (wants_logits) ledger_.tokens += 1;
}

void TokenLoop::layer(std::int64_t l, std::int64_t batch, std::int64_t first, float* h) {
  const LayerNorms& norms = weights_.model().norms(l);
  {
    const Block<float> mixed(memory_, batch * shape_.q_width());  // [B x q_width]
    if (stopped()) return;
    attention_block(l, batch, first, h, mixed.data());
    if (stopped()) return;
    if (shape_.sub_norms) {
      norm(mixed.data(), norms.attention_sub, batch, mixed.data());
      show(Step::attention_sub_norm, l, batch, shape_.q_width(), mixed.data());
    }
    const Block<float> y(memory_, batch * shape_.hidden);
    const Activation x = ternary_input(Step::o_quant, l, mixed.data(), shape_.q_width(), batch);
    linear(l, Matrix::o, x, batch, y.data());
    add_residual(y.data(), batch, h);
    show(Step::attention_residual, l, batch, shape_.hidden, h);
  }
  const Block<float> gate(memory_, batch * shape_.ffn);  // [B x ffn]
  const Block<float> up(memory_, batch * shape_.ffn);
  if (stopped()) return;
  {
    const Block<float> m(memory_, batch * shape_.hidden);
    if (stopped()) return;
    norm(h, norms.ffn, batch, m.data());
    show(Step::ffn_norm, l, batch, shape_.hidden, m.data());
    const Activation x = ternary_input(Step::ffn_quant, l, m.data(), shape_.hidden, batch);
    linear(l, Matrix::gate, x, batch, gate.data());
    linear(l, Matrix::up, x, batch, up.data());
  }
  const gated_ffn::Call act{shape_.activation, gate.data(), up.data(), gate.data(), shape_.ffn};
  book(LoopOp::gated_ffn, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::gated_ffn, slots_.gated_ffn_slot.kernel().run);
    each_row(shape_.ffn, kActivationGrain, batch, [&](Tile t) { run(act, t); });
  });
  show(Step::gated_ffn, l, batch, shape_.ffn, gate.data());
  if (shape_.sub_norms) {
    norm(gate.data(), norms.ffn_sub, batch, gate.data());
    show(Step::ffn_sub_norm, l, batch, shape_.ffn, gate.data());
  }
  const Block<float> y(memory_, batch * shape_.hidden);
  if (stopped()) return;
  const Activation x = ternary_input(Step::down_quant, l, gate.data(), shape_.ffn, batch);
  linear(l, Matrix::down, x, batch, y.data());
  add_residual(y.data(), batch, h);
  show(Step::ffn_residual, l, batch, shape_.hidden, h);
}

// out = attention(rope(Wq n), cache + rope(Wk n), cache + Wv n), n = rms_norm(h)
void TokenLoop::attention_block(std::int64_t l, std::int64_t batch, std::int64_t first, const float* h, float* out) {
  const Block<float> q(memory_, batch * shape_.q_width());   // [B x q_width]
  const Block<float> k(memory_, batch * shape_.kv_width());  // [B x kv_width]
  const Block<float> v(memory_, batch * shape_.kv_width());
  if (stopped()) return;
  {
    const Block<float> n(memory_, batch * shape_.hidden);
    if (stopped()) return;
    norm(h, weights_.model().norms(l).attention, batch, n.data());
    show(Step::attention_norm, l, batch, shape_.hidden, n.data());
    const Activation x = ternary_input(Step::attention_quant, l, n.data(), shape_.hidden, batch);
    linear(l, Matrix::q, x, batch, q.data());
    linear(l, Matrix::k, x, batch, k.data());
    linear(l, Matrix::v, x, batch, v.data());
  }
  run_rope(shape_.heads, batch, first, q.data());
  show(Step::rope_q, l, batch, shape_.q_width(), q.data());
  run_rope(shape_.kv_heads, batch, first, k.data());
  show(Step::rope_k, l, batch, shape_.kv_width(), k.data());

  const kv_cache::Kernel& cache = slots_.kv_cache_slot.kernel();
  const double position_bytes = kv_position_bytes(shape_, cache.element);
  book(LoopOp::kv_append, 0, position_bytes * static_cast<double>(batch), [&] {
    const auto append = dispatch_(SlotOp::kv_cache, cache.append);
    cache_full_ |= !append(kv_shape_, kv_storage_.data(), l, 0, first, batch, k.data(), v.data());
  });
  if (cache_full_) return;

  const attention::Kernel& kernel = slots_.attention_slot.kernel();
  const kv_cache::View view = cache.view(kv_shape_, kv_storage_.data(), l, 0, first + batch);
  const std::int64_t visible = view.segment[0].count + view.segment[1].count;
  const std::int64_t scratch_bytes =
      round_up(static_cast<std::int64_t>(kernel.scratch_bytes(visible, shape_.head_dim)), 64);
  const std::int64_t parts = kernel.parts(visible), rows = shape_.heads * parts;
  const std::int64_t partial_bytes =
      kernel.merge ? batch * rows * attention::partial_floats(shape_.head_dim) * std::int64_t{sizeof(float)} : 0;
  const Block<std::byte> scratch(memory_, scratch_bytes * team_.threads() + partial_bytes);
  if (stopped()) return;
  auto* partial = reinterpret_cast<float*>(scratch.data() + scratch_bytes * team_.threads());
  double seen = 0;
  for (std::int64_t b = 0; b < batch; ++b) seen += static_cast<double>(std::min(first + b + 1, kv_shape_.capacity));
  const attention::Call call{shape_.heads,
                             shape_.kv_heads,
                             shape_.head_dim,
                             static_cast<float>(1.0 / std::sqrt(static_cast<double>(shape_.head_dim))),
                             q.data(),
                             shape_.q_width(),
                             first,
                             view,
                             out,
                             shape_.q_width(),
                             parts,
                             kernel.merge ? partial : nullptr};
  book(LoopOp::attention, 4.0 * static_cast<double>(shape_.q_width()) * seen,
       static_cast<double>(visible) * position_bytes, [&] {
         const auto run = dispatch_(SlotOp::attention, kernel.run);
         team_.for_tiles({rows, 1, batch},
                         [&](Tile t, int thread) { run(call, t, scratch.data() + thread * scratch_bytes); });
         if (kernel.merge) team_.for_tiles({shape_.heads, 1, batch}, [&](Tile t, int) { kernel.merge(call, t); });
       });
  show(Step::attention, l, batch, shape_.q_width(), out);
}

// Logits and the next token, from the last position of the pass.
void TokenLoop::output_head(std::int64_t batch, const float* h) {
  const dense_matmul::Kernel& kernel = slots_.dense_matmul_slot.kernel();
  const matmul::Shape shape{shape_.vocab, shape_.hidden};
  const Block<float> n(memory_, shape_.hidden);
  const Block<std::int32_t> acc(memory_, shape_.vocab);
  if (stopped()) return;
  norm(h + (batch - 1) * shape_.hidden, weights_.model().output_norm(), 1, n.data());
  pass_first_ += batch - 1;
  show(Step::output_norm, shape_.layers, 1, shape_.hidden, n.data());
  const Activation x = quantize(Step::head_quant, shape_.layers, n.data(), shape_.hidden, 1, kernel.col_multiple,
                                kernel.prepared_bytes(shape_.hidden, 1));
  const auto scratch_bytes = round_up(static_cast<std::int64_t>(kernel.scratch_bytes(shape, 1)), 64);
  const Block<std::byte> scratch(memory_, scratch_bytes * team_.threads());
  if (stopped()) return;
  const matmul::Call call{shape,       weights_.head(kernel).storage.data(), x.input, x.prepared.data(), acc.data(),
                          shape_.vocab};
  const double ops = 2.0 * static_cast<double>(shape_.vocab) * static_cast<double>(shape_.hidden);
  book(LoopOp::lm_head, ops, weight_bytes_.head, [&] {
    prepare(kernel, x);
    const auto multiply = dispatch_(SlotOp::dense_matmul, kernel.multiply);
    team_.for_tiles({shape_.vocab, kernel.row_multiple, 1},
                    [&](Tile t, int thread) { multiply(call, t, scratch.data() + thread * scratch_bytes); });
  });
  const dequantize::Call epilogue{shape_.vocab, acc.data(),     shape_.vocab,   weights_.model().head_scale().data(),
                                  true,         x.scale.data(), logits_.data(), shape_.vocab};
  book(LoopOp::dequantize, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::dequantize, slots_.dequantize_slot.kernel().run);
    each_row(shape_.vocab, kAddGrain, 1, [&](Tile t) { run(epilogue, t); });
  });
  show(Step::logits, shape_.layers, 1, shape_.vocab, logits_.data(), acc.data());
  book(LoopOp::sampling, 0, 0, [&] {
    const auto greedy = dispatch_(SlotOp::sampling, slots_.sampling_slot.kernel().greedy);
    sampled_ = static_cast<std::int32_t>(greedy(logits_.data(), shape_.vocab));
  });
}

TokenLoop::Activation TokenLoop::quantize(Step step, std::int64_t layer, const float* x, std::int64_t cols,
                                          std::int64_t batch, std::int64_t col_multiple, std::size_t prepared_bytes) {
  const std::int64_t stride = round_up(cols, col_multiple);
  Activation a{{memory_, batch * stride}, {memory_, batch}, {memory_, static_cast<std::int64_t>(prepared_bytes)}, {}};
  a.input = {a.v.data(), batch, cols, stride};
  if (stopped()) return a;
  const activation_quant::Call call{cols, x, cols, a.v.data(), stride, a.scale.data()};
  book(LoopOp::activation_quant, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::activation_quant, slots_.activation_quant_slot.kernel().run);
    each_row(1, 1, batch, [&](Tile t) { run(call, t); });
  });
  if (observer_) {
    observer_->after({.step = step,
                      .layer = layer,
                      .first = pass_first_,
                      .batch = batch,
                      .cols = cols,
                      .v = a.v.data(),
                      .v_stride = stride,
                      .scale = a.scale.data()});
  }
  return a;
}

TokenLoop::Activation TokenLoop::ternary_input(Step step, std::int64_t layer, const float* x, std::int64_t cols,
                                               std::int64_t batch) {
  const ternary_matmul::Kernel& kernel = slots_.ternary_matmul_slot.kernel();
  Activation a = quantize(step, layer, x, cols, batch, kernel.col_multiple, kernel.prepared_bytes(cols, batch));
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
void TokenLoop::linear(std::int64_t l, Matrix matrix, const Activation& x, std::int64_t batch, float* y) {
  static constexpr LoopOp kOps[kMatrixCount] = {LoopOp::matmul_q,   LoopOp::matmul_k,    LoopOp::matmul_v,
                                                LoopOp::matmul_o,   LoopOp::matmul_gate, LoopOp::matmul_up,
                                                LoopOp::matmul_down};
  static constexpr Step kSteps[kMatrixCount] = {Step::q, Step::k, Step::v, Step::o, Step::gate, Step::up, Step::down};
  if (stopped()) return;
  const ternary_matmul::Kernel& kernel = slots_.ternary_matmul_slot.kernel();
  const PackedTernary& packed = weights_.ternary(kernel);
  const matmul::Shape shape = matrix_shape(shape_, matrix);
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
  show(kSteps[static_cast<int>(matrix)], l, batch, shape.rows, y, acc.data());
}

void TokenLoop::norm(const float* x, const std::vector<float>& weight, std::int64_t batch, float* y) {
  const auto cols = static_cast<std::int64_t>(weight.size());
  const rms_norm::Call call{cols, x, cols, weight.data(), shape_.norm_eps, y, cols};
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

void TokenLoop::run_rope(std::int64_t heads, std::int64_t batch, std::int64_t first, float* x) {
  const std::int64_t half = shape_.head_dim / 2;
  const rope::Call call{
      shape_.head_dim,        shape_.rope_style, cos_.data() + first * half, sin_.data() + first * half, x,
      heads * shape_.head_dim};
  book(LoopOp::rope, 0, 0, [&] {
    const auto run = dispatch_(SlotOp::rope, slots_.rope_slot.kernel().run);
    each_row(heads, heads, batch, [&](Tile t) { run(call, t); });
  });
}

}  // namespace bitproof
