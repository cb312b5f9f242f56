#include "reference/embedding.hpp"

#include "reference/rows.hpp"

namespace bitproof::reference {

std::vector<float> embedding(std::int64_t cols, std::span<const std::int32_t> tokens,
                             std::span<const std::int8_t> table, std::span<const float> row_scale) {
  const auto rows = rows_of(table, cols);
  require(rows.rows() == std::ssize(row_scale), "embedding: one scale a row of the table");
  std::vector<float> out(tokens.size() * static_cast<std::size_t>(cols));
  auto y = rows_of(std::span(out), cols);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    require(tokens[i] >= 0 && tokens[i] < rows.rows(), "embedding: token outside the vocabulary");
    const float scale = row_scale[static_cast<std::size_t>(tokens[i])];
    y.row(static_cast<Eigen::Index>(i)) = rows.row(tokens[i]).cast<float>() * scale;
  }
  return out;
}

}  // namespace bitproof::reference
