#include "weight_source.hpp"

#include "rng.hpp"

namespace bitproof {

matmul::Shape matrix_shape(const ModelShape& m, Matrix matrix) {
  switch (matrix) {
    case Matrix::q:
      return {m.q_width(), m.hidden};
    case Matrix::k:
    case Matrix::v:
      return {m.kv_width(), m.hidden};
    case Matrix::o:
      return {m.hidden, m.q_width()};
    case Matrix::gate:
    case Matrix::up:
      return {m.ffn, m.hidden};
    case Matrix::down:
      return {m.hidden, m.ffn};
  }
  __builtin_unreachable();
}

reference::ModelWeights WeightSource::materialize() const {
  reference::ModelWeights weights;
  for (std::int64_t l = 0; l < shape_.layers; ++l) {
    const auto matrix = [&](Matrix m) {
      const matmul::Shape s = matrix_shape(shape_, m);
      const std::span<const float> scale = scales(l, m);
      reference::TernaryMatrix out{std::vector<std::int8_t>(static_cast<std::size_t>(s.rows * s.cols)),
                                   {scale.begin(), scale.end()}};
      trits(l, m, 0, s.rows, out.w.data());
      return out;
    };
    const LayerNorms& n = norms(l);
    weights.layers.push_back({matrix(Matrix::q), matrix(Matrix::k), matrix(Matrix::v), matrix(Matrix::o),
                              matrix(Matrix::gate), matrix(Matrix::up), matrix(Matrix::down), n.attention, n.ffn,
                              n.attention_sub, n.ffn_sub});
  }
  weights.output_norm = output_norm_;
  weights.embedding = {std::vector<std::int8_t>(static_cast<std::size_t>(shape_.vocab * shape_.hidden)),
                       embedding_scale_};
  weights.head = {weights.embedding.w, head_scale()};
  embedding(0, shape_.vocab, weights.embedding.w.data());
  head(0, shape_.vocab, weights.head.w.data());
  return weights;
}

std::vector<std::int32_t> WeightSource::prompt(std::int64_t length) const {
  constexpr std::uint64_t kPrompt = 105;  // beside the streams of a synthetic model's weights
  Rng rng(stream_seed(seed_, kPrompt));
  std::vector<std::int32_t> tokens(static_cast<std::size_t>(length));
  for (std::int32_t& t : tokens) t = static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(shape_.vocab)));
  return tokens;
}

}  // namespace bitproof
