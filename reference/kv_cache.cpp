#include "reference/kv_cache.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "reference/require.hpp"

namespace bitproof::reference {
namespace {

using kv_cache::Element;

// Positive and finite, to 16 significant bits, upwards.
float rounded_up(double x) {
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent);  // in [1/2, 1)
  return static_cast<float>(std::ldexp(std::ceil(std::ldexp(fraction, 16)), exponent - 16));
}

float scale_of(std::span<const float> row) {
  float absmax = 0;
  for (const float x : row) {
    if (!std::isfinite(x)) return std::numeric_limits<float>::quiet_NaN();
    absmax = std::max(absmax, std::abs(x));
  }
  return absmax < 0x1p-100f ? 0.0f : rounded_up(static_cast<double>(absmax / 127.0f));
}

template <class T>
void append_bytes(std::vector<std::byte>& to, T value) {
  const auto* bytes = reinterpret_cast<const std::byte*>(&value);
  to.insert(to.end(), bytes, bytes + sizeof value);
}

void keep_row(Kept& to, Element element, std::span<const float> row) {
  if (element == Element::f32) {
    for (const float x : row) append_bytes(to.elements, x);
  } else if (element == Element::f16) {
    constexpr float kLargest = 65504;
    for (const float x : row) {
      const float size = std::isnan(x) ? x : std::clamp(x, -kLargest, kLargest);
      const Eigen::half h(size);
      append_bytes(to.elements,
                   std::isnan(x) ? static_cast<kv_cache::Half>(0x7e00 | (std::signbit(x) ? 0x8000 : 0)) : h.x);
    }
  } else {
    const float scale = scale_of(row), inverse = 1.0f / scale;
    for (const float x : row) {
      append_bytes(to.elements, static_cast<std::int8_t>(scale > 0 ? std::nearbyint(x * inverse) : 0.0f));
    }
    to.scales.push_back(scale);
  }
}

}  // namespace

void append_row(std::vector<float>& to, Element element, const void* start, std::int64_t row, std::int64_t head_dim,
                const float* scales, std::int64_t scale) {
  const auto* bytes = static_cast<const std::byte*>(start);
  for (std::int64_t i = row; i < row + head_dim; ++i) {
    if (element == Element::f32) {
      float x = 0;
      std::memcpy(&x, bytes + i * 4, sizeof x);
      to.push_back(x);
    } else if (element == Element::f16) {
      Eigen::half h;
      std::memcpy(&h.x, bytes + i * 2, sizeof h.x);
      to.push_back(static_cast<float>(h));
    } else {
      to.push_back(static_cast<float>(std::to_integer<std::int8_t>(bytes[i])) * scales[scale]);
    }
  }
}

Kept kept(Element element, std::int64_t head_dim, std::span<const float> rows) {
  require(head_dim > 0 && std::ssize(rows) % head_dim == 0, "kv_cache: not whole rows");
  Kept result;
  const auto width = static_cast<std::size_t>(head_dim);
  for (std::size_t at = 0; at < rows.size(); at += width) keep_row(result, element, rows.subspan(at, width));
  for (std::int64_t row = 0; row * head_dim < std::ssize(rows); ++row) {
    append_row(result.values, element, result.elements.data(), row * head_dim, head_dim, result.scales.data(), row);
  }
  return result;
}

std::vector<float> as_kept(Element element, std::int64_t head_dim, std::span<const float> rows) {
  return kept(element, head_dim, rows).values;
}

}  // namespace bitproof::reference
