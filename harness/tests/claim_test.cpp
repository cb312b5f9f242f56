#include "claim.hpp"

#include <gmock/gmock.h>

#include <cstring>

#include "planted_code.hpp"
#include "support.hpp"
#include "trial.hpp"

namespace bitproof {
namespace {

using namespace planted_code;
using testing::HasSubstr;

Claim named(const std::string& isa, Techniques t = {}, const std::string& row = "") {
  return {isa, row, t, true, false};
}

constexpr Techniques kSimd = techniques(Technique::simd);

TEST(Claims, OfEveryVariantHold) {
  const auto hold = []<class Kernel>(const std::vector<VariantOf<Kernel>>& all) {
    for (const VariantOf<Kernel>& v : all) {
      const Verdict verdict = screen_code(v);
      EXPECT_TRUE(verdict.ok()) << v.id << ": " << verdict.reason;
    }
  };
#define BITPROOF_HOLD(op) hold(variants<op::Kernel>());
  BITPROOF_FOR_EACH_OP(BITPROOF_HOLD)
#undef BITPROOF_HOLD
}

TEST(Claims, ThatTheCodeKeepsPass) {
  for (const auto& [claim, code] : std::vector<std::pair<Claim, EntryPoints>>{
           {named("scalar"), entry(plain)},
           {named("scalar"), entry(moves_xmm)},
           {named("avx2", kSimd), entry(ymm)},
           {named("autovec", kSimd), entry(plain)},  // whatever the compiler made of it
           {named("avx512", kSimd), entry(zmm)},
           {named("avx512", kSimd), entry(zmm_in_a_callee)},
           {named("avx512vnni", kSimd), entry(dot)},
           {named("avx512vbmi", kSimd), entry(permute_bytes)},
           {named("avx2", kSimd.with(Technique::tmac)), entry(looks_up)},
           {named("scalar", techniques(Technique::tmac)), entry(plain)},  // found by its effect
           {named("scalar", techniques(Technique::prefetch), "pf8"), entry(prefetches)},
           {named("baseline"), entry(zmm)},                 // names no width
           {{"avx2", "", {}, false, false}, entry(plain)},  // an op without arithmetic
           {{"baseline", "", {}, false, true}, entry(allocates)},
           {{"baseline", "", techniques(Technique::memory_pool), false, true}, entry(plain, allocates)},  // its arena
           {{"baseline", "", techniques(Technique::threading), false, false}, entry(asks_for_threads)},
           {{"baseline", "", techniques(Technique::threading), false, false}, entry(asks_for_threads, calls_a_pointer)},
       }) {
    const Verdict v = screen_code(claim, code);
    EXPECT_TRUE(v.ok()) << claim.isa << ": " << v.reason;
  }
}

struct Lie {
  Claim claim;
  EntryPoints code;
  const char* said;
};

TEST(Claims, ThatTheCodeDoesNotKeepAreFallbacks) {
  for (const Lie& lie : std::vector<Lie>{
           {named("scalar"), entry(xmm), "named scalar, but computes packed"},
           {named("scalar"), entry(plain, xmm), "named scalar, but computes packed"},
           {named("scalar"), entry(zmm_in_a_callee), "named scalar, but computes packed"},
           {named("scalar"), entry(moves_ymm), "uses ymm or zmm registers"},
           {named("avx2", kSimd), entry(plain), "computes nothing in ymm registers"},
           {named("avx2", kSimd), entry(plain, ymm), "computes nothing in ymm registers"},
           {named("avx2", kSimd), entry(moves_ymm), "computes nothing in ymm registers"},
           {named("avx2", kSimd), entry(ymm, zmm), "named avx2, but uses zmm registers"},
           {named("avx512", kSimd), entry(plain), "computes nothing in zmm registers: no packed arithmetic"},
           {named("avx512", kSimd), entry(ymm), "computes nothing in zmm registers"},
           {named("avx512", kSimd), entry(moves_zmm), "computes nothing in zmm registers"},
           {named("avx512vnni", kSimd), entry(zmm), "has no vpdpbusd"},
           {named("avx512vbmi", kSimd), entry(zmm), "has no vpermb"},
           {named("baseline", kSimd), entry(plain), "technique simd, but no packed arithmetic"},
           {named("avx2", kSimd.with(Technique::tmac)), entry(ymm), "technique tmac"},
           {named("scalar", techniques(Technique::prefetch)), entry(plain), "holds no prefetch"},
           {named("scalar", {}, "pf8"), entry(plain), "holds no prefetch"},
           {named("scalar", techniques(Technique::prefetch), "pf4"), entry(prefetches),
            "nowhere at a distance of 256 bytes"},
           {named("scalar", techniques(Technique::prefetch)), entry(plain, prefetches), "holds no prefetch"},
           {named("scalar"), entry(prefetches), "prefetches, without"},
           {named("scalar"), entry(asks_for_threads), "calls omp_get_max_threads, without the technique threading"},
           {{"baseline", "", techniques(Technique::threading), false, false},
            entry(plain),
            "no call into a threading runtime"},
           {{"baseline", "", techniques(Technique::memory_pool), false, true},
            entry(allocates),
            "technique memory_pool, but calls"},
       }) {
    const Verdict v = screen_code(lie.claim, lie.code);
    EXPECT_EQ(v.status, Status::fallback) << lie.said;
    EXPECT_EQ(v.check, "object code");
    EXPECT_THAT(v.reason, HasSubstr(lie.said));
  }
}

TEST(Claims, OfAKernelDoNotCoverAllocation) {
  for (const Function f : {allocates, allocates_with_new}) {
    const Verdict v = screen_code(named("baseline"), entry(f));
    EXPECT_EQ(v.status, Status::failed);
    EXPECT_EQ(v.check, "object code");
    EXPECT_THAT(v.reason, HasSubstr("a kernel allocates nothing"));
  }
}

TEST(Claims, OfCodeThatCannotBeReadProveNothing) {
  const Verdict v = screen_code(named("scalar"), entry(calls_a_pointer));
  EXPECT_EQ(v.status, Status::mistrusted);
  EXPECT_THAT(v.reason, HasSubstr("indirect call"));
}

TEST(Claims, AreRememberedByWhatTheySayAndNotByName) {
  EXPECT_TRUE(screen_code(named("scalar"), entry(plain)).ok());
  EXPECT_FALSE(screen_code(named("avx2"), entry(plain)).ok());
  EXPECT_TRUE(screen_code(named("scalar"), entry(plain)).ok());
}

// The same functions under another name: harmless where the name claims the same, a lie where it does not.
TEST(Claims, OfOneCodeUnderTwoNames) {
  const auto* real = find_variant<ternary_matmul::Kernel>("ternary_matmul/direct.avx2");
  ASSERT_TRUE(real);
  VariantOf<ternary_matmul::Kernel> alias = *real;
  alias.id = "ternary_matmul/alias.avx2";
  EXPECT_TRUE(screen_code(alias).ok()) << screen_code(alias).reason;
  alias.isa = "autovec";
  EXPECT_EQ(screen_code(alias).status, Status::fallback);
  EXPECT_THAT(screen_code(alias).reason, HasSubstr("is the code of ternary_matmul/direct.avx2"));
}

int runs = 0;

void add_plainly(const residual_add::Call& c, Tile t) {
  ++runs;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    volatile float* h = c.h + b * c.stride;
    for (std::int64_t i = t.row0; i < t.row1; ++i) h[i] = h[i] + c.y[b * c.stride + i];
  }
}

TEST(Trials, ReadTheCodeBeforeTheyRunIt) {
  const residual_add::Kernel kernel{{"", "planted", kSimd}, add_plainly};
  VariantOf<residual_add::Kernel> v{{"residual_add/avx512", "residual_add", "avx512", 0, &kernel.info}, &kernel};
  Trial<residual_add::Kernel> trial({.name = "t", .op = "residual_add", .rows = 1, .cols = 33, .batch = 2, .seed = 1});
  runs = 0;
  const Verdict lie = trial.judge(v);
  EXPECT_EQ(lie.status, Status::fallback);
  EXPECT_EQ(lie.check, "object code");
  EXPECT_EQ(runs, 0);

  const residual_add::Kernel honest{{"", "planted", techniques()}, add_plainly};
  v = {{"residual_add/plain", "residual_add", "baseline", 0, &honest.info}, &honest};
  const Verdict truth = trial.judge(v);
  EXPECT_TRUE(truth.ok()) << truth.reason;
  EXPECT_GT(runs, 0);
}

// An activation in floats, as foreign libraries want it: a change of the low bits of one may reach no integer of a row,
// like an entry of a table. None of them is asked for look-ups.
bool multiplies_floats(const std::string& id) {
  return id.find("/eigen.") != std::string::npos || id.find("/openblas.") != std::string::npos;
}

TEST(LookUps, AreFoundInEveryTmacVariantAndInNoOther) {
  for (const auto& v : variants<ternary_matmul::Kernel>()) {
    if (!v.runnable() || multiplies_floats(v.id)) continue;
    const TableReach reach = table_reach(*v.kernel);
    EXPECT_EQ(reach.is_table(), v.info->techniques.has(Technique::tmac)) << v.id << ": " << reach.mean;
    EXPECT_TRUE(screen_effect(v).ok()) << v.id;
  }
}

// A multiply-accumulate that says it is T-MAC: what it prepares is a copy of the activation, or nothing, or a table
// that the product does not read.
enum class Prepares { copy, nothing, unread };
template <Prepares kWhat>
ternary_matmul::Kernel pretender() {
  using namespace matmul;
  return {.info = {"", "planted", techniques(Technique::tmac)},
          .row_multiple = 1,
          .col_multiple = 1,
          .packed_bytes = [](Shape s) { return static_cast<std::size_t>(s.rows * s.cols); },
          .pack =
              [](Shape s, const std::int8_t* w, std::int64_t row0, std::int64_t row1, std::byte* packed) {
                std::memcpy(packed + row0 * s.cols, w, static_cast<std::size_t>((row1 - row0) * s.cols));
              },
          .prepared_bytes =
              [](std::int64_t cols, std::int64_t batch) {
                return kWhat == Prepares::nothing ? 0 : static_cast<std::size_t>(cols * batch);
              },
          .prepare =
              [](const Input& in, std::byte* prepared, int part, int parts) {
                for (std::int64_t b = part; kWhat != Prepares::nothing && b < in.batch; b += parts) {
                  std::memcpy(prepared + b * in.cols, in.x + b * in.stride, static_cast<std::size_t>(in.cols));
                }
              },
          .scratch_bytes = [](Shape, std::int64_t) -> std::size_t { return 0; },
          .multiply =
              [](const Call& c, Tile t, std::byte*) {
                for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
                  const auto* copy = reinterpret_cast<const std::int8_t*>(c.prepared) + b * c.shape.cols;
                  const std::int8_t* x = kWhat == Prepares::copy ? copy : c.input.x + b * c.input.stride;
                  for (std::int64_t row = t.row0; row < t.row1; ++row) {
                    const auto* w = reinterpret_cast<const std::int8_t*>(c.packed) + row * c.shape.cols;
                    std::int32_t sum = 0;
                    for (std::int64_t k = 0; k < c.shape.cols; ++k) sum += w[k] * x[k];
                    c.y[b * c.y_stride + row] = sum;
                  }
                }
              }};
}

template <Prepares kWhat>
Verdict judged() {
  const ternary_matmul::Kernel kernel = pretender<kWhat>();
  const VariantOf<ternary_matmul::Kernel> v{{"ternary_matmul/pretender", "ternary_matmul", "baseline", 0, &kernel.info},
                                            &kernel};
  return Trial<ternary_matmul::Kernel>(
             {.name = "t", .op = "ternary_matmul", .rows = 9, .cols = 64, .batch = 2, .seed = 1})
      .judge(v);
}

TEST(LookUps, OfPretendersAreFallbacks) {
  for (const Verdict& v : {judged<Prepares::copy>(), judged<Prepares::nothing>(), judged<Prepares::unread>()}) {
    EXPECT_EQ(v.status, Status::fallback) << v.reason;
    EXPECT_EQ(v.check, "look-up");
    EXPECT_THAT(v.reason, HasSubstr("nothing is looked up"));
  }
  EXPECT_THAT(judged<Prepares::nothing>().reason, HasSubstr("prepares nothing"));
  EXPECT_THAT(judged<Prepares::unread>().reason, HasSubstr("reaches 0 % of the rows"));
}

}  // namespace
}  // namespace bitproof
