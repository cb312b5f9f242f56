// A model of the real size without real weights: everything is a pure function of the shape and a seed.
//
// Trits: Gaussian weights under absmean quantization (BitNet b1.58) have P(0) = erf(0.39894 / sqrt 2) = 0.310. One byte
// of the stream makes one trit, so P(0) = 80/256 = 0.3125 and P(+1) = P(-1) = 88/256. Every row of every matrix of every
// layer has a stream of its own: all 32 layers are distinct, and any block of rows can be made at any time by any thread.
// Scales keep activations near unit variance. The embedding is uniform int8 and small, so that tied logits have a
// standard deviation near 2.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "matmul.hpp"
#include "model.hpp"
#include "reference/token_loop.hpp"

namespace bitproof {

enum class Matrix : std::uint8_t { q, k, v, o, gate, up, down };
inline constexpr int kMatrixCount = 7;
inline constexpr Matrix kMatrices[] = {Matrix::q,    Matrix::k,  Matrix::v,   Matrix::o,
                                       Matrix::gate, Matrix::up, Matrix::down};

matmul::Shape matrix_shape(const ModelShape&, Matrix);

// "7b": BitNet b1.58 7B (4096 / 11008 / 32 layers / 32 heads / vocab 32000 / context 2048). "tiny": for tests and smoke.
ModelShape model_by_name(const std::string& name);

struct LayerNorms {
  std::vector<float> attention, attention_sub, ffn, ffn_sub;  // the sub-norms are empty without them
};

class SyntheticModel {
 public:
  SyntheticModel(const ModelShape& shape, std::uint64_t seed);

  const ModelShape& shape() const { return shape_; }
  std::uint64_t seed() const { return seed_; }

  // Rows [row0, row1) of a matrix, row-major, cols trits a row.
  void trits(std::int64_t layer, Matrix, std::int64_t row0, std::int64_t row1, std::int8_t* out) const;
  float scale(Matrix) const;

  const LayerNorms& norms(std::int64_t layer) const { return norms_[static_cast<std::size_t>(layer)]; }
  const std::vector<float>& output_norm() const { return output_norm_; }

  // Rows [row0, row1) of the embedding table, or of the head (the same when tied).
  void embedding(std::int64_t row0, std::int64_t row1, std::int8_t* out) const;
  void head(std::int64_t row0, std::int64_t row1, std::int8_t* out) const;
  const std::vector<float>& embedding_scale() const { return embedding_scale_; }
  const std::vector<float>& head_scale() const { return shape_.tied_head ? embedding_scale_ : head_scale_; }

  // The whole model in plain vectors, for the reference loop. Only for small shapes.
  reference::ModelWeights materialize() const;

  // A prompt that every arm of a comparison shares.
  std::vector<std::int32_t> prompt(std::int64_t length) const;

 private:
  void dense_rows(std::uint64_t stream, std::int64_t row0, std::int64_t row1, std::int8_t* out) const;

  ModelShape shape_;
  std::uint64_t seed_;
  std::vector<LayerNorms> norms_;
  std::vector<float> output_norm_, embedding_scale_, head_scale_;
};

}  // namespace bitproof
