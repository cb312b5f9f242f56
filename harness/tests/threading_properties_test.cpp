#include <gmock/gmock.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "properties.hpp"
#include "registry.hpp"
#include "variant_names.hpp"

namespace bitproof {
namespace {

using threading::Kernel;
using threading::SessionBody;
using threading::Space;
using threading::TileBody;

const Kernel& kernel(const std::string& id) { return *find_variant<Kernel>(id)->kernel; }

class Threading : public testing::TestWithParam<std::string> {};

TEST_P(Threading, HasNoFaultOnOneToEightThreads) {
  for (int threads = 1; threads <= 8; ++threads) {
    ASSERT_EQ(threading_fault(kernel(GetParam()), threads), "") << threads << " threads";
  }
}

TEST_P(Threading, CoversTheSpaceWhenTheRuntimeGrantsFewerThreads) {
  const int levels = omp_get_max_active_levels();
  omp_set_max_active_levels(0);
  int granted = 0;
#pragma omp parallel num_threads(4)
  granted = omp_get_num_threads();
  ASSERT_EQ(granted, 1);
  EXPECT_EQ(threading_fault(kernel(GetParam()), 4), "");
  omp_set_max_active_levels(levels);
}

INSTANTIATE_TEST_SUITE_P(Variants, Threading, testing::ValuesIn(runnable_ids<Kernel>()), test_name);

// The tiles of one for_tiles, by where they start, so that threads record them without a lock.
struct Recorder {
  const Kernel& kernel;
  Space space;
  std::vector<Tile> by_start = std::vector<Tile>(space.rows * space.batch);

  static void tile(void* self, Tile t, int) {
    auto& r = *static_cast<Recorder*>(self);
    r.by_start[t.row0 * r.space.batch + t.batch0] = t;
  }
  static void session(void* self, threading::Team* team) {
    auto& r = *static_cast<Recorder*>(self);
    r.kernel.for_tiles(team, r.space, tile, self);
  }
};

std::vector<Tile> tiles_of(const std::string& id, int threads, Space space) {
  Recorder recorder{kernel(id), space};
  recorder.kernel.session(threads, Recorder::session, &recorder);
  std::erase_if(recorder.by_start, [](Tile t) { return t.row1 == 0; });
  return recorder.by_start;
}

// Rows and batch of the largest and of the smallest tile.
struct Extremes {
  std::int64_t tiles, most_rows, least_rows, most_batch, least_batch;
  friend bool operator==(const Extremes&, const Extremes&) = default;
  friend void PrintTo(const Extremes& e, std::ostream* out) {
    *out << e.tiles << " tiles, rows " << e.least_rows << ".." << e.most_rows << ", batch " << e.least_batch << ".."
         << e.most_batch;
  }
};

Extremes extremes(const std::vector<Tile>& tiles) {
  Extremes e{std::ssize(tiles), 0, INT64_MAX, 0, INT64_MAX};
  for (const Tile& t : tiles) {
    e.most_rows = std::max(e.most_rows, t.row1 - t.row0);
    e.least_rows = std::min(e.least_rows, t.row1 - t.row0);
    e.most_batch = std::max(e.most_batch, t.batch1 - t.batch0);
    e.least_batch = std::min(e.least_batch, t.batch1 - t.batch0);
  }
  return e;
}

TEST(ThreadingStatic, SplitsRowsToWithinOneMultiple) {
  EXPECT_EQ(extremes(tiles_of("threading/omp_static", 3, {4096, 16, 2})), (Extremes{3, 1376, 1360, 2, 2}));
  EXPECT_EQ(extremes(tiles_of("threading/omp_static", 4, {33, 16, 1})), (Extremes{3, 16, 1, 1, 1}));
  EXPECT_EQ(extremes(tiles_of("threading/omp_static", 4, {1, 1, 8})), (Extremes{1, 1, 1, 8, 8}));
}

TEST(ThreadingStatic, SplitsTheBatch) {
  EXPECT_EQ(extremes(tiles_of("threading/omp_static:batch", 3, {64, 16, 8})), (Extremes{3, 64, 64, 3, 2}));
  EXPECT_EQ(extremes(tiles_of("threading/omp_static:batch", 4, {64, 16, 1})), (Extremes{1, 64, 64, 1, 1}));
}

TEST(ThreadingStatic, SplitsBothAsTheSpaceAsks) {
  const std::string both = "threading/omp_static:both";
  EXPECT_EQ(extremes(tiles_of(both, 4, {4096, 1, 8})), (Extremes{4, 1024, 1024, 8, 8})) << "rows alone are enough";
  EXPECT_EQ(extremes(tiles_of(both, 4, {32, 16, 8})), (Extremes{4, 16, 16, 4, 4})) << "two units, so the batch too";
  EXPECT_EQ(extremes(tiles_of(both, 6, {48, 16, 2})), (Extremes{6, 16, 16, 1, 1}));
  EXPECT_EQ(extremes(tiles_of(both, 4, {16, 16, 8})), (Extremes{4, 16, 16, 2, 2})) << "one unit, the batch alone";
  EXPECT_EQ(extremes(tiles_of(both, 3, {16, 8, 2})), (Extremes{2, 8, 8, 2, 2})) << "a third thread would not help";
}

TEST(ThreadingStatic, OpensNoRegionForASingleTile) {
  struct Seen {
    const Kernel& kernel;
    bool in_region = true;
  };
  for (const std::string id : {"threading/omp_static", "threading/omp_static:batch", "threading/omp_static:both"}) {
    Seen seen{kernel(id)};
    seen.kernel.session(
        4,
        [](void* context, threading::Team* team) {
          const auto look = [](void* c, Tile, int) { static_cast<Seen*>(c)->in_region = omp_get_level() > 0; };
          static_cast<Seen*>(context)->kernel.for_tiles(team, {16, 16, 1}, look, context);
        },
        &seen);
    EXPECT_FALSE(seen.in_region) << id;
  }
}

// Planted faults: each is right but for one thing.
void run_session(int threads, SessionBody body, void* context) {
  body(context, reinterpret_cast<threading::Team*>(&threads));
}

// Two tiles one after the other: the halves of the rows, where there are two.
void halves(Space s, TileBody body, void* context, int first_thread, int second_thread) {
  if (s.rows == 0 || s.batch == 0) return;
  const std::int64_t middle = s.rows / 2 / s.row_multiple * s.row_multiple;
  if (middle) body(context, {0, middle, 0, s.batch}, first_thread);
  body(context, {middle, s.rows, 0, s.batch}, second_thread);
}

void good_tiles(threading::Team* team, Space s, TileBody body, void* context) {
  halves(s, body, context, 0, *reinterpret_cast<int*>(team) - 1);
}

using ForTiles = void (*)(threading::Team*, Space, TileBody, void*);

std::string fault_of(ForTiles for_tiles) {
  return threading_fault({{"", "planted", techniques()}, run_session, for_tiles}, 2);
}
std::string fault_of(void (*session)(int, SessionBody, void*)) {
  return threading_fault({{"", "planted", techniques()}, session, good_tiles}, 2);
}

TEST(PlantedThreadingFault, OfTilesIsRejected) {
  using testing::HasSubstr;
  EXPECT_EQ(fault_of(good_tiles), "");
  EXPECT_THAT(fault_of([](threading::Team* team, Space s, TileBody body, void* context) {
                if (--s.rows > 0) good_tiles(team, s, body, context);
              }),
              HasSubstr("computed 0 times"))
      << "the last row is missing";
  EXPECT_THAT(fault_of([](threading::Team* team, Space s, TileBody body, void* context) {
                if (--s.batch > 0) good_tiles(team, s, body, context);
              }),
              HasSubstr("computed 0 times"))
      << "the last batch element is missing";
  EXPECT_THAT(fault_of([](threading::Team* team, Space s, TileBody body, void* context) {
                good_tiles(team, s, body, context);
                if (s.rows > 64) body(context, {64, s.rows, 0, s.batch}, 0);
              }),
              HasSubstr("off the row multiple"))
      << "tiles start anywhere";
  EXPECT_THAT(fault_of([](threading::Team* team, Space s, TileBody body, void* context) {
                good_tiles(team, s, body, context);
                good_tiles(team, s, body, context);
              }),
              HasSubstr("computed 2 times"));
  EXPECT_THAT(fault_of([](threading::Team*, Space s, TileBody body, void* context) { halves(s, body, context, 0, 2); }),
              HasSubstr("thread index outside"));
  EXPECT_THAT(fault_of([](threading::Team*, Space s, TileBody body, void* context) {
                body(context, {0, s.rows, 0, s.batch}, 0);
              }),
              HasSubstr("an empty tile"))
      << "an empty space calls the body";
  std::string race;  // on a busy machine the two threads may miss each other
  for (int n = 0; n < 100 && race.empty(); ++n) {
    race = fault_of([](threading::Team*, Space s, TileBody body, void* context) {
      if (s.rows == 0 || s.batch == 0) return;
      const std::int64_t middle = s.rows > s.row_multiple ? s.row_multiple : 0;
      std::thread other([=] {
        if (middle) body(context, {0, middle, 0, s.batch}, 0);
      });
      body(context, {middle, s.rows, 0, s.batch}, 0);
      other.join();
    });
  }
  EXPECT_THAT(race, HasSubstr("two tiles at once"));
  EXPECT_THAT(fault_of([](threading::Team* team, Space s, TileBody body, void* context) {
                std::thread([=] { good_tiles(team, s, body, context); }).join();
              }),
              HasSubstr("did not run on the caller"));
}

TEST(PlantedThreadingFault, OfTheBarrierIsRejected) {
  static std::vector<std::thread> late;
  const auto no_barrier = [](threading::Team* team, Space s, TileBody body, void* context) {
    if (s.rows * s.batch < 500) return good_tiles(team, s, body, context);
    body(context, {0, s.row_multiple, 0, s.batch}, 0);
    late.emplace_back([=] { body(context, {s.row_multiple, s.rows, 0, s.batch}, 1); });
  };
  const auto joins_at_the_end = [](int threads, SessionBody body, void* context) {
    run_session(threads, body, context);
    for (std::thread& t : late) t.join();
    late.clear();
  };
  EXPECT_THAT(threading_fault({{"", "planted", techniques()}, joins_at_the_end, no_barrier}, 2),
              testing::HasSubstr("computed 0 times"));
}

TEST(PlantedThreadingFault, ThreadsThatNeverRunAreFound) {
  const auto claims = [](ForTiles for_tiles) {
    return Kernel{{"", "planted", techniques(Technique::threading)}, run_session, for_tiles};
  };
  EXPECT_EQ(threading_fault(claims(good_tiles), 2), "");
  EXPECT_THAT(engagement_fault(claims(good_tiles), 2), testing::HasSubstr("all tiles run on one"));
  // One that other work holds up is not missing, though the first could have run every tile meanwhile.
  const auto late = [](threading::Team*, Space s, TileBody body, void* context) {
    std::thread other([=] {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      body(context, {0, s.row_multiple, 0, s.batch}, 1);
    });
    for (std::int64_t row = s.row_multiple; row < s.rows; ++row) body(context, {row, row + 1, 0, s.batch}, 0);
    other.join();
  };
  EXPECT_EQ(engagement_fault(claims(late), 2), "");
  EXPECT_EQ(engagement_fault(claims(good_tiles), 1), "");
  EXPECT_EQ(engagement_fault(kernel("threading/omp_static"), 2), "");
  EXPECT_EQ(engagement_fault(kernel("threading/serial"), 2), "") << "it claims nothing";
}

TEST(PlantedThreadingFault, OfTheSessionIsRejected) {
  using testing::HasSubstr;
  EXPECT_THAT(fault_of([](int, SessionBody, void*) {}), HasSubstr("0 times"));
  EXPECT_THAT(fault_of([](int threads, SessionBody body, void* context) {
                run_session(threads, body, context);
                run_session(threads, body, context);
              }),
              HasSubstr("2 times"));
  EXPECT_THAT(fault_of([](int threads, SessionBody body, void* context) {
                std::thread([=] { run_session(threads, body, context); }).join();
              }),
              HasSubstr("not run its body on the calling thread"));
}

}  // namespace
}  // namespace bitproof
