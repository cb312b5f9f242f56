#include "synthetic_model.hpp"

#include <array>
#include <cmath>

#include "half.hpp"
#include "rng.hpp"

namespace bitproof {
namespace {

// Streams of the seed; a matrix uses its own number from 0.
enum Stream : std::uint64_t { kNorm = 100, kEmbedding, kHead, kEmbeddingScale, kHeadScale };

constexpr std::array<std::int8_t, 256> kTritOfByte = [] {
  std::array<std::int8_t, 256> table{};
  for (int byte = 0; byte < 256; ++byte) {
    table[static_cast<std::size_t>(byte)] = static_cast<std::int8_t>(byte < 80 ? 0 : byte < 168 ? 1 : -1);
  }
  return table;
}();

constexpr std::array<std::int8_t, 256> kInt8OfByte = [] {
  std::array<std::int8_t, 256> table{};
  for (int byte = 0; byte < 256; ++byte)
    table[static_cast<std::size_t>(byte)] = static_cast<std::int8_t>(byte % 255 - 127);
  return table;
}();

// n bytes of a stream through a table: eight a step.
void fill(Rng rng, const std::array<std::int8_t, 256>& table, std::int8_t* out, std::int64_t n) {
  std::int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    std::uint64_t bits = rng.next();
    for (int j = 0; j < 8; ++j, bits >>= 8) out[i + j] = table[bits & 255];
  }
  for (std::uint64_t bits = rng.next(); i < n; ++i, bits >>= 8) out[i] = table[bits & 255];
}

std::vector<float> near_one(std::int64_t n, Rng rng) {
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& v : values) v = static_cast<float>(1.0 + 0.1 * rng.gaussian());
  return values;
}

std::vector<float> table_scales(std::int64_t n, Rng rng) {
  // Uniform int8 in [-127, 127] has a standard deviation of 73.6; see the header for the 1/32.
  std::vector<float> values(static_cast<std::size_t>(n));
  for (float& v : values) v = rounded_to_half(static_cast<float>((0.9 + 0.2 * rng.uniform()) / (73.6 * 32.0)));
  return values;
}

}  // namespace

SyntheticModel::SyntheticModel(const ModelShape& shape, std::uint64_t seed) : WeightSource(shape, seed) {
  for (const Matrix m : kMatrices) scale_[static_cast<std::size_t>(m)] = scale_of(m);
  std::uint64_t stream = 0;
  const auto next = [&] { return Rng(stream_seed(seed, kNorm, stream++)); };
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    norms_.push_back({near_one(shape.hidden, next()), near_one(shape.sub_norms ? shape.q_width() : 0, next()),
                      near_one(shape.hidden, next()), near_one(shape.sub_norms ? shape.ffn : 0, next())});
  }
  output_norm_ = near_one(shape.hidden, next());
  embedding_scale_ = table_scales(shape.vocab, Rng(stream_seed(seed, kEmbeddingScale)));
  if (!shape.tied_head) head_scale_ = table_scales(shape.vocab, Rng(stream_seed(seed, kHeadScale)));
}

void SyntheticModel::trits(std::int64_t layer, Matrix matrix, std::int64_t row0, std::int64_t row1,
                           std::int8_t* out) const {
  const std::int64_t cols = matrix_shape(shape_, matrix).cols;
  for (std::int64_t row = row0; row < row1; ++row, out += cols) {
    fill(Rng(stream_seed(seed_, static_cast<int>(matrix), layer, row)), kTritOfByte, out, cols);
  }
}

float SyntheticModel::scale_of(Matrix matrix) const {
  // Unit variance out of unit variance in; what is added to the residual stream is divided among the layers.
  const auto cols = static_cast<double>(matrix_shape(shape_, matrix).cols);
  const bool into_residual = matrix == Matrix::o || matrix == Matrix::down;
  const double share = into_residual ? 2.0 * static_cast<double>(shape_.layers) : 1.0;
  return rounded_to_half(static_cast<float>(1.0 / std::sqrt(cols * (1.0 - 80.0 / 256.0) * share)));
}

void SyntheticModel::dense_rows(std::uint64_t stream, std::int64_t row0, std::int64_t row1, std::int8_t* out) const {
  for (std::int64_t row = row0; row < row1; ++row, out += shape_.hidden) {
    fill(Rng(stream_seed(seed_, stream, row)), kInt8OfByte, out, shape_.hidden);
  }
}

void SyntheticModel::embedding(std::int64_t row0, std::int64_t row1, std::int8_t* out) const {
  dense_rows(kEmbedding, row0, row1, out);
}

void SyntheticModel::head(std::int64_t row0, std::int64_t row1, std::int8_t* out) const {
  dense_rows(shape_.tied_head ? kEmbedding : kHead, row0, row1, out);
}

}  // namespace bitproof
