#include "witness.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "planted_code.hpp"
#include "support.hpp"
#include "team.hpp"

namespace bitproof {
namespace {

using namespace planted_code;
using testing::HasSubstr;

SlotCode slot(const std::string& id, Function work, TableReach reach = {}) {
  return {id, true, census_of_code(work), reach};
}

TEST(Witnesses, OfSimdAreTheInstructionsOfEverySlot) {
  const std::vector<SlotCode> packed = {slot("a/avx2", ymm), slot("b/avx512vnni", dot), {"memory/pool", false, {}, {}}};
  EXPECT_TRUE(simd_witness(packed).engaged);
  EXPECT_EQ(simd_witness(packed).evidence.find("memory/pool"), std::string::npos);
  EXPECT_THAT(simd_witness(packed).evidence, HasSubstr("b/avx512vnni: 1 vpdpbusd, 1 zmm arithmetic"));
  const std::vector<SlotCode> one_plain = {slot("a/avx2", ymm), slot("b/avx512vnni", plain)};
  EXPECT_FALSE(simd_witness(one_plain).engaged);
  EXPECT_THAT(simd_witness(one_plain).evidence, HasSubstr("without packed arithmetic: b/avx512vnni"));
  EXPECT_FALSE(simd_witness({}).engaged);
}

TEST(Witnesses, OfPrefetchAreItsInstructions) {
  const std::vector<SlotCode> with = {slot("a/x:pf8", prefetches)}, without = {slot("a/x:pf8", plain)};
  EXPECT_TRUE(prefetch_witness(with).engaged);
  EXPECT_EQ(prefetch_witness(with).evidence, "a/x:pf8: 1 prefetches");
  EXPECT_FALSE(prefetch_witness(without).engaged);
}

TEST(Witnesses, OfTmacAreTheRowsThatATableReaches) {
  const std::vector<SlotCode> tables = {slot("a/tmac", looks_up, {512, 0.125})}, none = {slot("a/tmac", looks_up)};
  const std::vector<SlotCode> copies = {slot("a/tmac", looks_up, {64, 2 / 3.0})};
  EXPECT_TRUE(tmac_witness(tables).engaged);
  EXPECT_THAT(tmac_witness(tables).evidence, HasSubstr("12 % of the rows, 1 vector look-up"));
  EXPECT_FALSE(tmac_witness(none).engaged);
  EXPECT_FALSE(tmac_witness(copies).engaged);
}

TEST(Witnesses, OfAPoolAreAllocationsThatWereCounted) {
  EXPECT_TRUE(memory_pool_witness(0.0, "", 2).engaged);
  EXPECT_FALSE(memory_pool_witness(0.25, "", 0).engaged);
  EXPECT_FALSE(memory_pool_witness(std::nullopt, "no way", 0).engaged) << "not counted is not none";
  EXPECT_EQ(memory_pool_witness(72.0, "", 2).evidence, "72 allocations and 2 page faults a token");
  EXPECT_THAT(memory_pool_witness(std::nullopt, "no way", 0).evidence, HasSubstr("not counted (no way)"));
}

TEST(Witnesses, OfThreadsAreThoseSeenAndTheirTime) {
  EXPECT_TRUE(threading_witness(2, 1.9).engaged);
  EXPECT_TRUE(threading_witness(2, std::nullopt).engaged);
  EXPECT_FALSE(threading_witness(1, 1.9).engaged);
  EXPECT_FALSE(threading_witness(2, 1.0).engaged) << "two threads, one after the other";
  EXPECT_THAT(threading_witness(2, std::nullopt).evidence,
              HasSubstr("2 OS thread(s) ran tiles, CPU time over wall unknown"));
}

TEST(Witnesses, OfACacheArePositions) {
  EXPECT_TRUE(kv_cache_witness(1, true).engaged);
  EXPECT_FALSE(kv_cache_witness(7, true).engaged);
  EXPECT_FALSE(kv_cache_witness(1, false).engaged);
}

// The code of a recipe is that of its functions.
TEST(Witnesses, ReadTheRecipeItself) {
  const std::vector<SlotCode> none = slot_code(recipe_names(kNoTechniques));
  EXPECT_EQ(none.size(), all_ops().size());
  EXPECT_FALSE(simd_witness(none).engaged);
  EXPECT_FALSE(prefetch_witness(none).engaged);
  EXPECT_FALSE(tmac_witness(none).engaged);
}

// Splits that hand out two indices: on the calling thread, and on two threads in turn.
void call_session(int, threading::SessionBody body, void* context) { body(context, nullptr); }
void pretend_two(threading::Team*, threading::Space s, threading::TileBody body, void* context) {
  for (int thread : {0, 1}) body(context, {thread * s.rows / 2, (thread + 1) * s.rows / 2, 0, s.batch}, thread);
}
void really_two(threading::Team*, threading::Space s, threading::TileBody body, void* context) {
  body(context, {0, s.rows / 2, 0, s.batch}, 0);
  std::jthread([&] { body(context, {s.rows / 2, s.rows, 0, s.batch}, 0); });
}

int threads_seen(void (*for_tiles)(threading::Team*, threading::Space, threading::TileBody, void*)) {
  const threading::Kernel kernel{{"", "planted", techniques(Technique::threading)}, call_session, for_tiles};
  Team team(kernel, 2);
  for (int i = 0; i < 2; ++i) {
    team.reset_threads_seen();
    team.session([&] { team.for_tiles({4, 1, 1}, [](Tile, int) {}); });
  }
  return team.threads_seen();
}

TEST(Teams, CountThreadsAndNotTheirIndices) {
  EXPECT_EQ(threads_seen(pretend_two), 1);
  EXPECT_EQ(threads_seen(really_two), 2);
}

}  // namespace
}  // namespace bitproof
