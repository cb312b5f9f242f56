// Kernels that break one relation each, beside clean twins that break none. Most are right enough for the oracle on the
// case at hand: within a bound, or wrong only for inputs that the case does not have.
#include "metamorphic.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "support.hpp"
#include "trial.hpp"

namespace bitproof {
namespace {

// The name of the check that rejects the kernel; empty when none does.
template <class Kernel>
std::string broken(const Kernel& kernel, const Case& c) {
  const Verdict v = check_relations(kernel, c);
  EXPECT_EQ(v.ok(), v.check.empty()) << v.reason;
  return v.check;
}

template <class Kernel>
bool oracle_accepts(const Kernel& kernel, const Case& c) {
  return run_case(*make_problem<Kernel>(c), kernel).ok();
}

// ---- rms_norm

enum class NormFault { none, memo_by_pointer, memo_by_sample, counts_calls, batch_in_float, rounds_up, fixed_point };

double sum_of_squares(const float* x, std::int64_t n) {
  return std::accumulate(x, x + n, 0.0, [](double sum, float v) { return sum + static_cast<double>(v) * v; });
}

// The last row that was computed, under what the fault takes for its identity.
struct Remembered {
  const float* x = nullptr;
  std::vector<float> sample, y;
};

template <NormFault kFault>
void normalize(const rms_norm::Call& c, Tile t) {
  static Remembered last;
  static int calls = 0;
  ++calls;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const float* x = c.x + b * c.x_stride;
    float* y = c.y + b * c.y_stride;
    const std::vector<float> sample = {x[0], x[c.cols - 1]};
    if ((kFault == NormFault::memo_by_pointer && last.x == x) ||
        (kFault == NormFault::memo_by_sample && last.sample == sample)) {
      std::copy(last.y.begin(), last.y.end(), y);
      continue;
    }
    double squares = sum_of_squares(x, c.cols);
    if (kFault == NormFault::batch_in_float && t.batch1 - t.batch0 > 1) squares = static_cast<float>(squares);
    const double factor = 1 / std::sqrt(squares / static_cast<double>(c.cols) + static_cast<double>(c.eps));
    for (std::int64_t i = 0; i < c.cols; ++i) {
      y[i] = static_cast<float>(x[i] * factor * c.weight[i]);
      if (kFault == NormFault::rounds_up) y[i] = std::nextafter(y[i], INFINITY);
      if (kFault == NormFault::fixed_point) y[i] = std::nearbyint(y[i] * 0x1p22f) * 0x1p-22f;
      if (kFault == NormFault::counts_calls && calls > 4) y[i] = std::nextafter(y[i], 0.0f);
    }
    last = {x, sample, {y, y + c.cols}};
  }
}

const Case kNorm{.op = "rms_norm", .cols = 300, .batch = 3};

template <NormFault kFault>
std::string norm(std::int64_t batch = kNorm.batch) {
  Case c = kNorm;
  c.batch = batch;
  return broken(rms_norm::Kernel{kPlanted, normalize<kFault>}, c);
}

TEST(Relations, StateIsFound) {
  EXPECT_EQ(norm<NormFault::none>(), "");
  EXPECT_EQ(norm<NormFault::memo_by_pointer>(1), "repeat independence");
  EXPECT_EQ(norm<NormFault::memo_by_sample>(1), "repeat independence");
  EXPECT_EQ(norm<NormFault::counts_calls>(), "repeat independence");
}

TEST(Relations, ABatchThatRoundsOtherwiseIsFound) {
  EXPECT_EQ(norm<NormFault::batch_in_float>(), "batch as singles");
  EXPECT_EQ(norm<NormFault::batch_in_float>(1), "");
}

TEST(Relations, OneSidedRoundingWithinTheBoundIsFound) {
  const rms_norm::Kernel kernel{kPlanted, normalize<NormFault::rounds_up>};
  EXPECT_TRUE(oracle_accepts(kernel, kNorm));
  EXPECT_EQ(broken(kernel, kNorm), "negation");
}

TEST(Relations, FixedPointIsFound) { EXPECT_EQ(norm<NormFault::fixed_point>(), "linearity"); }

// ---- gated_ffn

enum class GateFault { none, whole_row, odd_columns_rounded_twice };

template <GateFault kFault>
void gate(const gated_ffn::Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const bool all = kFault == GateFault::whole_row;
    for (std::int64_t col = all ? 0 : t.row0; col < (all ? c.stride : t.row1); ++col) {
      const std::int64_t i = b * c.stride + col;
      double act = c.gate[i] / (1.0 + std::exp(-static_cast<double>(c.gate[i])));
      if (kFault == GateFault::odd_columns_rounded_twice && col % 2) act = static_cast<float>(act);
      c.y[i] = static_cast<float>(act * c.up[i]);
    }
  }
}

template <GateFault kFault>
std::string gated() {
  return broken(gated_ffn::Kernel{kPlanted, gate<kFault>}, {.op = "gated_ffn", .cols = 67, .batch = 2});
}

TEST(Relations, WritingOutsideTheTileIsFound) {
  EXPECT_EQ(gated<GateFault::none>(), "");
  EXPECT_EQ(gated<GateFault::whole_row>(), "row ranges");
}

TEST(Relations, ResultsThatDependOnTheirPlaceAreFound) {
  EXPECT_EQ(gated<GateFault::odd_columns_rounded_twice>(), "permutation");
}

// ---- matmul

enum class ProductFault { none, narrow_input_drops_tail, clamps_below, row_0_of_tile_rounded, reads_next_element };

template <ProductFault kFault>
struct Product {
  static constexpr bool is(ProductFault f) { return kFault == f; }
  static std::size_t packed_bytes(matmul::Shape s) { return static_cast<std::size_t>(s.rows * s.cols); }
  static void pack(matmul::Shape s, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
    std::transform(w, w + (row1 - row0) * s.cols, packed + row0 * s.cols,
                   [](std::int8_t v) { return static_cast<std::byte>(v); });
  }
  static std::size_t nothing_prepared(std::int64_t, std::int64_t) { return 0; }
  static void prepare(const matmul::Input&, std::byte*, int, int) {}
  static std::size_t no_scratch(matmul::Shape, std::int64_t) { return 0; }
  static void multiply(const matmul::Call& c, Tile t, std::byte*) {
    const std::int64_t cols = c.shape.cols;
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      const std::int64_t from = is(ProductFault::reads_next_element) && c.input.batch > 2 && b == 1 ? 2 : b;
      const std::int8_t* x = c.input.x + from * c.input.stride;
      const bool narrow = std::all_of(x, x + cols, [](int v) { return std::abs(v) <= 64; });
      const std::int64_t end = narrow && is(ProductFault::narrow_input_drops_tail) ? cols / 16 * 16 : cols;
      for (std::int64_t row = t.row0; row < t.row1; ++row) {
        std::int32_t sum = 0;
        for (std::int64_t k = 0; k < end; ++k) sum += static_cast<std::int8_t>(c.packed[row * cols + k]) * x[k];
        if (is(ProductFault::clamps_below)) sum = std::max(sum, -300);
        if (is(ProductFault::row_0_of_tile_rounded) && row == t.row0) sum &= ~1;
        c.y[b * c.y_stride + row] = sum;
      }
    }
  }
  static constexpr ternary_matmul::Kernel kKernel{kPlanted,         1,       16,         packed_bytes, pack,
                                                  nothing_prepared, prepare, no_scratch, multiply};
};

const Case kProduct{.op = "ternary_matmul", .rows = 33, .cols = 65, .batch = 3};

template <ProductFault kFault>
std::string product() {
  return broken(Product<kFault>::kKernel, kProduct);
}

TEST(Relations, OfProductsRejectFaultsAndNotTheirCleanTwin) {
  EXPECT_EQ(product<ProductFault::none>(), "");
  EXPECT_EQ(product<ProductFault::reads_next_element>(), "batch as singles");
  EXPECT_EQ(product<ProductFault::row_0_of_tile_rounded>(), "row ranges");
  EXPECT_EQ(product<ProductFault::clamps_below>(), "negation");
}

TEST(Relations, APathThatOnlyNarrowInputsTakeIsFound) {
  EXPECT_TRUE(oracle_accepts(Product<ProductFault::narrow_input_drops_tail>::kKernel, kProduct));
  EXPECT_EQ(product<ProductFault::narrow_input_drops_tail>(), "linearity");
}

TEST(Relations, AnApproximationNeedsNoAlgebra) {
  ternary_matmul::Kernel kernel = Product<ProductFault::clamps_below>::kKernel;
  kernel.info.exactness = Exactness::approximate;
  EXPECT_EQ(broken(kernel, kProduct), "");
}

// ---- activation_quant

template <bool kCoarse>
void quantize(const activation_quant::Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    float largest = activation_quant::kMinAbsmax;
    for (std::int64_t i = 0; i < c.cols; ++i) largest = std::max(largest, std::abs(c.x[b * c.x_stride + i]));
    const float s = 127.0f / largest;
    c.scale[b] = kCoarse ? std::nearbyint(s * 64.0f) / 64.0f : s;
    for (std::int64_t i = 0; i < c.v_stride; ++i) {
      const float v = i < c.cols ? std::nearbyint(c.x[b * c.x_stride + i] * s) : 0.0f;
      c.v[b * c.v_stride + i] = static_cast<std::int8_t>(v);
    }
  }
}

TEST(Relations, AScaleThatDoesNotScaleIsFound) {
  const Case c{.op = "activation_quant", .cols = 100, .batch = 2};
  EXPECT_EQ(broken(activation_quant::Kernel{kPlanted, quantize<false>}, c), "");
  EXPECT_EQ(broken(activation_quant::Kernel{kPlanted, quantize<true>}, c), "linearity");
}

// ---- rope

template <bool kHeadZeroApart>
void rotate(const rope::Call& c, Tile t) {
  const std::int64_t half = c.head_dim / 2;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t head = t.row0; head < t.row1; ++head) {
      float* x = c.x + b * c.x_stride + head * c.head_dim;
      for (std::int64_t i = 0; i < half; ++i) {
        const float cos = c.cos[b * half + i], sin = c.sin[b * half + i], first = x[i], second = x[i + half];
        x[i] = first * cos - second * sin;
        if (kHeadZeroApart && head == 0) x[i] = std::fma(first, cos, -second * sin);
        x[i + half] = first * sin + second * cos;
      }
    }
  }
}

TEST(Relations, AHeadThatIsTreatedApartIsFound) {
  const Case c{.op = "rope", .rows = 4, .cols = 64};
  EXPECT_EQ(broken(rope::Kernel{kPlanted, rotate<false>}, c), "");
  EXPECT_TRUE(oracle_accepts(rope::Kernel{kPlanted, rotate<true>}, c));
  EXPECT_EQ(broken(rope::Kernel{kPlanted, rotate<true>}, c), "permutation");
}

// ---- attention

enum class AttentionFault { none, segments_apart, values_floored, absolute_keys };

template <AttentionFault kFault>
void attend(const attention::Call& c, Tile t, std::byte* scratch) {
  auto* weight = reinterpret_cast<float*>(scratch);
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t head = t.row0; head < t.row1; ++head) {
      const std::int64_t count = c.position + b + 1 - c.kv.first, kv_head = head / (c.heads / c.kv_heads);
      const std::int64_t first = std::min(c.kv.segment[0].count, count);
      const auto row = [&](std::int64_t j, const void* kv_cache::Segment::*what) {
        const bool second = j >= first;
        return static_cast<const float*>(c.kv.segment[second].*what) + kv_head * c.kv.head_stride +
               (second ? j - first : j) * c.head_dim;
      };
      const float* q = c.q + b * c.q_stride + head * c.head_dim;
      float largest = -INFINITY;
      for (std::int64_t j = 0; j < count; ++j) {
        double dot = 0;
        for (std::int64_t i = 0; i < c.head_dim; ++i) {
          const float k = row(j, &kv_cache::Segment::k)[i];
          dot += static_cast<double>(q[i]) * (kFault == AttentionFault::absolute_keys && j == 0 ? std::abs(k) : k);
        }
        weight[j] = static_cast<float>(dot) * c.scale;
        largest = std::max(largest, weight[j]);
      }
      double sum = 0;
      for (std::int64_t j = 0; j < count; ++j) sum += weight[j] = std::exp(weight[j] - largest);
      for (std::int64_t i = 0; i < c.head_dim; ++i) {
        float part[2] = {0, 0};
        for (std::int64_t j = 0; j < count; ++j) {
          part[kFault == AttentionFault::segments_apart && j >= first] += weight[j] * row(j, &kv_cache::Segment::v)[i];
        }
        float& out = c.out[b * c.out_stride + head * c.head_dim + i];
        out = (part[0] + part[1]) / static_cast<float>(sum);
        if (kFault == AttentionFault::values_floored) out = std::nextafter(out, -INFINITY);
      }
    }
  }
}

template <AttentionFault kFault>
attention::Kernel attention_kernel() {
  const auto scratch = [](std::int64_t positions, std::int64_t) { return static_cast<std::size_t>(positions) * 4; };
  return {kPlanted, kv_cache::Element::f32, scratch, attend<kFault>};
}

const Case kAttention{.op = "attention", .rows = 6, .cols = 16, .batch = 2, .kv_heads = 3, .positions = 37, .mode = 1};

TEST(Relations, SumsThatDependOnWhereARingWrapsAreFound) {
  EXPECT_EQ(broken(attention_kernel<AttentionFault::none>(), kAttention), "");
  Case single = kAttention;  // an element alone lies elsewhere in its ring, too
  single.batch = 1;
  EXPECT_TRUE(oracle_accepts(attention_kernel<AttentionFault::segments_apart>(), single));
  EXPECT_EQ(broken(attention_kernel<AttentionFault::segments_apart>(), single), "ring as straight");
}

TEST(Relations, AttentionIsOddInItsValuesAndEvenInQueriesAndKeys) {
  EXPECT_TRUE(oracle_accepts(attention_kernel<AttentionFault::values_floored>(), kAttention));
  EXPECT_EQ(broken(attention_kernel<AttentionFault::values_floored>(), kAttention), "negation");
  EXPECT_EQ(broken(attention_kernel<AttentionFault::absolute_keys>(), kAttention), "negation");
}

// ---- the rest, one fault each

template <bool kFloors>
void dequantize_tile(const dequantize::Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = t.row0; i < t.row1; ++i) {
      const std::int32_t acc = c.acc[b * c.acc_stride + i];
      const float whole =
          kFloors ? static_cast<float>(acc >> 1) * 2.0f + static_cast<float>(acc < 0) : static_cast<float>(acc);
      c.y[b * c.y_stride + i] = whole * (c.weight_scale[c.scale_per_row ? i : 0] / c.activation_scale[b]);
    }
  }
}

TEST(Relations, ADequantizationThatFloorsIsFound) {
  const Case c{.op = "dequantize", .rows = 50, .batch = 2, .mode = 1};
  EXPECT_EQ(broken(dequantize::Kernel{kPlanted, dequantize_tile<false>}, c), "");
  EXPECT_EQ(broken(dequantize::Kernel{kPlanted, dequantize_tile<true>}, c), "negation");
}

template <bool kClamps>
void add(const residual_add::Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = b * c.stride + t.row0; i < b * c.stride + t.row1; ++i) {
      c.h[i] += c.y[i];
      if (kClamps) c.h[i] = std::clamp(c.h[i], -6.0f, 6.0f);
    }
  }
}

TEST(Relations, AClampBeyondTheInputsIsFound) {
  const Case c{.op = "residual_add", .cols = 50};
  EXPECT_EQ(broken(residual_add::Kernel{kPlanted, add<false>}, c), "");
  EXPECT_TRUE(oracle_accepts(residual_add::Kernel{kPlanted, add<true>}, c));
  EXPECT_EQ(broken(residual_add::Kernel{kPlanted, add<true>}, c), "linearity");
}

template <bool kFirstTokenIsPadding>
void look_up(const embedding::Call& c, Tile t) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const std::int32_t token = c.tokens[b];
    const float scale = kFirstTokenIsPadding && token == 0 ? 0.0f : c.row_scale[token];
    for (std::int64_t i = 0; i < c.cols; ++i) c.out[b * c.out_stride + i] = c.table[token * c.cols + i] * scale;
  }
}

TEST(Relations, ATokenThatIsTreatedApartIsFound) {
  Case c{.op = "embedding", .rows = 4, .cols = 9, .batch = 3};
  std::string found;
  for (c.seed = 1; c.seed < 10 && found.empty(); ++c.seed) {
    EXPECT_EQ(broken(embedding::Kernel{kPlanted, look_up<false>}, c), "");
    found = broken(embedding::Kernel{kPlanted, look_up<true>}, c);
  }
  EXPECT_EQ(found, "permutation");
}

template <bool kTail, bool kFirst>
std::int64_t greedy(const float* logits, std::int64_t vocab) {
  const std::int64_t end = kTail ? vocab : std::max<std::int64_t>(vocab / 8 * 8, 1);
  std::int64_t best = 0;
  for (std::int64_t i = 1; i < end; ++i) {
    if (logits[i] > logits[best] || (!kFirst && logits[i] == logits[best])) best = i;
  }
  return best;
}

TEST(Relations, OfLogitsRejectALostTailAndTheLastOfEquals) {
  Case c{.op = "sampling", .rows = 1001};
  EXPECT_EQ(broken(sampling::Kernel{kPlanted, greedy<true, true>}, c), "");
  EXPECT_EQ(broken(sampling::Kernel{kPlanted, greedy<false, true>}, c), "raised logit");
  c.fill = Fill::extreme;
  EXPECT_EQ(broken(sampling::Kernel{kPlanted, greedy<true, true>}, c), "");
  EXPECT_EQ(broken(sampling::Kernel{kPlanted, greedy<true, false>}, c), "permutation");
}

// ---- where they apply

TEST(Relations, ApplyToSmallCasesOfBothSigns) {
  EXPECT_TRUE(relations_apply({.op = "rms_norm", .cols = 4096, .batch = 3}));
  EXPECT_TRUE(relations_apply({.op = "rms_norm", .cols = 33, .fill = Fill::extreme}));
  EXPECT_FALSE(relations_apply({.op = "rms_norm", .cols = 33, .fill = Fill::zero}));
  EXPECT_FALSE(relations_apply({.op = "ternary_matmul", .rows = 4096, .cols = 4096}));
  EXPECT_FALSE(relations_apply(
      {.op = "ternary_matmul", .rows = std::int64_t{1} << 31, .cols = 65536, .batch = std::int64_t{1} << 31}));
  EXPECT_TRUE(relations_apply({.op = "rope", .rows = 8, .cols = 128, .positions = 100'000}));
  EXPECT_FALSE(relations_apply({.op = "attention", .rows = 8, .cols = 128, .positions = 100'000}));
}

// The door through which every variant goes asks for them.
TEST(Relations, DecideInATrial) {
  Trial<residual_add::Kernel> trial({.op = "residual_add", .cols = 50});
  const residual_add::Kernel clean{kPlanted, add<false>}, clamping{kPlanted, add<true>};
  const auto variant = [](const residual_add::Kernel& kernel) {
    return VariantOf<residual_add::Kernel>{{"residual_add/planted", "residual_add", "baseline", 0, &kernel.info},
                                           &kernel};
  };
  EXPECT_TRUE(trial.judge(variant(clean)).ok());
  EXPECT_EQ(trial.judge(variant(clamping)).check, "linearity");
}

}  // namespace
}  // namespace bitproof
