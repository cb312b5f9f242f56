// Relations of ternary_matmul and dense_matmul: y = W x is linear in both, to the bit.
#include "matmul.hpp"

#include <algorithm>

#include "inputs.hpp"
#include "metamorphic/relations.hpp"
#include "round_up.hpp"

namespace bitproof {
namespace metamorphic {
namespace {

enum : std::size_t { kW, kX };

template <matmul::Weights kWeights>
class MatmulRig {
 public:
  using Kernel = matmul::Kernel<kWeights>;
  using Input = std::tuple<Tensor<std::int8_t>, Tensor<std::int8_t>>;  // w [rows][cols], x [batch][cols]
  using Output = std::tuple<Tensor<std::int32_t>>;                     // y [batch][rows]

  MatmulRig(const Kernel& kernel, const Case& c)
      : kernel_(kernel),
        shape_{c.rows, c.cols},
        batch_(c.batch),
        stride_(round_up(c.cols, kernel.col_multiple)),
        packed_(kernel.packed_bytes(shape_)),
        prepared_(kernel.prepared_bytes(c.cols, c.batch)),
        scratch_(kernel.scratch_bytes(shape_, c.batch)),
        x_(c.batch * stride_),
        y_(c.batch * c.rows) {}

  static Input inputs(const Case& c) {
    constexpr int kLargest = kWeights == matmul::Weights::ternary ? 1 : 127;
    return {{0, c.rows, c.cols, weight_inputs(c, c.rows, c.cols, kLargest)}, {c.batch, 0, c.cols, int8_inputs(c, 1)}};
  }

  void load(const Input& in) {
    const auto& [w, x] = in;
    if (w.values != weights_) {
      weights_ = w.values;
      packed_.poison();
      kernel_.pack(shape_, weights_.data(), 0, shape_.rows, packed_.data());
    }
    std::vector<std::int8_t> padded(static_cast<std::size_t>(batch_ * stride_), 0);
    for (std::int64_t b = 0; b < batch_; ++b) {
      std::copy_n(x.values.begin() + b * shape_.cols, shape_.cols, padded.begin() + b * stride_);
    }
    x_.fill(padded);
    prepared_.poison();
    scratch_.poison();
    y_.poison();
  }

  threading::Space space() const { return {shape_.rows, kernel_.row_multiple, batch_}; }

  void call(Tile tile) {
    constexpr int kParts = 2;
    const matmul::Input input{x_.data(), batch_, shape_.cols, stride_};
    for (int part = 0; part < kParts; ++part) kernel_.prepare(input, prepared_.data(), part, kParts);
    kernel_.multiply({shape_, packed_.data(), input, prepared_.data(), y_.data(), shape_.rows}, tile, scratch_.data());
  }

  Output output() const { return {{batch_, shape_.rows, 1, y_.values()}}; }

 private:
  const Kernel& kernel_;
  matmul::Shape shape_;
  std::int64_t batch_, stride_;
  FencedBytes packed_, prepared_, scratch_;
  Fenced<std::int8_t> x_;
  Fenced<std::int32_t> y_;
  std::vector<std::int8_t> weights_;  // what packed_ holds
};

// W x = W a + W b where x = a + b, and the same for a sum of weights. x is cut into halves, so that a kernel also meets
// inputs of half the range; a weight, which may be a trit, goes whole to the side of its sign.
template <class Rig, std::size_t kSplit>
Verdict additive_in(Subject<Rig>& s) {
  typename Rig::Input a = s.input, b = s.input;
  auto& first = std::get<kSplit>(a).values;
  auto& second = std::get<kSplit>(b).values;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const int whole = first[i], part = kSplit == kX ? whole / 2 : std::max(whole, 0);
    first[i] = static_cast<std::int8_t>(part);
    second[i] = static_cast<std::int8_t>(whole - part);
  }
  typename Rig::Output sum = run(s.rig, a);
  const typename Rig::Output rest = run(s.rig, b);
  auto& y = std::get<0>(sum).values;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += std::get<0>(rest).values[i];
  return expect("linearity", kSplit == kX ? "W a + W b, where a + b = x" : "A x + B x, where A + B = W", sum, s.output);
}

template <matmul::Weights kWeights>
Verdict check(const matmul::Kernel<kWeights>& kernel, const Case& c) {
  using Rig = MatmulRig<kWeights>;
  return judge<Rig>(kernel, c,
                    {permuted_rows<Rig>, permuted_batch<Rig>, odd_in<Rig, kX>, odd_in<Rig, kW>, even_in<Rig, kW, kX>,
                     additive_in<Rig, kX>, additive_in<Rig, kW>});
}

}  // namespace
}  // namespace metamorphic

template <>
Verdict check_relations(const ternary_matmul::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}
template <>
Verdict check_relations(const dense_matmul::Kernel& kernel, const Case& c) {
  return metamorphic::check(kernel, c);
}

}  // namespace bitproof
