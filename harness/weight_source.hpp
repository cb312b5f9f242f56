// A model's weights in canonical form, wherever they come from: trits and their scales, an int8 embedding and head with
// a scale a row, norms. Everything packed, decoded or checked is made of this.
#pragma once

#include <cstdint>
#include <span>
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

struct LayerNorms {
  std::vector<float> attention, attention_sub, ffn, ffn_sub;  // the sub-norms are empty without them
};

// Rows are made on demand, for a whole model in this form may be larger than memory. Const calls may run at once.
class WeightSource {
 public:
  virtual ~WeightSource() = default;

  const ModelShape& shape() const { return shape_; }

  // Rows [row0, row1) of a matrix, row-major, cols trits a row.
  virtual void trits(std::int64_t layer, Matrix, std::int64_t row0, std::int64_t row1, std::int8_t* out) const = 0;
  // What its integer sums are multiplied by: one number, or one a row.
  virtual std::span<const float> scales(std::int64_t layer, Matrix) const = 0;

  const LayerNorms& norms(std::int64_t layer) const { return norms_[static_cast<std::size_t>(layer)]; }
  const std::vector<float>& output_norm() const { return output_norm_; }

  // Rows [row0, row1) of the embedding table, or of the head (the same when tied).
  virtual void embedding(std::int64_t row0, std::int64_t row1, std::int8_t* out) const = 0;
  virtual void head(std::int64_t row0, std::int64_t row1, std::int8_t* out) const = 0;
  const std::vector<float>& embedding_scale() const { return embedding_scale_; }
  const std::vector<float>& head_scale() const { return shape_.tied_head ? embedding_scale_ : head_scale_; }

  // The whole model in plain vectors, for the reference loop: a byte a weight.
  reference::ModelWeights materialize() const;

  // Token ids that every arm of a comparison shares; a function of the seed and the vocabulary.
  std::vector<std::int32_t> prompt(std::int64_t length) const;
  std::uint64_t seed() const { return seed_; }

 protected:
  WeightSource(const ModelShape& shape, std::uint64_t seed) : shape_(shape), seed_(seed) {}
  WeightSource(const WeightSource&) = default;
  WeightSource(WeightSource&&) = default;
  WeightSource& operator=(const WeightSource&) = default;
  WeightSource& operator=(WeightSource&&) = default;

  ModelShape shape_;
  std::uint64_t seed_;
  std::vector<LayerNorms> norms_;
  std::vector<float> output_norm_, embedding_scale_, head_scale_;
};

}  // namespace bitproof
