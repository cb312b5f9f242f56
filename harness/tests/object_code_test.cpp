#include "object_code.hpp"

#include <gmock/gmock.h>

#include "planted_code.hpp"

namespace bitproof {
namespace {

using namespace planted_code;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Census, CountsPackedArithmeticByWidth) {
  EXPECT_EQ(census_of_code(plain).packed_total(), 0);
  EXPECT_GT(census_of_code(xmm)[Width::xmm], 0);
  EXPECT_GT(census_of_code(ymm)[Width::ymm], 0);
  EXPECT_EQ(census_of_code(ymm)[Width::zmm], 0);
  EXPECT_GT(census_of_code(zmm)[Width::zmm], 0);
  EXPECT_GT(census_of_code(plain).scalar, 0);
  EXPECT_EQ(census_of_code(xmm).packed_example, "pmaddwd");
}

TEST(Census, DoesNotTakeMovesForArithmetic) {
  for (const Function f : {moves_xmm, moves_ymm, moves_zmm}) EXPECT_EQ(census_of_code(f).packed_total(), 0);
  EXPECT_GT(census_of_code(moves_zmm).vector[2], 0);
  EXPECT_GT(census_of_code(moves_ymm).vector[1], 0);
}

TEST(Census, NamesWhatTechniquesAreMadeOf) {
  EXPECT_EQ(census_of_code(dot).count("pdpbusd"), 1);
  EXPECT_EQ(census_of_code(looks_up).count("pshufb"), 1);
  EXPECT_EQ(census_of_code(permute_bytes).count("permb"), 1);
  EXPECT_EQ(census_of_code(prefetches).count("prefetch"), 1);
  EXPECT_EQ(census_of_code(plain).count(""), 0);
  EXPECT_THAT(summary(census_of_code(dot)), HasSubstr("1 vpdpbusd, 1 zmm arithmetic"));
  EXPECT_EQ(summary(census_of_code(plain)), "no packed arithmetic");
}

TEST(Census, FollowsBranchesAndCalls) { EXPECT_GT(census_of_code(zmm_in_a_callee)[Width::zmm], 0); }

TEST(Census, EndsWhereTheFunctionDoes) {
  const Census c = census_of_code(plain);
  EXPECT_GT(c.instructions, 1);
  EXPECT_GE(c.bytes, c.instructions);
  EXPECT_LT(c.instructions, 200);  // a sanitizer's share included
  EXPECT_THAT(c.unfollowed, IsEmpty());
}

TEST(Census, NamesCallsOutOfTheModule) {
  EXPECT_THAT(census_of_code(asks_for_threads).imports, Contains("omp_get_max_threads"));
  EXPECT_THAT(census_of_code(allocates_with_new).imports, Contains("_Znam"));
}

TEST(Census, SaysWhatItCannotFollow) {
  EXPECT_THAT(census_of_code(calls_a_pointer).unfollowed, Contains(HasSubstr("indirect call")));
  const void* nowhere = nullptr;
  EXPECT_THAT(census({&nowhere, 1}).unfollowed, Contains(HasSubstr("no instruction")));
  EXPECT_EQ(census({}).instructions, 0);
}

// Also of code for another machine.
TEST(Census, ReadsEveryVariantToItsEnd) {
  for (const Variant& v : all_variants()) {
    const Census c = census_of(v);
    EXPECT_GT(c.instructions, 0) << v.id;
    const bool calls_its_caller = v.op == "threading";
    EXPECT_EQ(c.unfollowed.empty(), !calls_its_caller) << v.id;
  }
}

}  // namespace
}  // namespace bitproof
