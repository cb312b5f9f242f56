// Attention in double, one query after another, to plant faults in: a fault is a policy that overrides what it gets
// wrong.
#pragma once

#include <cmath>

#include "attention/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::attention {
namespace {

struct Right {
  static std::int64_t visible(const Call& c, std::int64_t b) { return c.position + b + 1 - c.kv.first; }
  static std::int64_t kv_head(const Call& c, std::int64_t head) { return head / (c.heads / c.kv_heads); }
  static double scale(const Call& c) { return static_cast<double>(c.scale); }
  static double subtracted(double largest) { return largest; }
  static float weight(double w) { return static_cast<float>(w); }
};

inline std::size_t weights_bytes(std::int64_t positions, std::int64_t) {
  return static_cast<std::size_t>(positions) * sizeof(float);
}

// Row j of the view, which may lie in either segment.
inline const float* row(const Call& c, const void* kv_cache::Segment::*what, std::int64_t kv_head, std::int64_t j) {
  const kv_cache::Segment* segment = c.kv.segment;
  const bool second = j >= segment[0].count;
  return static_cast<const float*>(segment[second].*what) + kv_head * c.kv.head_stride +
         (second ? j - segment[0].count : j) * c.head_dim;
}

template <class Policy>
void attend(const Call& c, std::int64_t head, std::int64_t b, float* weight) {
  const std::int64_t count = Policy::visible(c, b), kv_head = Policy::kv_head(c, head);
  const float* q = c.q + b * c.q_stride + head * c.head_dim;
  float* out = c.out + b * c.out_stride + head * c.head_dim;
  double largest = -INFINITY, sum = 0;
  for (std::int64_t j = 0; j < count; ++j) {
    const float* k = row(c, &kv_cache::Segment::k, kv_head, j);
    double score = 0;
    for (std::int64_t i = 0; i < c.head_dim; ++i) score += static_cast<double>(q[i]) * static_cast<double>(k[i]);
    weight[j] = static_cast<float>(score * Policy::scale(c));
    largest = std::fmax(largest, static_cast<double>(weight[j]));
  }
  for (std::int64_t j = 0; j < count; ++j) {
    weight[j] = Policy::weight(std::exp(static_cast<double>(weight[j]) - Policy::subtracted(largest)));
    sum += static_cast<double>(weight[j]);
  }
  for (std::int64_t i = 0; i < c.head_dim; ++i) {
    double total = 0;
    for (std::int64_t j = 0; j < count; ++j) {
      total += static_cast<double>(weight[j]) * static_cast<double>(row(c, &kv_cache::Segment::v, kv_head, j)[i]);
    }
    out[i] = static_cast<float>(total / sum);
  }
}

template <class Policy>
void run(const Call& c, Tile t, std::byte* scratch) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t head = t.row0; head < t.row1; ++head) {
      attend<Policy>(c, head, b, reinterpret_cast<float*>(scratch));
    }
  }
}

template <class Policy>
constexpr Kernel kernel(VariantInfo info) {
  return {info, kv_cache::Element::f32, weights_bytes, run<Policy>};
}

}  // namespace
}  // namespace bitproof::attention
