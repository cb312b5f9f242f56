// Kernels with one fault each that only some way of calling them shows, beside their clean twin: each is rejected by
// the check that is for it.
#include "run_case.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "support.hpp"
#include "trap.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

enum class Fault {
  none,
  reads_past_input,
  reads_before_input,
  reads_past_row,
  reads_output,
  assumes_alignment,
  changes_input,
  writes_past_tile,
  flushes_denormals,
  raises,
  counts_calls,
  forgets_last_of_later_tiles,
};

// The epilogue of a product, with one fault.
template <Fault kFault>
void dequantized(const dequantize::Call& c, Tile t) {
  constexpr auto is = [](Fault f) { return kFault == f; };
  static int calls = 0;
  ++calls;
  if (is(Fault::raises)) raise(SIGILL);
  if (is(Fault::flushes_denormals)) set_floating_point_mode(floating_point_mode() | 0x8000);
  if (is(Fault::changes_input)) const_cast<std::int32_t*>(c.acc)[0] ^= 1;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const volatile std::int32_t* acc = c.acc + b * c.acc_stride;
    float* y = c.y + b * c.y_stride;
    const std::int64_t end = t.row1 - (is(Fault::forgets_last_of_later_tiles) && t.row0 > 0);
    for (std::int64_t i = is(Fault::writes_past_tile) ? 0 : t.row0; i < end; ++i) {
      if (is(Fault::reads_output) && y[i] == y[i]) continue;  // already done, it thinks: not NaN
      y[i] = static_cast<float>(acc[i]) * (c.weight_scale[0] / c.activation_scale[b]);
    }
    float& last = y[t.row1 - 1];
    if (is(Fault::reads_past_input) && b == t.batch1 - 1) static_cast<void>(acc[c.acc_stride]);
    if (is(Fault::reads_before_input) && b == 0) static_cast<void>(acc[-1]);
    if (is(Fault::reads_past_row)) last += static_cast<float>(acc[c.rows] == 0x4b3c4b3c);
    if (is(Fault::assumes_alignment) && reinterpret_cast<std::uintptr_t>(acc) % 16 == 4) last += 1;
    if (is(Fault::counts_calls) && calls % 2 == 0) last += 1;
  }
}

template <Fault kFault>
Verdict verdict() {
  std::vector<Case> cases;
  for (const std::int64_t rows : {5, 16, 37, 100}) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed)
      cases.push_back({.op = "dequantize", .rows = rows, .batch = 2, .seed = seed});
  }
  return verdict_of(dequantize::Kernel{kPlanted, dequantized<kFault>}, cases);
}

TEST(RunCase, PassesACleanKernel) { EXPECT_EQ(verdict<Fault::none>().reason, ""); }

TEST(RunCase, FindsReadsBesideTheInputs) {
  EXPECT_EQ(verdict<Fault::reads_past_input>().check, "guard pages");
  EXPECT_THAT(verdict<Fault::reads_past_input>().reason, HasSubstr("past the end of its sums"));
  EXPECT_EQ(verdict<Fault::reads_before_input>().check, "guard pages");
  EXPECT_THAT(verdict<Fault::reads_before_input>().reason, HasSubstr("before its sums"));
  EXPECT_EQ(verdict<Fault::reads_past_row>().check, "two poisons") << "between two rows";
  EXPECT_EQ(verdict<Fault::reads_output>().check, "two poisons");
}

TEST(RunCase, FindsWhatDependsOnTheAddress) { EXPECT_EQ(verdict<Fault::assumes_alignment>().check, "alignment"); }

TEST(RunCase, FindsStrayWritesAndSideEffects) {
  EXPECT_EQ(verdict<Fault::changes_input>().check, "inputs unchanged");
  EXPECT_EQ(verdict<Fault::writes_past_tile>().check, "stays in its tile");
  EXPECT_EQ(verdict<Fault::raises>().check, "illegal instruction");
#if defined(__SSE__)
  EXPECT_EQ(verdict<Fault::flushes_denormals>().check, "floating-point mode");
#endif
}

TEST(RunCase, FindsWhatDependsOnEarlierCalls) { EXPECT_EQ(verdict<Fault::counts_calls>().check, "repeat"); }

TEST(RunCase, FindsWhatDependsOnTheSplit) {
  EXPECT_EQ(verdict<Fault::forgets_last_of_later_tiles>().check, "split independence");
}

// At one address modulo 64, which only a sweep is sure to meet; 64 is none.
template <std::uintptr_t kAddress>
void faulty_at(const residual_add::Call& c, Tile t) {
  const bool here = reinterpret_cast<std::uintptr_t>(c.h) % 64 == kAddress;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    for (std::int64_t i = t.row0; i < t.row1 - here; ++i) c.h[b * c.stride + i] += c.y[b * c.stride + i];
  }
}

TEST(RunCase, MeetsEveryAddressWhenAskedTo) {
  const std::vector<Case> sweep = {{.op = "residual_add", .cols = 37, .every_offset = true}};
  EXPECT_TRUE(verdict_of(residual_add::Kernel{kPlanted, faulty_at<64>}, sweep).ok());
  EXPECT_EQ(verdict_of(residual_add::Kernel{kPlanted, faulty_at<0>}, sweep).status, Status::failed);
  EXPECT_EQ(verdict_of(residual_add::Kernel{kPlanted, faulty_at<20>}, sweep).status, Status::failed);
  EXPECT_EQ(verdict_of(residual_add::Kernel{kPlanted, faulty_at<60>}, sweep).status, Status::failed);
}

// Gates kept from an earlier call, and given again when pointer and tile are the same.
TEST(RunCase, FindsAResultKeptByPointer) {
  using Key = std::tuple<const float*, std::int64_t, std::int64_t>;
  static std::map<Key, std::vector<float>> kept;
  const auto run = [](const gated_ffn::Call& c, Tile t) {
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      const std::int64_t row = b * c.stride;
      std::vector<float>& values = kept[{c.gate + row, t.row0, t.row1}];
      for (std::int64_t i = t.row0; values.size() < static_cast<std::size_t>(t.row1 - t.row0); ++i) {
        const float r = std::max(c.gate[row + i], 0.0f);
        values.push_back(r * r * c.up[row + i]);
      }
      std::copy(values.begin(), values.end(), c.y + row + t.row0);
    }
  };
  const Case c{.op = "gated_ffn", .cols = 20, .mode = 1};
  EXPECT_EQ(verdict_of(gated_ffn::Kernel{kPlanted, run}, {c}).check, "fresh inputs");
}

// y may be x, and a kernel that reads x after it has written y is wrong then.
TEST(RunCase, CallsInPlaceWhereTheContractAllowsIt) {
  const auto run = [](const rms_norm::Call& c, Tile t) {
    for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
      const float* x = c.x + b * c.x_stride;
      float* y = c.y + b * c.y_stride;
      double squares = 0;
      for (std::int64_t i = 0; i < c.cols; ++i) squares += static_cast<double>(x[i]) * x[i];
      const auto factor =
          static_cast<float>(1 / std::sqrt(squares / static_cast<double>(c.cols) + static_cast<double>(c.eps)));
      for (std::int64_t i = 0; i < c.cols; ++i) y[i] = 0;
      for (std::int64_t i = 0; i < c.cols; ++i) y[i] = x[i] * factor * c.weight[i];
    }
  };
  const Verdict v = verdict_of(rms_norm::Kernel{kPlanted, run}, {{.op = "rms_norm", .cols = 20}});
  EXPECT_EQ(v.check, "in place");
}

}  // namespace
}  // namespace bitproof
