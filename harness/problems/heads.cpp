// The ops that work by head, and the gate: rope, attention, gated_ffn; each within its derived bound.
#include <algorithm>
#include <cmath>

#include "buffer.hpp"
#include "inputs.hpp"
#include "instances.hpp"
#include "judge.hpp"
#include "reference/attention.hpp"
#include "reference/gated_ffn.hpp"
#include "reference/rope.hpp"

namespace bitproof {
namespace {

// ---- rope: rows = heads, cols = head_dim, the batch ends at position `positions` - 1; mode 0 NEOX, 1 interleaved

struct RopeInputs {
  static constexpr double kBase = 10000.0;

  explicit RopeInputs(const Case& given)
      : c(given), style(c.mode ? rope::Style::interleaved : rope::Style::neox),
        x(float_inputs(c, 1, c.batch * c.rows * c.cols, 1e3f)) {
    for (std::int64_t b = 0; b < c.batch; ++b) {
      positions.push_back(c.positions - 1 + b);
      for (std::int64_t i = 0; i < c.cols / 2; ++i) {
        const double angle = static_cast<double>(positions.back()) * std::pow(kBase, -2.0 * static_cast<double>(i) / static_cast<double>(c.cols));
        cos.push_back(static_cast<float>(std::cos(angle)));
        sin.push_back(static_cast<float>(std::sin(angle)));
      }
    }
  }
  const reference::Bounded& truth() {
    return lazy.get([&] { return reference::rope(c.cols, style, kBase, positions, x); });
  }

  const Case c;
  rope::Style style;
  std::vector<float> x, cos, sin;
  std::vector<std::int64_t> positions;
  Lazy<reference::Bounded> lazy;
};

struct RopeInstance {
  static constexpr bool kInPlace = true;

  RopeInstance(const RopeInputs& in, const rope::Kernel&, const WorkloadOptions& o)
      : original(in.x), cos(in.cos, o.guarded), sin(in.sin, o.guarded), x(in.x, o.guarded), heads(in.c.rows),
        batch(in.c.batch), call{in.c.cols, in.style, cos.data(), sin.data(), x.data(), in.c.rows * in.c.cols} {}

  void poison() { x.assign(original); }
  void run(const rope::Kernel& kernel, Team& team) {
    team.for_tiles({heads, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(RopeInputs& in) {
    if (!x.margins_intact()) return Verdict::failed("wrote outside its output");
    if (!cos.equals(in.cos) || !sin.equals(in.sin)) return Verdict::failed("changed its table");
    return judge_bounded(in.c, std::vector<float>(x.span().begin(), x.span().end()), in.truth());
  }
  Cost cost(const RopeInputs&) const { return {3.0 * static_cast<double>(x.span().size()), static_cast<double>(2 * x.bytes())}; }
  std::size_t bytes_read() const { return x.bytes() + cos.bytes() + sin.bytes(); }

  std::vector<float> original;
  Buffer<float> cos, sin, x;
  std::int64_t heads, batch;
  rope::Call call;
};

// ---- attention: rows = heads, cols = head_dim, batch queries at the end of `positions` visible ones.
//      mode 0: one segment from position 0. mode 1: a ring that has wrapped, two segments, the oldest not at 0.

struct AttentionInputs {
  explicit AttentionInputs(const Case& given)
      : c(given), first(c.mode ? c.positions / 3 + 1 : 0), q(float_inputs(c, 1, c.batch * c.rows * c.cols, 20.0f)),
        k(float_inputs(c, 2, c.positions * c.kv_heads * c.cols, 20.0f)),
        v(float_inputs(c, 3, c.positions * c.kv_heads * c.cols, 1e3f)) {}

  std::int64_t query_position() const { return first + c.positions - c.batch; }
  float scale() const { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(c.cols))); }
  const reference::Bounded& truth() {
    const reference::AttentionShape shape{c.rows, c.kv_heads, c.cols, scale(), c.positions};
    return lazy.get([&] { return reference::attention(shape, q, query_position(), k, v, first); });
  }

  const Case c;
  std::int64_t first;
  std::vector<float> q, k, v;
  Lazy<reference::Bounded> lazy;
};

struct AttentionInstance {
  AttentionInstance(const AttentionInputs& in, const attention::Kernel& kernel, const WorkloadOptions& o)
      : q(in.q, o.guarded), k(std::span<const float>(in_slots(in, in.k)), o.guarded),
        v(std::span<const float>(in_slots(in, in.v)), o.guarded), out(in.c.rows * in.c.cols, in.c.batch, o.guarded),
        batch(in.c.batch) {
    const std::int64_t wrap = in.first % in.c.positions;  // slot of the oldest position
    const auto at = [&](const Buffer<float>& b, std::int64_t slot) { return b.data() + slot * in.c.cols; };
    call = {in.c.rows, in.c.kv_heads, in.c.cols, in.scale(), q.data(), in.c.rows * in.c.cols, in.query_position(),
            {{{at(k, wrap), at(v, wrap), in.c.positions - wrap}, {at(k, 0), at(v, 0), wrap}},
             in.c.positions * in.c.cols, in.first},
            out.data(), out.stride()};
    for (int t = 0; t < o.threads; ++t) {
      scratch.emplace_back(static_cast<std::int64_t>(kernel.scratch_bytes(in.c.positions, in.c.cols)), o.guarded, 64);
    }
  }

  // [positions x kv_heads * head_dim] to [kv_head][slot][head_dim], slot = position % positions.
  static std::vector<float> in_slots(const AttentionInputs& in, const std::vector<float>& rows) {
    std::vector<float> slots(rows.size());
    for (std::int64_t i = 0; i < in.c.positions; ++i) {
      const std::int64_t slot = (in.first + i) % in.c.positions;
      for (std::int64_t head = 0; head < in.c.kv_heads; ++head) {
        std::copy_n(rows.begin() + (i * in.c.kv_heads + head) * in.c.cols, in.c.cols,
                    slots.begin() + (head * in.c.positions + slot) * in.c.cols);
      }
    }
    return slots;
  }

  void poison() {
    out.poison();
    for (auto& s : scratch) s.poison();
  }
  void run(const attention::Kernel& kernel, Team& team) {
    team.for_tiles({call.heads, 1, batch}, [&](Tile t, int thread) {
      kernel.run(call, t, scratch[static_cast<std::size_t>(thread)].data());
    });
  }
  Verdict judge(AttentionInputs& in) {
    if (out.strayed()) return Verdict::failed("wrote outside its output");
    for (auto& s : scratch) {
      if (!s.margins_intact()) return Verdict::failed("wrote outside its scratch");
    }
    if (!q.equals(in.q) || !k.equals(in_slots(in, in.k)) || !v.equals(in_slots(in, in.v))) {
      return Verdict::failed("changed its input");
    }
    return judge_bounded(in.c, out.values(), in.truth());
  }
  Cost cost(const AttentionInputs& in) const {
    const double queries = static_cast<double>(in.c.batch) * (static_cast<double>(in.c.positions) - 0.5 * static_cast<double>(in.c.batch - 1));
    return {4.0 * static_cast<double>(in.c.rows * in.c.cols) * queries, static_cast<double>(bytes_read())};
  }
  std::size_t bytes_read() const { return q.bytes() + k.bytes() + v.bytes(); }

  Buffer<float> q, k, v;
  Output<float> out;
  std::vector<Buffer<std::byte>> scratch;
  std::int64_t batch;
  attention::Call call;
};

// ---- gated_ffn: mode 0 SiLU, 1 ReLU^2

struct GateInputs {
  explicit GateInputs(const Case& given)
      : c(given), activation(c.mode ? gated_ffn::Activation::relu_squared : gated_ffn::Activation::silu),
        gate(float_inputs(c, 1, c.batch * c.cols, 200.0f)), up(float_inputs(c, 2, c.batch * c.cols, 1e3f)) {
    // Spread random gates over the whole range in which the exponential matters.
    for (std::size_t i = 0; c.fill == Fill::random && i < gate.size(); i += 3) gate[i] *= 30.0f;
  }
  const reference::Bounded& truth() {
    return lazy.get([&] { return reference::gated_ffn(activation, gate, up); });
  }

  const Case c;
  gated_ffn::Activation activation;
  std::vector<float> gate, up;
  Lazy<reference::Bounded> lazy;
};

struct GateInstance {
  GateInstance(const GateInputs& in, const gated_ffn::Kernel&, const WorkloadOptions& o)
      : gate(in.gate, o.guarded), up(in.up, o.guarded), y(in.c.batch * in.c.cols, 1, o.guarded), batch(in.c.batch),
        call{in.activation, gate.data(), up.data(), y.data(), in.c.cols} {}

  void poison() { y.poison(); }
  void run(const gated_ffn::Kernel& kernel, Team& team) {
    team.for_tiles({call.stride, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(GateInputs& in) {
    if (y.strayed()) return Verdict::failed("wrote outside its output");
    if (!gate.equals(in.gate) || !up.equals(in.up)) return Verdict::failed("changed its input");
    return judge_bounded(in.c, y.values(), in.truth());
  }
  Cost cost(const GateInputs&) const { return {3.0 * static_cast<double>(gate.span().size()), static_cast<double>(3 * gate.bytes())}; }
  std::size_t bytes_read() const { return gate.bytes() + up.bytes(); }

  Buffer<float> gate, up;
  Output<float> y;
  std::int64_t batch;
  gated_ffn::Call call;
};

}  // namespace

template <>
std::unique_ptr<Problem<rope::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<rope::Kernel, RopeInputs, RopeInstance>>(c);
}
template <>
std::unique_ptr<Problem<attention::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<attention::Kernel, AttentionInputs, AttentionInstance>>(c);
}
template <>
std::unique_ptr<Problem<gated_ffn::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<gated_ffn::Kernel, GateInputs, GateInstance>>(c);
}

}  // namespace bitproof
