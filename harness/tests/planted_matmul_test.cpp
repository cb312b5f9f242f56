// Ternary products with one planted fault each, judged on the cases that clear a variant for timing.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>

#include "support.hpp"

namespace bitproof {
namespace {

using matmul::Call;
using matmul::Input;
using matmul::Shape;
using ternary_matmul::Kernel;
using testing::HasSubstr;

enum class Fault {
  none,
  drops_tail,          // the columns after the last whole block
  skips_last_row,      // of every tile
  writes_past_output,  // one element
  writes_zeros,
  writes_nothing,
  changes_activations,
  reads_past_activations,  // one byte
  saturates_int16,         // sums, as vpmaddubsw without a flush does
  forgets_row0,            // of a tile, in the output
  forgets_batch0,
  packs_from_row_0,   // whatever row0 is
  packs_too_far,      // one byte before its part
  prepares_part_0,    // only
  scratch_underflow,  // one byte
  reads_scratch,      // before it writes any
  changes_packed,
  changes_prepared,
  packs_by_part,         // the rows of a call otherwise where it does not begin at 0
  packs_holes,           // the last byte is left as it was, and not needed
  prepares_more,         // than its part: the first activation, as every part does
  prepares_3_parts_ill,  // and any other number well
};

// Row-major bytes, codes w + 1, sums of the activations prepared: sum w v = sum (w + 1) v - sum v.
template <Fault kFault>
struct Planted {
  static constexpr bool is(Fault f) { return kFault == f; }
  static constexpr std::int64_t kBlock = 16;

  static std::size_t packed_bytes(Shape s) {
    return static_cast<std::size_t>(s.rows * s.cols) + is(Fault::packs_holes);
  }
  static void pack(Shape s, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
    std::byte* out = packed + (is(Fault::packs_from_row_0) ? 0 : row0 * s.cols);
    const int flag = is(Fault::packs_by_part) && row0 > 0 ? 4 : 0;
    for (std::int64_t i = 0; i < (row1 - row0) * s.cols; ++i) out[i] = static_cast<std::byte>((w[i] + 1) | flag);
    if (is(Fault::packs_too_far) && row0 == 0) packed[-1] = std::byte{1};
  }
  static std::size_t prepared_bytes(std::int64_t, std::int64_t batch) { return static_cast<std::size_t>(batch) * 4; }
  static void prepare(const Input& in, std::byte* prepared, int part, int parts) {
    if (is(Fault::prepares_more) && part > 0) prepare(in, prepared, 0, in.batch < 2 ? 2 : static_cast<int>(in.batch));
    for (std::int64_t b = part; b < in.batch; b += parts) {
      if (is(Fault::prepares_part_0) && part > 0) continue;
      if (is(Fault::prepares_3_parts_ill) && parts == 3 && part == 2) continue;
      std::int32_t sum = 0;
      for (std::int64_t i = 0; i < in.cols; ++i) sum += in.x[b * in.stride + i];
      std::memcpy(prepared + b * 4, &sum, 4);
    }
  }
  static std::size_t scratch_bytes(Shape, std::int64_t) { return 64; }

  static std::int32_t accumulate(std::int32_t sum, std::int32_t term) {
    sum += term;
    return is(Fault::saturates_int16) ? std::clamp(sum, INT16_MIN, INT16_MAX) : sum;
  }
  static void multiply(const Call& c, Tile t, std::byte* scratch) {
    if (is(Fault::writes_nothing)) return;
    if (is(Fault::scratch_underflow)) scratch[-1] = std::byte{1};
    const bool dirty = is(Fault::reads_scratch) && scratch[0] == std::byte{0xff};
    if (is(Fault::changes_packed)) const_cast<std::byte*>(c.packed)[0] ^= std::byte{8};
    if (is(Fault::changes_prepared)) const_cast<std::byte*>(c.prepared)[0] ^= std::byte{1};
    const Input& in = c.input;
    const std::int64_t cols = is(Fault::drops_tail) ? in.cols / kBlock * kBlock : in.cols;
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      const std::int8_t* x = in.x + b * in.stride;
      std::int32_t total;
      std::memcpy(&total, c.prepared + b * 4, 4);
      if (is(Fault::drops_tail)) total = std::accumulate(x, x + cols, 0);
      if (is(Fault::reads_past_activations)) {
        total += static_cast<const volatile std::int8_t*>(in.x)[in.batch * in.stride] * 0;
      }
      if (is(Fault::changes_activations) && t.row1 == c.shape.rows) const_cast<std::int8_t*>(x)[0] ^= 1;
      for (std::int64_t row = t.row0; row < t.row1 - is(Fault::skips_last_row); ++row) {
        std::int32_t sum = 0;
        for (std::int64_t i = 0; i < cols; ++i) {
          sum = accumulate(sum, (static_cast<std::int32_t>(c.packed[row * in.cols + i]) & 3) * x[i]);
        }
        const std::int64_t out_row = is(Fault::forgets_row0) ? row - t.row0 : row;
        const std::int64_t out_batch = is(Fault::forgets_batch0) ? b - t.batch0 : b;
        c.y[out_batch * c.y_stride + out_row] = is(Fault::writes_zeros) ? 0 : sum - total + dirty;
      }
      if (is(Fault::writes_past_output)) c.y[b * c.y_stride + c.shape.rows] = 0;
    }
  }

  static constexpr Kernel kKernel{kPlanted,       1,       kBlock,        packed_bytes, pack,
                                  prepared_bytes, prepare, scratch_bytes, multiply};
};

template <Fault kFault>
Verdict verdict() {
  return verdict_of(Planted<kFault>::kKernel, clearance_cases("ternary_matmul"));
}

template <Fault kFault>
std::string check() {
  return verdict<kFault>().check;
}

TEST(PlantedMatmul, CleanTwinPasses) { EXPECT_EQ(verdict<Fault::none>().reason, ""); }

TEST(PlantedMatmul, WrongSumsAreRejected) {
  EXPECT_EQ(check<Fault::drops_tail>(), "oracle");
  EXPECT_THAT(verdict<Fault::drops_tail>().reason, HasSubstr("the oracle says"));
  EXPECT_EQ(verdict<Fault::skips_last_row>().status, Status::failed);
  EXPECT_EQ(check<Fault::saturates_int16>(), "oracle");
  EXPECT_THAT(verdict<Fault::saturates_int16>().reason, HasSubstr("fill=extreme"));
}

TEST(PlantedMatmul, ComputingNothingIsRejected) {
  EXPECT_EQ(check<Fault::writes_zeros>(), "oracle");
  EXPECT_THAT(verdict<Fault::writes_zeros>().reason, HasSubstr("output 0 is 0, the oracle says"));
  EXPECT_EQ(check<Fault::writes_nothing>(), "two poisons");
}

TEST(PlantedMatmul, StrayWritesAreRejected) {
  EXPECT_EQ(check<Fault::writes_past_output>(), "margins");
  EXPECT_THAT(verdict<Fault::writes_past_output>().reason, HasSubstr("wrote outside its output"));
  EXPECT_EQ(check<Fault::changes_activations>(), "inputs unchanged");
  EXPECT_THAT(verdict<Fault::changes_activations>().reason, HasSubstr("changed its activations"));
  EXPECT_THAT(verdict<Fault::changes_packed>().reason, HasSubstr("changed its packed weights"));
  EXPECT_THAT(verdict<Fault::changes_prepared>().reason, HasSubstr("changed its prepared bytes"));
  EXPECT_EQ(check<Fault::scratch_underflow>(), "margins");
  EXPECT_EQ(verdict<Fault::packs_too_far>().status, Status::failed);
}

TEST(PlantedMatmul, StrayReadsAreRejected) {
  EXPECT_EQ(check<Fault::reads_past_activations>(), "guard pages");
  EXPECT_THAT(verdict<Fault::reads_past_activations>().reason,
              HasSubstr("touched the byte 1 past the end of its activations"));
  EXPECT_EQ(check<Fault::reads_scratch>(), "two poisons");
}

TEST(PlantedMatmul, MistakesThatOnlySplitsShowAreRejected) {
  EXPECT_EQ(check<Fault::forgets_row0>(), "stays in its tile");
  EXPECT_EQ(check<Fault::forgets_batch0>(), "stays in its tile");
  EXPECT_EQ(verdict<Fault::packs_from_row_0>().status, Status::failed);
  EXPECT_EQ(check<Fault::prepares_part_0>(), "split independence");
  EXPECT_EQ(check<Fault::prepares_3_parts_ill>(), "split independence");
  EXPECT_EQ(check<Fault::prepares_more>(), "parts of prepare");
}

TEST(PlantedMatmul, PackingIsWholeAndTheSameInAnyParts) {
  EXPECT_EQ(check<Fault::packs_by_part>(), "packing");
  EXPECT_EQ(check<Fault::packs_holes>(), "packing");
}

// y + 1 instead of y, declared as an approximation.
Kernel off_by_one(double bound) {
  Kernel kernel = Planted<Fault::none>::kKernel;
  kernel.info.exactness = Exactness::approximate;
  kernel.info.nmse_bound = bound;
  kernel.multiply = [](const Call& c, Tile t, std::byte* scratch) {
    Planted<Fault::none>::multiply(c, t, scratch);
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      for (std::int64_t row = t.row0; row < t.row1; ++row) ++c.y[b * c.y_stride + row];
    }
  };
  return kernel;
}

TEST(PlantedMatmul, AnApproximationIsHeldToItsBound) {
  const std::vector<Case> cases = {{.op = "ternary_matmul", .rows = 64, .cols = 256, .batch = 2}};
  EXPECT_EQ(verdict_of(off_by_one(1e-3), cases).reason, "");
  EXPECT_THAT(verdict_of(off_by_one(1e-9), cases).reason, HasSubstr("over the published 1e-09"));
}

}  // namespace
}  // namespace bitproof
