// The ops that work by head, and the gate: rope, attention, gated_ffn; each within its derived bound.
#include <algorithm>
#include <cmath>
#include <optional>

#include "inputs.hpp"
#include "instances.hpp"
#include "judge.hpp"
#include "reference/attention.hpp"
#include "reference/gated_ffn.hpp"
#include "reference/kv_cache.hpp"
#include "reference/rope.hpp"

namespace bitproof {
namespace {

// ---- rope: rows = heads, cols = head_dim, the batch ends at position `positions` - 1; mode 0 NEOX, 1 interleaved

struct RopeInputs {
  static constexpr double kBase = 10000.0;

  explicit RopeInputs(const Case& given)
      : c(given),
        style(c.mode ? rope::Style::interleaved : rope::Style::neox),
        x(float_inputs(c, 1, c.rows * c.cols, c.batch * c.rows * c.cols, {1e3f, 1e38f})) {
    for (std::int64_t b = 0; b < c.batch; ++b) {
      positions.push_back(c.positions - 1 + b);
      for (std::int64_t i = 0; i < c.cols / 2; ++i) {
        const double angle = static_cast<double>(positions.back()) *
                             std::pow(kBase, -2.0 * static_cast<double>(i) / static_cast<double>(c.cols));
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
      : frame(o.placed()),
        stride(frame.stride(in.c.rows * in.c.cols)),
        cos(frame.input<float>("cosines", in.cos)),
        sin(frame.input<float>("sines", in.sin)),
        x(frame.in_place<float>("heads", in.x, {in.c.batch, in.c.rows, in.c.cols, stride})),
        heads(in.c.rows),
        batch(in.c.batch),
        call{in.c.cols, in.style, frame.at<float>(cos), frame.at<float>(sin), frame.at<float>(x), stride} {}

  template <class Stage>
  void run(const rope::Kernel& kernel, Stage& stage) {
    stage.compute({heads, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(RopeInputs& in) { return judge_bounded(in.c, frame.values<float>(x), in.truth()); }
  Cost cost(const RopeInputs&) const {
    const auto elements = static_cast<double>(batch * heads * call.head_dim);
    return {3 * elements, 2 * sizeof(float) * elements};
  }
  std::size_t bytes_read() const { return frame.bytes(x).size() + frame.bytes(cos).size() + frame.bytes(sin).size(); }

  Frame frame;
  std::int64_t stride;
  Frame::Handle cos, sin, x;
  std::int64_t heads, batch;
  rope::Call call;
};

// ---- attention: rows = heads, cols = head_dim, batch queries at the end of `positions` visible ones.
//      mode 0: one segment from position 0. mode 1: a ring that has wrapped, two segments, the oldest not at 0.

struct AttentionInputs {
  // Queries and keys stay moderate, or nothing could be said of the softmax; NaN and infinities come in the values, and
  // with an even seed in the keys as well.
  explicit AttentionInputs(const Case& given)
      : c(given),
        first(c.mode ? c.positions / 3 + 1 : 0),
        q(float_inputs(moderate(c), 1, c.rows * c.cols, c.batch * c.rows * c.cols, {20.0f, 1.0f})),
        k(float_inputs(c.fill >= Fill::nan && c.seed % 2 == 0 ? c : moderate(c), 2, width(), c.positions * width(),
                       {20.0f, 1.0f})),
        v(float_inputs(c, 3, width(), c.positions * width(), {1e3f, 1e36f})) {
    // As half floats, numbers of 2^-100 are zeros: with an odd seed they are about the subnormals of those.
    for (float& x : v) x *= c.fill == Fill::tiny && c.seed % 2 != 0 ? 0x1p83f : 1.0f;
  }

  std::int64_t width() const { return c.kv_heads * c.cols; }
  std::int64_t query_position() const { return first + c.positions - c.batch; }
  float scale() const { return static_cast<float>(1.0 / std::sqrt(static_cast<double>(c.cols))); }
  // Of keys and values as a cache of such elements keeps them.
  const reference::Bounded& truth(kv_cache::Element element) {
    const reference::AttentionShape shape{c.rows, c.kv_heads, c.cols, scale(), c.positions};
    return lazy[static_cast<int>(element)].get([&] {
      return reference::attention(shape, q, query_position(), reference::as_kept(element, c.cols, k),
                                  reference::as_kept(element, c.cols, v), first);
    });
  }

  const Case c;
  std::int64_t first;
  std::vector<float> q, k, v;
  Lazy<reference::Bounded> lazy[3];
};

// Keys or values in a frame, [kv_head][slot][head_dim], as a cache keeps them.
struct KeptRows {
  KeptRows(Frame& frame, const char* name, const char* scale_name, kv_cache::Element element, std::int64_t cols,
           const std::vector<float>& slots)
      : width(kv_cache::row_bytes(element, 1) - kv_cache::row_bytes(element, 0)), head_dim(cols) {
    const reference::Kept kept = reference::kept(element, cols, slots);
    rows = width == 4   ? add<float>(frame, name, kept)
           : width == 2 ? add<kv_cache::Half>(frame, name, kept)
                        : add<std::int8_t>(frame, name, kept);
    if (element == kv_cache::Element::q8) scales = frame.input<float>(scale_name, kept.scales);
  }

  template <class T>
  static Frame::Handle add(Frame& frame, const char* name, const reference::Kept& kept) {
    return frame.input(name,
                       std::span(reinterpret_cast<const T*>(kept.elements.data()), kept.elements.size() / sizeof(T)));
  }
  const void* row(const Frame& frame, std::int64_t slot) const {
    return frame.at<std::byte>(rows) + slot * head_dim * width;
  }
  const float* scale(const Frame& frame, std::int64_t slot) const {
    return scales ? frame.at<float>(*scales) + slot : nullptr;
  }
  std::size_t bytes(const Frame& frame) const {
    return frame.bytes(rows).size() + (scales ? frame.bytes(*scales).size() : 0);
  }

  std::int64_t width, head_dim;
  Frame::Handle rows;
  std::optional<Frame::Handle> scales;
};

struct AttentionInstance {
  AttentionInstance(const AttentionInputs& in, const attention::Kernel& kernel, const WorkloadOptions& o)
      : frame(o.placed()),
        stride(frame.stride(in.c.rows * in.c.cols)),
        q(frame.input<float>("queries", in.q, in.c.rows * in.c.cols, stride)),
        k(frame, "keys", "scales of keys", kernel.element, in.c.cols, in_slots(in, in.k)),
        v(frame, "values", "scales of values", kernel.element, in.c.cols, in_slots(in, in.v)),
        out(frame.output<float>("output", {in.c.batch, in.c.rows, in.c.cols, stride})),
        partial(frame.intermediate("partial results", partial_bytes(in, kernel))),
        batch(in.c.batch),
        element(kernel.element) {
    const std::int64_t wrap = in.first % in.c.positions;  // slot of the oldest position
    const auto from = [&](std::int64_t slot, std::int64_t count) {
      return kv_cache::Segment{k.row(frame, slot), v.row(frame, slot), count, k.scale(frame, slot),
                               v.scale(frame, slot)};
    };
    call = {in.c.rows,
            in.c.kv_heads,
            in.c.cols,
            in.scale(),
            frame.at<float>(q),
            stride,
            in.query_position(),
            {{from(wrap, in.c.positions - wrap), from(0, wrap)}, in.c.positions * in.c.cols, in.first, in.c.positions},
            frame.at<float>(out),
            stride,
            kernel.parts(in.c.positions),
            frame.at<float>(partial)};
    for (int t = 0; t < o.threads; ++t) {
      scratch.push_back(frame.scratch("scratch", kernel.scratch_bytes(in.c.positions, in.c.cols)));
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

  static std::size_t partial_bytes(const AttentionInputs& in, const attention::Kernel& kernel) {
    if (!kernel.merge) return 0;
    return static_cast<std::size_t>(in.c.batch * in.c.rows * kernel.parts(in.c.positions) *
                                    attention::partial_floats(in.c.cols)) *
           sizeof(float);
  }

  template <class Stage>
  void run(const attention::Kernel& kernel, Stage& stage) {
    const auto attend = [&](Tile t, int thread) {
      kernel.run(call, t, frame.at<std::byte>(scratch[static_cast<std::size_t>(thread)]));
    };
    if (!kernel.merge) return stage.compute({call.heads, 1, batch}, attend);
    stage.for_tiles({call.heads * call.parts, 1, batch}, attend);
    stage.settle(partial);
    stage.compute({call.heads, 1, batch}, [&](Tile t, int) { kernel.merge(call, t); });
  }
  Verdict judge(AttentionInputs& in) {
    const std::vector<float> got = frame.values<float>(out);
    return leaves_outputs_open(in.c) ? Verdict::pass() : judge_bounded(in.c, got, in.truth(element));
  }
  Cost cost(const AttentionInputs& in) const {
    const double queries = static_cast<double>(in.c.batch) *
                           (static_cast<double>(in.c.positions) - 0.5 * static_cast<double>(in.c.batch - 1));
    return {4.0 * static_cast<double>(in.c.rows * in.c.cols) * queries, static_cast<double>(bytes_read())};
  }
  std::size_t bytes_read() const { return frame.bytes(q).size() + k.bytes(frame) + v.bytes(frame); }

  Frame frame;
  std::int64_t stride;
  Frame::Handle q;
  KeptRows k, v;
  Frame::Handle out, partial;
  std::vector<Frame::Handle> scratch;
  std::int64_t batch;
  kv_cache::Element element;
  attention::Call call;
};

// ---- gated_ffn: mode 0 SiLU, 1 ReLU^2

struct GateInputs {
  explicit GateInputs(const Case& given)
      : c(given),
        activation(c.mode ? gated_ffn::Activation::relu_squared : gated_ffn::Activation::silu),
        gate(float_inputs(c, 1, c.cols, c.batch * c.cols, {200.0f, c.mode ? 1e12f : 1e18f})),
        up(float_inputs(c, 2, c.cols, c.batch * c.cols, {1e3f, c.mode ? 1e12f : 1e18f})) {
    // Spread random gates over the whole range in which the exponential matters.
    for (std::size_t i = 0; c.fill == Fill::random && i < gate.size(); i += 3) gate[i] *= 30.0f;
  }
  const reference::Bounded& truth() {
    return lazy.get([&] {
      std::vector<float> known = gate;  // ReLU^2 takes a NaN as 0, says the contract
      if (c.mode)
        std::replace_if(
            known.begin(), known.end(), [](float g) { return std::isnan(g); }, 0.0f);
      return reference::gated_ffn(activation, known, up);
    });
  }

  const Case c;
  gated_ffn::Activation activation;
  std::vector<float> gate, up;
  Lazy<reference::Bounded> lazy;
};

struct GateInstance {
  GateInstance(const GateInputs& in, const gated_ffn::Kernel&, const WorkloadOptions& o)
      : frame(o.placed()), stride(frame.stride(in.c.cols)), cols(in.c.cols), batch(in.c.batch) {
    const Layout layout{batch, cols, 1, stride};
    // y may be gate or up.
    const bool on_gate = o.aliased && in.c.seed % 2, on_up = o.aliased && !on_gate;
    gate = on_gate ? frame.in_place<float>("gate", in.gate, layout) : frame.input<float>("gate", in.gate, cols, stride);
    up = on_up ? frame.in_place<float>("up", in.up, layout) : frame.input<float>("up", in.up, cols, stride);
    y = on_gate ? gate : on_up ? up : frame.output<float>("output", layout);
    call = {in.activation, frame.at<float>(gate), frame.at<float>(up), frame.at<float>(y), stride};
  }

  template <class Stage>
  void run(const gated_ffn::Kernel& kernel, Stage& stage) {
    stage.compute({cols, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(GateInputs& in) { return judge_bounded(in.c, frame.values<float>(y), in.truth()); }
  Cost cost(const GateInputs&) const {
    const auto elements = static_cast<double>(batch * cols);
    return {3 * elements, 3 * sizeof(float) * elements};
  }
  std::size_t bytes_read() const { return frame.bytes(gate).size() + frame.bytes(up).size(); }

  Frame frame;
  std::int64_t stride, cols, batch;
  Frame::Handle gate, up, y;
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
