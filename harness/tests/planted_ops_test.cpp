// Every other arithmetic op with one planted fault each, judged on the cases that clear a variant for timing. Each
// fault stands beside its clean twin: the same code without the fault passes.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "support.hpp"

namespace bitproof {
namespace {

template <class Kernel, class Run>
Status status(const char* op, Run run) {
  return verdict_of(Kernel{kPlanted, run}, clearance_cases(op)).status;
}

#define EXPECT_CLEAN(...) EXPECT_EQ((__VA_ARGS__), Status::pass)
#define EXPECT_REJECTED(...) EXPECT_EQ((__VA_ARGS__), Status::failed)

// ---- activation_quant

template <float (*kRound)(float), bool kPads = true, bool kClamps = true>
void quantize(const activation_quant::Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    float largest = kClamps ? activation_quant::kMinAbsmax : 0.0f;
    for (std::int64_t i = 0; i < c.cols; ++i) largest = std::max(largest, std::abs(c.x[b * c.x_stride + i]));
    const float s = 127.0f / largest;
    c.scale[b] = s;
    for (std::int64_t i = 0; i < (kPads ? c.v_stride : c.cols); ++i) {
      c.v[b * c.v_stride + i] =
          i < c.cols ? static_cast<std::int8_t>(kRound(c.x[b * c.x_stride + i] * s)) : std::int8_t{0};
    }
  }
}
float to_even(float x) { return std::nearbyint(x); }
float away_from_zero(float x) { return std::round(x); }
float truncated(float x) { return std::isfinite(x) ? std::trunc(x) : 0.0f; }

Status quant(void (*run)(const activation_quant::Call&, Tile)) {
  return status<activation_quant::Kernel>("activation_quant", run);
}

TEST(PlantedActivationQuant, IsRejected) {
  EXPECT_CLEAN(quant(quantize<to_even>));
  EXPECT_REJECTED(quant(quantize<away_from_zero>));
  EXPECT_REJECTED(quant(quantize<truncated>));
  EXPECT_REJECTED(quant(quantize<to_even, false>)) << "padding is left as it was";
  EXPECT_REJECTED(quant(quantize<truncated, true, false>)) << "a zero vector divides by zero";
}

// ---- rms_norm

struct NormFault {
  float eps_factor = 1;
  bool centered = false, unweighted = false, first_row_only = false;
};

template <NormFault kFault>
Status norm() {
  return status<rms_norm::Kernel>("rms_norm", [](const rms_norm::Call& c, Tile t) {
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      const float* x = c.x + (kFault.first_row_only ? 0 : b) * c.x_stride;
      double squares = 0, mean = 0;
      for (std::int64_t i = 0; i < c.cols; ++i) {
        squares += static_cast<double>(x[i]) * x[i];
        mean += x[i] / static_cast<double>(c.cols);
      }
      const double centre = kFault.centered ? mean : 0;
      const double eps = static_cast<double>(c.eps) * kFault.eps_factor;
      const double factor = 1 / std::sqrt(squares / static_cast<double>(c.cols) + eps);
      for (std::int64_t i = 0; i < c.cols; ++i) {
        c.y[b * c.y_stride + i] =
            static_cast<float>((x[i] - centre) * factor * (kFault.unweighted ? 1.0f : c.weight[i]));
      }
    }
  });
}

TEST(PlantedRmsNorm, IsRejected) {
  EXPECT_CLEAN(norm<{}>());
  EXPECT_REJECTED(norm<NormFault{.eps_factor = 0.1f}>()) << "eps 1e-6 for 1e-5";
  EXPECT_REJECTED(norm<NormFault{.eps_factor = 0}>());
  EXPECT_REJECTED(norm<NormFault{.centered = true}>()) << "LayerNorm";
  EXPECT_REJECTED(norm<NormFault{.unweighted = true}>());
  EXPECT_REJECTED(norm<NormFault{.first_row_only = true}>());
}

// ---- rope

struct RopeFault {
  bool other_style = false, backwards = false, first_angles = false;
};

template <RopeFault kFault>
Status rotate() {
  return status<rope::Kernel>("rope", [](const rope::Call& c, Tile t) {
    const std::int64_t half = c.head_dim / 2;
    const bool neox = (c.style == rope::Style::neox) != kFault.other_style;
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      for (std::int64_t head = t.row0; head < t.row1; ++head) {
        float* x = c.x + b * c.x_stride + head * c.head_dim;
        for (std::int64_t i = 0; i < half; ++i) {
          float& first = neox ? x[i] : x[2 * i];
          float& second = neox ? x[i + half] : x[2 * i + 1];
          const std::int64_t row = kFault.first_angles ? 0 : b;
          const float cos = c.cos[row * half + i], sin = c.sin[row * half + i] * (kFault.backwards ? -1.0f : 1.0f);
          const float turned = first * cos - second * sin;
          second = first * sin + second * cos;
          first = turned;
        }
      }
    }
  });
}

TEST(PlantedRope, IsRejected) {
  EXPECT_CLEAN(rotate<{}>());
  EXPECT_REJECTED(rotate<RopeFault{.other_style = true}>());
  EXPECT_REJECTED(rotate<RopeFault{.backwards = true}>());
  EXPECT_REJECTED(rotate<RopeFault{.first_angles = true}>()) << "one position for the whole batch";
}

// ---- attention

struct AttentionFault {
  bool acausal = false, one_segment = false, interleaved_groups = false, unscaled = false, largest_kept = false;
};

template <AttentionFault kFault>
void attend(const attention::Call& c, Tile t, std::byte* scratch) {
  auto* weight = reinterpret_cast<float*>(scratch);
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t head = t.row0; head < t.row1; ++head) {
      const kv_cache::Segment* segment = c.kv.segment;
      const std::int64_t all = segment[0].count + (kFault.one_segment ? 0 : segment[1].count);
      const std::int64_t count = kFault.acausal ? all : std::min(all, c.position + b + 1 - c.kv.first);
      const std::int64_t kv_head = kFault.interleaved_groups ? head % c.kv_heads : head / (c.heads / c.kv_heads);
      const auto row = [&](std::int64_t j, const void* kv_cache::Segment::*what) {
        const bool second = j >= segment[0].count;
        return static_cast<const float*>(segment[second].*what) + kv_head * c.kv.head_stride +
               (second ? j - segment[0].count : j) * c.head_dim;
      };
      const float* q = c.q + b * c.q_stride + head * c.head_dim;
      float largest = -INFINITY;
      for (std::int64_t j = 0; j < count; ++j) {
        double dot = 0;
        for (std::int64_t i = 0; i < c.head_dim; ++i)
          dot += static_cast<double>(q[i]) * row(j, &kv_cache::Segment::k)[i];
        weight[j] = static_cast<float>(dot) * (kFault.unscaled ? 1.0f : c.scale);
        largest = std::max(largest, weight[j]);
      }
      double sum = 0;
      for (std::int64_t j = 0; j < count; ++j)
        sum += weight[j] = std::exp(weight[j] - (kFault.largest_kept ? 0 : largest));
      for (std::int64_t i = 0; i < c.head_dim; ++i) {
        double out = 0;
        for (std::int64_t j = 0; j < count; ++j)
          out += static_cast<double>(weight[j]) * row(j, &kv_cache::Segment::v)[i];
        c.out[b * c.out_stride + head * c.head_dim + i] = static_cast<float>(out / sum);
      }
    }
  }
}

template <AttentionFault kFault>
Status attention_status() {
  const auto scratch = [](std::int64_t positions, std::int64_t) { return static_cast<std::size_t>(positions) * 4; };
  const attention::Kernel kernel{kPlanted, kv_cache::Element::f32, scratch, attend<kFault>};
  return verdict_of(kernel, clearance_cases("attention")).status;
}

TEST(PlantedAttention, IsRejected) {
  EXPECT_CLEAN(attention_status<AttentionFault{}>());
  EXPECT_REJECTED(attention_status<AttentionFault{.acausal = true}>()) << "sees the rest of the batch";
  EXPECT_REJECTED(attention_status<AttentionFault{.one_segment = true}>()) << "forgets what a ring has wrapped";
  EXPECT_REJECTED(attention_status<AttentionFault{.interleaved_groups = true}>()) << "grouped queries by remainder";
  EXPECT_REJECTED(attention_status<AttentionFault{.unscaled = true}>());
  EXPECT_REJECTED(attention_status<AttentionFault{.largest_kept = true}>()) << "the exponential overflows";
}

// ---- gated_ffn

struct GateFault {
  bool no_up = false, plain_relu = false, no_tail = false;
};

template <GateFault kFault>
Status gate() {
  return status<gated_ffn::Kernel>("gated_ffn", [](const gated_ffn::Call& c, Tile t) {
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      const std::int64_t end = kFault.no_tail ? t.row0 + (t.row1 - t.row0) / 8 * 8 : t.row1;
      for (std::int64_t i = b * c.stride + t.row0; i < b * c.stride + end; ++i) {
        const float g = c.gate[i], r = std::max(0.0f, g);  // 0 where g is NaN
        const float act = c.activation == gated_ffn::Activation::silu
                              ? static_cast<float>(g / (1.0 + std::exp(-static_cast<double>(g))))
                          : kFault.plain_relu ? r
                                              : r * r;
        c.y[i] = kFault.no_up ? act : act * c.up[i];
      }
    }
  });
}

TEST(PlantedGate, IsRejected) {
  EXPECT_CLEAN(gate<{}>());
  EXPECT_REJECTED(gate<GateFault{.no_up = true}>());
  EXPECT_REJECTED(gate<GateFault{.plain_relu = true}>()) << "ReLU for ReLU^2";
  EXPECT_REJECTED(gate<GateFault{.no_tail = true}>());
}

// ---- the exact elementwise ops

template <auto kScale>  // float(float acc, float weight, float activation)
Status dequantized() {
  return status<dequantize::Kernel>("dequantize", [](const dequantize::Call& c, Tile t) {
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      for (std::int64_t i = t.row0; i < t.row1; ++i) {
        const float weight = c.weight_scale[c.scale_per_row ? i : 0];
        c.y[b * c.y_stride + i] =
            kScale(static_cast<float>(c.acc[b * c.acc_stride + i]), weight, c.activation_scale[b]);
      }
    }
  });
}

TEST(PlantedDequantize, InAnotherAssociationIsRejected) {
  EXPECT_CLEAN(dequantized<[](float acc, float w, float a) { return acc * (w / a); }>());
  EXPECT_REJECTED(dequantized<[](float acc, float w, float a) { return acc * w / a; }>());
  EXPECT_REJECTED(dequantized<[](float acc, float w, float a) { return acc / a * w; }>());
  EXPECT_REJECTED(dequantized<[](float acc, float w, float a) { return acc * (w * (1.0f / a)); }>());
}

TEST(PlantedResidualAdd, OutsideItsTileIsRejected) {
  const auto add = [](bool whole_row) {
    return [whole_row](const residual_add::Call& c, Tile t, std::int64_t cols) {
      for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
        for (std::int64_t i = whole_row ? 0 : t.row0; i < (whole_row ? cols : t.row1); ++i)
          c.h[b * cols + i] += c.y[b * cols + i];
      }
    };
  };
  static const auto tile = add(false), whole = add(true);
  const auto clean = [](const residual_add::Call& c, Tile t) { tile(c, t, c.stride); };
  const auto faulty = [](const residual_add::Call& c, Tile t) { whole(c, t, c.stride); };
  EXPECT_CLEAN(status<residual_add::Kernel>("residual_add", clean));
  EXPECT_REJECTED(status<residual_add::Kernel>("residual_add", faulty)) << "adds once for every tile";
}

template <bool kScaled, int kOff>
Status embedded() {
  return status<embedding::Kernel>("embedding", [](const embedding::Call& c, Tile t) {
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      const std::int64_t row = std::max(c.tokens[b] - kOff, 0);
      for (std::int64_t i = 0; i < c.cols; ++i) {
        c.out[b * c.out_stride + i] = c.table[row * c.cols + i] * (kScaled ? c.row_scale[row] : 1.0f);
      }
    }
  });
}

TEST(PlantedEmbedding, IsRejected) {
  EXPECT_CLEAN(embedded<true, 0>());
  EXPECT_REJECTED(embedded<false, 0>());
  EXPECT_REJECTED(embedded<true, 1>()) << "the row before";
}

template <bool kLastTie, bool kNanWins>
Status sampled() {
  const sampling::Kernel kernel{kPlanted, [](const float* logits, std::int64_t vocab) {
                                  std::int64_t best = -1;
                                  for (std::int64_t i = 0; i < vocab; ++i) {
                                    if (std::isnan(logits[i]) && !kNanWins) continue;
                                    const bool above = best < 0 || logits[i] > logits[best] || std::isnan(logits[i]);
                                    if (above || (kLastTie && logits[i] == logits[best])) best = i;
                                  }
                                  return std::max<std::int64_t>(best, 0);
                                }};
  return verdict_of(kernel, clearance_cases("sampling")).status;
}

TEST(PlantedSampling, IsRejected) {
  EXPECT_CLEAN((sampled<false, false>()));
  EXPECT_REJECTED((sampled<true, false>())) << "the last of equals";
  EXPECT_REJECTED((sampled<false, true>()));
}

}  // namespace
}  // namespace bitproof
