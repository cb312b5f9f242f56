#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "properties.hpp"

namespace bitproof {
namespace {

using threading::Space;

// Records which (row, batch) of a space its tiles cover. Written to by any number of threads, at once if they must.
class Watch {
 public:
  Watch(Space space, int threads, std::chrono::microseconds dwell = {})
      : space_(space), dwell_(dwell), hits_(space.rows * space.batch), busy_(threads) {}

  void tile(Tile t, int thread) {
    if (thread < 0 || thread >= std::ssize(busy_)) return note("a thread index outside [0, threads)");
    if (busy_[thread].exchange(true)) note("two tiles at once under one thread index");
    if (!inside(t)) {
      note("an empty tile, one outside the space or one off the row multiple");
    } else {
      for (std::int64_t r = t.row0; r < t.row1; ++r) {
        for (std::int64_t b = t.batch0; b < t.batch1; ++b) ++hits_[r * space_.batch + b];
      }
    }
    if (std::this_thread::get_id() != caller_) elsewhere_ = true;
    if (dwell_.count()) std::this_thread::sleep_for(dwell_);
    busy_[thread] = false;
  }

  // To be asked when for_tiles has returned.
  std::string fault() const {
    if (const char* noted = noted_) return describe(noted);
    for (std::int64_t i = 0; i < std::ssize(hits_); ++i) {
      if (const int n = hits_[i]; n != 1) {
        return describe(fmt::format("row {} of batch {} computed {} times", i / space_.batch, i % space_.batch, n));
      }
    }
    const bool one_tile = space_.rows <= space_.row_multiple && space_.batch == 1;
    if (one_tile && elsewhere_) return describe("a single tile did not run on the caller");
    return "";
  }

 private:
  bool inside(Tile t) const {
    return 0 <= t.row0 && t.row0 < t.row1 && t.row1 <= space_.rows && t.row0 % space_.row_multiple == 0 &&
           0 <= t.batch0 && t.batch0 < t.batch1 && t.batch1 <= space_.batch;
  }
  void note(const char* what) {
    const char* none = nullptr;
    noted_.compare_exchange_strong(none, what);
  }
  std::string describe(std::string_view what) const {
    return fmt::format("{} rows (multiple {}) x batch {} on {} threads: {}", space_.rows, space_.row_multiple,
                       space_.batch, busy_.size(), what);
  }

  Space space_;
  std::chrono::microseconds dwell_;
  std::thread::id caller_ = std::this_thread::get_id();
  std::vector<std::atomic<int>> hits_;
  std::vector<std::atomic<bool>> busy_;
  std::atomic<bool> elsewhere_ = false;
  std::atomic<const char*> noted_ = nullptr;
};

// All the spaces of one session, one for_tiles after another.
struct Run {
  const threading::Kernel& kernel;
  int threads;
  std::thread::id caller = std::this_thread::get_id();
  int bodies = 0;
  bool elsewhere = false;
  std::string fault = "";
  std::deque<Watch> watches = {};  // outlive the session: a kernel that returns too early still writes to them

  void cover(threading::Team* team, Space space, std::chrono::microseconds dwell = {}) {
    if (!fault.empty()) return;
    Watch& watch = watches.emplace_back(space, threads, dwell);
    kernel.for_tiles(
        team, space, [](void* w, Tile t, int thread) { static_cast<Watch*>(w)->tile(t, thread); }, &watch);
    fault = watch.fault();
  }

  void body(threading::Team* team) {
    ++bodies;
    elsewhere |= std::this_thread::get_id() != caller;
    for (const std::int64_t rows : {0, 1, 7, 8, 9, 64, 131}) {
      for (const std::int64_t multiple : {1, 8, 24}) {
        for (const std::int64_t batch : {0, 1, 3, 8}) cover(team, {rows, multiple, batch});
      }
    }
    // Tiles that take a while meet one another, and show whether for_tiles waits for the last.
    cover(team, {64, 1, 8}, std::chrono::milliseconds(2));
  }
};

constexpr std::chrono::seconds kSecondThreadWithin{2};

}  // namespace

std::string threading_fault(const threading::Kernel& kernel, int threads) {
  for (int session = 0; session < 2; ++session) {
    Run run{kernel, threads};
    kernel.session(
        threads, [](void* r, threading::Team* team) { static_cast<Run*>(r)->body(team); }, &run);
    if (!run.fault.empty()) return run.fault;
    if (run.bodies != 1) return fmt::format("session ran its body {} times", run.bodies);
    if (run.elsewhere) return "session did not run its body on the calling thread";
  }
  return "";
}

std::string engagement_fault(const threading::Kernel& kernel, int threads) {
  if (threads == 1 || !kernel.info.techniques.has(Technique::threading)) return "";
  struct Seen {
    const threading::Kernel& kernel;
    std::mutex mutex = {};
    std::condition_variable arrived = {};
    std::set<std::thread::id> ids = {};
    std::chrono::steady_clock::time_point late = std::chrono::steady_clock::now() + kSecondThreadWithin;
  } seen{kernel};
  kernel.session(
      threads,
      [](void* run, threading::Team* team) {
        // Every tile waits for a second thread, so that one which other work holds up is not called missing.
        const auto tile = [](void* context, Tile, int) {
          auto& s = *static_cast<Seen*>(context);
          std::unique_lock lock(s.mutex);
          s.ids.insert(std::this_thread::get_id());
          s.arrived.notify_all();
          s.arrived.wait_until(lock, s.late, [&] { return s.ids.size() > 1; });
        };
        static_cast<Seen*>(run)->kernel.for_tiles(team, {64, 1, 8}, tile, run);
      },
      &seen);
  if (seen.ids.size() > 1) return "";
  return fmt::format("claims threading, but on {} threads all tiles run on one", threads);
}

}  // namespace bitproof
