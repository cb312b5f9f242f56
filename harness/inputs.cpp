#include "inputs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rng.hpp"

namespace bitproof {
namespace {

constexpr float kTiny = 0x1p-100f;

float signed_by(std::uint64_t bits, float magnitude) { return bits & 1 ? magnitude : -magnitude; }

// Below the smallest normal number, and not zero.
float denormal(Rng& rng) { return std::ldexp(static_cast<float>(1 + rng.below((1 << 23) - 1)), -149); }

float element(Fill fill, Rng& rng, FloatRange range) {
  switch (fill) {
    case Fill::extreme:
      return signed_by(rng.next(), range.extreme);
    case Fill::zero:
    case Fill::one_hot:
      return 0;
    case Fill::sparse: {
      const auto value = static_cast<float>(rng.gaussian());
      return rng.below(4) == 0 ? value : 0;
    }
    case Fill::integer:
      return static_cast<float>(rng.below(17)) - 8;
    case Fill::denormal:
      return signed_by(rng.next(), denormal(rng));
    case Fill::huge:
      return static_cast<float>(2 * rng.uniform() - 1) * range.huge;
    case Fill::tiny:
      return static_cast<float>(rng.gaussian()) * kTiny;
    case Fill::random:
    case Fill::nan:
    case Fill::inf:
      break;
  }
  return static_cast<float>(rng.gaussian());
}

// A row's one special element.
float special(Fill fill, Rng& rng) {
  if (fill == Fill::nan) return std::numeric_limits<float>::quiet_NaN();
  if (fill == Fill::inf) return signed_by(rng.next(), std::numeric_limits<float>::infinity());
  return signed_by(rng.next(), 1);
}

bool has_special(Fill fill) { return fill == Fill::one_hot || fill == Fill::nan || fill == Fill::inf; }

}  // namespace

std::vector<float> float_inputs(const Case& c, std::uint64_t stream, std::int64_t cols, std::int64_t count,
                                FloatRange range) {
  Rng rng(stream_seed(c.seed, stream));
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) v = element(c.fill, rng, range);
  for (std::int64_t row = 0; row < count / cols; ++row) {
    float* x = &values[static_cast<std::size_t>(row * cols)];
    if (has_special(c.fill) && (c.fill == Fill::one_hot || row % 2 == 0)) {
      x[rng.below(static_cast<std::uint64_t>(cols))] = special(c.fill, rng);
    }
    if (c.fill == Fill::sparse && row % 2 == 1) std::fill_n(x, cols, 0.0f);
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
      // All 127, all -127, any, all 127 ...
      const int extreme = b % 3 == 0 || (b % 3 == 2 && (bits & 1)) ? 127 : -127;
      const bool kept = b % 2 == 0 && (bits & 3) == 0;
      const int value = c.fill == Fill::extreme  ? extreme
                        : c.fill == Fill::random ? random
                        : c.fill == Fill::sparse ? kept * random
                                                 : 0;
      values.push_back(static_cast<std::int8_t>(value));
    }
  }
  for (std::int64_t b = 0; c.fill == Fill::one_hot && b < c.batch; ++b) {
    const auto hot = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(c.cols)));
    values[static_cast<std::size_t>(b * c.cols + hot)] = static_cast<std::int8_t>(1 + rng.below(127));
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
        const bool kept = c.fill != Fill::sparse || (row % 2 == 0 && (bits & 1));
        values[i++] = static_cast<std::int8_t>(kept * (static_cast<int>((bits >> 32) * range >> 32) - largest));
      }
    }
  }
  return values;
}

std::vector<float> scale_inputs(const Case& c, std::uint64_t stream, std::int64_t count) {
  Rng rng(stream_seed(c.seed, stream));
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& v : values) {
    const auto near_one = static_cast<float>(0.5 + rng.uniform());
    v = c.fill == Fill::integer    ? std::ldexp(1.0f, static_cast<int>(rng.below(9)) - 4)
        : c.fill == Fill::denormal ? denormal(rng)
        : c.fill == Fill::huge     ? near_one * 0x1p100f
        : c.fill == Fill::tiny     ? near_one * kTiny
                                   : near_one;
  }
  if (c.fill == Fill::nan || c.fill == Fill::inf) {
    values[rng.below(static_cast<std::uint64_t>(count))] = std::abs(special(c.fill, rng));
  }
  return values;
}

Case moderate(Case c) {
  if (c.fill >= Fill::denormal) c.fill = Fill::random;
  return c;
}

bool leaves_outputs_open(const Case& c) {
  if (c.fill == Fill::inf) return c.op == "activation_quant" || c.op == "attention";
  return c.fill == Fill::nan && c.op == "activation_quant";
}

}  // namespace bitproof
