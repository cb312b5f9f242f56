// Relations of the ops that work by head: rope and attention.
#include <cmath>
#include <numbers>

#include "metamorphic/relations.hpp"
#include "reference/kv_cache.hpp"

namespace bitproof {
namespace metamorphic {
namespace {

// ---- rope, in place

class RopeRig {
 public:
  using Kernel = rope::Kernel;
  enum : std::size_t { kX, kCos, kSin };
  using Input = std::tuple<Tensor<float>, Tensor<float>, Tensor<float>>;
  using Output = std::tuple<Tensor<float>>;

  RopeRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel),
        style_(c.mode ? rope::Style::interleaved : rope::Style::neox),
        heads_(c.rows),
        head_dim_(c.cols),
        batch_(c.batch),
        x_(c.batch * c.rows * c.cols),
        cos_(c.batch * c.cols / 2),
        sin_(c.batch * c.cols / 2) {}

  // A kernel reads no angle, only its cosine and sine: any angles will do.
  static Input inputs(const Case& c) {
    Tensor<float> cos{c.batch, 0, c.cols / 2, {}}, sin = cos;
    Rng rng(stream_seed(c.seed, 2));
    for (std::int64_t i = 0; i < c.batch * c.cols / 2; ++i) {
      const double angle = 2.0 * std::numbers::pi * rng.uniform();
      cos.values.push_back(static_cast<float>(std::cos(angle)));
      sin.values.push_back(static_cast<float>(std::sin(angle)));
    }
    return {{c.batch, c.rows, c.cols, finite_floats(c, 1, c.batch * c.rows * c.cols, 1e3f)}, cos, sin};
  }
  void load(const Input& in) {
    x_.fill(std::get<kX>(in).values);
    cos_.fill(std::get<kCos>(in).values);
    sin_.fill(std::get<kSin>(in).values);
  }
  threading::Space space() const { return {heads_, 1, batch_}; }
  void call(Tile tile) {
    kernel_.run({head_dim_, style_, cos_.data(), sin_.data(), x_.data(), heads_ * head_dim_}, tile);
  }
  Output output() const { return {{batch_, heads_, head_dim_, x_.values()}}; }

 private:
  const Kernel& kernel_;
  rope::Style style_;
  std::int64_t heads_, head_dim_, batch_;
  Fenced<float> x_, cos_, sin_;
};

// ---- attention: the rows of the relations are the kv heads, each with its group of queries

class AttentionRig {
 public:
  using Kernel = attention::Kernel;
  enum : std::size_t { kQ, kK, kV };
  using Input = std::tuple<Tensor<float>, Tensor<float>, Tensor<float>>;  // k, v: oldest position first
  using Output = std::tuple<Tensor<float>>;

  AttentionRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel),
        c_(c),
        q_(c.batch * c.rows * c.cols),
        k_(kernel.element, c),
        v_(kernel.element, c),
        out_(c.batch * c.rows * c.cols),
        scratch_(kernel.scratch_bytes(c.positions, c.cols)),
        partial_(kernel.merge ? static_cast<std::size_t>(c.batch * c.rows * kernel.parts(c.positions) *
                                                         attention::partial_floats(c.cols)) *
                                    sizeof(float)
                              : 0) {}

  static Input inputs(const Case& c) {
    const std::int64_t queries = c.rows / c.kv_heads * c.cols, past = c.positions * c.cols;
    return {{c.batch, c.kv_heads, queries, finite_floats(c, 1, c.batch * c.kv_heads * queries, 20.0f)},
            {0, c.kv_heads, past, finite_floats(c, 2, c.kv_heads * past, 20.0f)},
            {0, c.kv_heads, past, finite_floats(c, 3, c.kv_heads * past, 1e3f)}};
  }

  // Element b of the batch: what came after it is not there yet.
  static std::pair<Case, Input> alone(const Case& c, const Input& in, std::int64_t b) {
    Case single = c;
    single.batch = 1;
    single.positions = c.positions - (c.batch - 1 - b);
    const auto cut = [&](const Tensor<float>& t) {
      Order seen(static_cast<std::size_t>(single.positions));
      std::iota(seen.begin(), seen.end(), 0);
      return Tensor<float>{0, c.kv_heads, single.positions * c.cols, gather(t.values, c.kv_heads, c.positions, seen)};
    };
    return {single, {PickBatch{{b}}(std::get<kQ>(in)), cut(std::get<kK>(in)), cut(std::get<kV>(in))}};
  }

  void load(const Input& in) {
    q_.fill(std::get<kQ>(in).values);
    k_.fill(reference::kept(kernel_.element, c_.cols, in_slots(std::get<kK>(in).values)));
    v_.fill(reference::kept(kernel_.element, c_.cols, in_slots(std::get<kV>(in).values)));
    out_.poison();
    scratch_.poison();
    partial_.poison();
  }
  threading::Space space() const { return {c_.rows, 1, c_.batch}; }
  void call(Tile tile) {
    const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(c_.cols)));
    const std::int64_t wrap = oldest_slot();
    const auto from = [&](std::int64_t slot, std::int64_t count) {
      return kv_cache::Segment{k_.row(slot), v_.row(slot), count, k_.scale(slot), v_.scale(slot)};
    };
    const kv_cache::View view{
        {from(wrap, c_.positions - wrap), from(0, wrap)}, c_.positions * c_.cols, first(), c_.positions};
    const attention::Call call{c_.rows,
                               c_.kv_heads,
                               c_.cols,
                               scale,
                               q_.data(),
                               c_.rows * c_.cols,
                               first() + c_.positions - c_.batch,
                               view,
                               out_.data(),
                               c_.rows * c_.cols,
                               kernel_.parts(c_.positions),
                               reinterpret_cast<float*>(partial_.data())};
    const Tile parts{tile.row0 * call.parts, tile.row1 * call.parts, tile.batch0, tile.batch1};
    kernel_.run(call, parts, scratch_.data());
    if (kernel_.merge) kernel_.merge(call, tile);
  }
  Output output() const { return {{c_.batch, c_.kv_heads, c_.rows / c_.kv_heads * c_.cols, out_.values()}}; }

 private:
  // Mode 0 is a cache from position 0 on; mode 1 a ring that has wrapped, where position p is in slot p % positions.
  std::int64_t first() const { return c_.mode ? c_.positions / 3 + 1 : 0; }
  std::int64_t oldest_slot() const { return first() % c_.positions; }

  std::vector<float> in_slots(const std::vector<float>& oldest_first) const {
    Order position_in_slot(static_cast<std::size_t>(c_.positions));
    for (std::int64_t i = 0; i < c_.positions; ++i) {
      position_in_slot[static_cast<std::size_t>((oldest_slot() + i) % c_.positions)] = i;
    }
    return gather(oldest_first, c_.kv_heads, c_.positions, position_in_slot);
  }

  // Keys or values as a cache keeps them.
  class Rows {
   public:
    Rows(kv_cache::Element element, const Case& c)
        : row_bytes_((kv_cache::row_bytes(element, 1) - kv_cache::row_bytes(element, 0)) * c.cols),
          rows_(c.kv_heads * c.positions * row_bytes_, 4),
          scales_(element == kv_cache::Element::q8 ? c.kv_heads * c.positions : 0) {}

    void fill(const reference::Kept& kept) {
      rows_.fill(kept.elements);
      if (!kept.scales.empty()) scales_.fill(kept.scales);
    }
    const void* row(std::int64_t slot) const { return rows_.data() + slot * row_bytes_; }
    const float* scale(std::int64_t slot) const { return scales_.data() + slot; }

   private:
    std::int64_t row_bytes_;
    Fenced<std::byte> rows_;
    Fenced<float> scales_;
  };

  const Kernel& kernel_;
  const Case c_;
  Fenced<float> q_;
  Rows k_, v_;
  Fenced<float> out_;
  FencedBytes scratch_, partial_;
};

// The same positions, begun elsewhere in the cache.
Verdict ring_as_straight(Subject<AttentionRig>& s) {
  Case other = s.c;
  other.mode = 1 - s.c.mode;
  AttentionRig rig(s.kernel, other);
  return expect("ring as straight", "the same positions in a straight cache and in a ring", run(rig, s.input),
                s.output);
}

// The heads of a group read the same keys and values: their order is their own.
Verdict permuted_in_groups(Subject<AttentionRig>& s) {
  const std::int64_t group = s.c.rows / s.c.kv_heads;
  const Order order = shuffled(group, stream_seed(s.c.seed, 81));
  const auto permute = [&](Tensor<float>& heads) {
    heads.values = gather(heads.values, s.c.batch * s.c.kv_heads, group, order);
  };
  AttentionRig::Input input = s.input;
  AttentionRig::Output want = s.output;
  permute(std::get<AttentionRig::kQ>(input));
  permute(std::get<0>(want));
  return expect("permutation", "the heads of a group in another order", run(s.rig, input), want);
}

// ---- all of an op's relations

Verdict check(const rope::Kernel& kernel, const Case& c) {
  using Rig = RopeRig;
  return judge<Rig>(kernel, c,
                    {permuted_rows<Rig>, permuted_batch<Rig>, odd_in<Rig, Rig::kX>, doubled_in<Rig, Rig::kX>});
}

Verdict check(const attention::Kernel& kernel, const Case& c) {
  using Rig = AttentionRig;
  return judge<Rig>(
      kernel, c,
      {permuted_rows<Rig>, permuted_in_groups, ring_as_straight, odd_in<Rig, Rig::kV>, even_in<Rig, Rig::kQ, Rig::kK>});
}

}  // namespace
}  // namespace metamorphic

template <>
Verdict check_relations(const rope::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}
template <>
Verdict check_relations(const attention::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}

}  // namespace bitproof
