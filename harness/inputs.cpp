#include "inputs.hpp"

#include "rng.hpp"

namespace bitproof {

std::vector<float> float_inputs(const Case& c, std::uint64_t stream, std::int64_t count, float magnitude) {
  Rng rng(stream_seed(c.seed, stream));
  std::vector<float> values(static_cast<std::size_t>(count), 0.0f);
  if (c.fill == Fill::zero) return values;
  for (float& v : values) {
    v = c.fill == Fill::random ? static_cast<float>(rng.gaussian()) : rng.next() & 1 ? magnitude : -magnitude;
  }
  return values;
}

std::vector<std::int8_t> int8_inputs(const Case& c, std::uint64_t stream) {
  Rng rng(stream_seed(c.seed, stream));
  std::vector<std::int8_t> values;
  values.reserve(static_cast<std::size_t>(c.batch * c.cols));
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t i = 0; i < c.cols; ++i) {
      const std::uint64_t bits = rng.next();
      const int random = static_cast<int>((bits >> 32) * 255 >> 32) - 127;
      const int extreme = b % 2 == 0 || (bits & 1) ? 127 : -127;
      values.push_back(static_cast<std::int8_t>(c.fill == Fill::zero ? 0 : c.fill == Fill::random ? random : extreme));
    }
  }
  return values;
}

std::vector<std::int8_t> weight_inputs(const Case& c, std::int64_t rows, std::int64_t cols, int largest) {
  constexpr std::uint64_t kStream = 1000;
  std::vector<std::int8_t> values(static_cast<std::size_t>(rows * cols));
  const auto range = static_cast<std::uint64_t>(2 * largest + 1);
  Rng rng(stream_seed(c.seed, kStream));
  std::size_t i = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t col = 0; col < cols; ++col) {
      const std::uint64_t bits = rng.next();
      if (c.fill == Fill::extreme) {
        const bool positive = row % 3 == 0 || (row % 3 == 2 && (bits & 1));
        values[i++] = static_cast<std::int8_t>(positive ? largest : -largest);
      } else {
        values[i++] = static_cast<std::int8_t>(static_cast<int>((bits >> 32) * range >> 32) - largest);
      }
    }
  }
  return values;
}

std::vector<float> scale_inputs(const Case& c, std::uint64_t stream, std::int64_t count) {
  Rng rng(stream_seed(c.seed, stream));
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = static_cast<float>(0.5 + rng.uniform());
  return values;
}

}  // namespace bitproof
