// The same work on several threads at once, timed. Like the token loop's threads these are not pinned.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <thread>
#include <vector>

namespace bitproof {

// Of CPU time over wall time and thread, below which a thread did not have its CPU to itself: what it measured says
// nothing of the hardware.
inline constexpr double kHadItsCpus = 0.9;

inline bool had_its_cpus(double cpus, int threads) { return cpus >= kHadItsCpus * threads; }

// Takes a sample that others disturbed again, up to kMostTakes times: on a shared host many short ones are. What this
// may cost in vain is half a second; on a host that is busy throughout every take is.
class Retaker {
 public:
  static constexpr int kMostTakes = 5;

  template <class Take, class Good>
  auto operator()(const Take& take, const Good& good) {
    auto sample = take();
    for (int n = 1; n < kMostTakes && in_vain_ < kMostInVain && !good(sample); ++n) {
      const auto begin = std::chrono::steady_clock::now();
      sample = take();
      if (!good(sample)) in_vain_ += std::chrono::steady_clock::now() - begin;
    }
    return sample;
  }

 private:
  static constexpr std::chrono::nanoseconds kMostInVain = std::chrono::milliseconds(500);
  std::chrono::nanoseconds in_vain_{0};
};

struct Together {
  double seconds;  // from the first thread's start to the last one's end
  double cpus;     // CPU time of all threads in it over the wall time: as many as threads where nobody interfered
};

// warm_up(thread), then all together body(thread).
template <class WarmUp, class Body>
Together run_together(int threads, const WarmUp& warm_up, const Body& body) {
  using Clock = std::chrono::steady_clock;
  struct Span {
    Clock::time_point start, end;
    double cpu_s;
  };
  const auto cpu_s = [] {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  };
  std::vector<Span> spans(static_cast<std::size_t>(threads));
  {
    std::latch ready(threads);
    std::vector<std::jthread> team;
    for (int t = 0; t < threads; ++t) {
      team.emplace_back([&, t] {
        warm_up(t);
        ready.arrive_and_wait();
        const double cpu = cpu_s();
        const Clock::time_point start = Clock::now();
        body(t);
        spans[static_cast<std::size_t>(t)] = {start, Clock::now(), cpu_s() - cpu};
      });
    }
  }
  const auto start = std::ranges::min(spans, {}, &Span::start).start;
  const auto end = std::ranges::max(spans, {}, &Span::end).end;
  const double seconds = std::chrono::duration<double>(end - start).count();
  double cpu = 0;
  for (const Span& s : spans) cpu += s.cpu_s;
  return {seconds, cpu / seconds};
}

}  // namespace bitproof
