// A model of the real size without real weights: everything is a pure function of the shape and a seed.
//
// Trits: Gaussian weights under absmean quantization (BitNet b1.58) have P(0) = erf(0.39894 / sqrt 2) = 0.310. One byte
// of the stream makes one trit, so P(0) = 80/256 = 0.3125 and P(+1) = P(-1) = 88/256. Every row of every matrix of
// every layer has a stream of its own: all 32 layers are distinct, and any block of rows can be made at any time by any
// thread. Scales keep activations near unit variance. The embedding is uniform int8 and small, so that tied logits have
// a standard deviation near 2. Scales are numbers that binary16 holds, so that a file of any format holds the very
// model.
#pragma once

#include "model_shapes.hpp"
#include "weight_source.hpp"

namespace bitproof {

class SyntheticModel : public WeightSource {
 public:
  SyntheticModel(const ModelShape& shape, std::uint64_t seed);

  void trits(std::int64_t layer, Matrix, std::int64_t row0, std::int64_t row1, std::int8_t* out) const override;
  std::span<const float> scales(std::int64_t, Matrix m) const override {
    return {&scale_[static_cast<std::size_t>(m)], 1};
  }
  void embedding(std::int64_t row0, std::int64_t row1, std::int8_t* out) const override;
  void head(std::int64_t row0, std::int64_t row1, std::int8_t* out) const override;

 private:
  float scale_of(Matrix) const;
  void dense_rows(std::uint64_t stream, std::int64_t row0, std::int64_t row1, std::int8_t* out) const;

  float scale_[kMatrixCount];
};

}  // namespace bitproof
