#include "placement.hpp"

#include <fmt/format.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>

#include "statistics.hpp"

namespace bitproof {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kLine = 64;

bool pin_this_thread(int cpu) {
  std::vector<cpu_set_t> mask(static_cast<std::size_t>(cpu) / CPU_SETSIZE + 1);
  CPU_SET_S(cpu, mask.size() * sizeof(cpu_set_t), mask.data());
  return pthread_setaffinity_np(pthread_self(), mask.size() * sizeof(cpu_set_t), mask.data()) == 0;
}

// The line that travels, and apart from it the flags, so that looking at them costs no transfer. No pause instruction
// in the loops: it takes as long as the latency.
class PingPong {
 public:
  Fact<double> run(int cpu_a, int cpu_b, std::chrono::nanoseconds budget) {
    deadline_ = Clock::now() + budget;
    std::jthread pong, ping;
    try {
      pong = std::jthread([this, cpu_b] { pong_loop(cpu_b); });
      ping = std::jthread([this, cpu_a] { ping_loop(cpu_a); });
    } catch (const std::system_error& e) {
      stop_ = true;
      return {std::nullopt, fmt::format("no thread for the probe: {}", e.what())};
    }
    ping.join();
    pong.join();
    if (!pinned_) return {std::nullopt, fmt::format("cannot pin to CPUs {} and {}", cpu_a, cpu_b)};
    if (one_way_ns_.size() < kFewestBatches) {
      return {std::nullopt,
              fmt::format("CPU {} or {} was busy: {} of {} batches within {} ms", cpu_a, cpu_b, one_way_ns_.size(),
                          kBatches, std::chrono::duration<double, std::milli>(budget).count())};
    }
    return {median(one_way_ns_), ""};
  }

 private:
  static constexpr std::size_t kBatches = 15, kFewestBatches = 5;
  static constexpr int kRoundTrips = 200;

  void pong_loop(int cpu) {
    if (!pin_this_thread(cpu)) pinned_ = false;
    for (std::int64_t turn = 1;; turn += 2) {
      while (ball_.load(std::memory_order_acquire) != turn) {
        if (stop_.load(std::memory_order_relaxed)) return;
      }
      ball_.store(turn + 1, std::memory_order_release);
    }
  }

  void ping_loop(int cpu) {
    if (!pin_this_thread(cpu)) pinned_ = false;
    std::int64_t turn = 0;
    if (round_trips(turn)) {  // warm-up: waits for the other thread to start
      while (one_way_ns_.size() < kBatches) {
        const Clock::time_point start = Clock::now();
        if (!round_trips(turn)) break;
        const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
        one_way_ns_.push_back(elapsed.count() / (2 * kRoundTrips));
      }
    }
    stop_.store(true, std::memory_order_relaxed);
  }

  bool round_trips(std::int64_t& turn) {  // false at the deadline
    for (int i = 0; i < kRoundTrips; ++i, turn += 2) {
      ball_.store(turn + 1, std::memory_order_release);
      for (unsigned spins = 1; ball_.load(std::memory_order_acquire) != turn + 2; ++spins) {
        if (spins % 1024 == 0 && Clock::now() > deadline_) return false;
      }
    }
    return true;
  }

  alignas(kLine) std::atomic<std::int64_t> ball_{0};
  alignas(kLine) std::atomic<bool> stop_{false};
  std::atomic<bool> pinned_{true};
  Clock::time_point deadline_;
  std::vector<double> one_way_ns_;
};

double seconds(const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); }

double cpu_seconds(const rusage& u) { return seconds(u.ru_utime) + seconds(u.ru_stime); }

struct Ticks {
  std::int64_t busy = 0, steal = 0;
};

// proc(5): cpuN user nice system idle iowait irq softirq steal ...; guest time is already inside user.
std::optional<Ticks> ticks_of(const std::vector<int>& cpus) {
  Ticks sum;
  std::size_t found = 0;
  std::ifstream stat("/proc/stat");
  for (std::string line; std::getline(stat, line) && line.starts_with("cpu");) {
    std::istringstream fields(line.substr(3));
    int cpu;
    if (line[3] == ' ' || !(fields >> cpu) || !std::ranges::binary_search(cpus, cpu)) continue;
    std::int64_t user, nice, system, idle, iowait, irq, softirq, steal;
    if (!(fields >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal)) continue;
    sum.busy += user + nice + system + irq + softirq;
    sum.steal += steal;
    ++found;
  }
  if (found != cpus.size()) return std::nullopt;
  return sum;
}

// /proc/self/task/TID/schedstat: time on a CPU, time waiting for one, number of slices.
std::map<int, std::int64_t> run_queue_waits() {
  std::map<int, std::int64_t> waits;
  std::error_code ended;  // a thread may end while its directory is read
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ended)) {
    std::ifstream schedstat(task.path() / "schedstat");
    std::int64_t on_cpu, waiting;
    if (schedstat >> on_cpu >> waiting) waits[std::stoi(task.path().filename())] = waiting;
  }
  return waits;
}

}  // namespace

Fact<double> ping_pong_ns(int cpu_a, int cpu_b, std::chrono::nanoseconds budget) {
  return PingPong().run(cpu_a, cpu_b, budget);
}

LoadWatch::LoadWatch() : cpus_(usable_cpus()), start_(now()) {}

LoadWatch::Counters LoadWatch::now() const {
  Counters c{Clock::now(), {}, {}, {}, run_queue_waits()};
  getrusage(RUSAGE_SELF, &c.usage);
  if (const std::optional<Ticks> ticks = ticks_of(cpus_)) {
    c.busy_ticks = ticks->busy;
    c.steal_ticks = ticks->steal;
  }
  return c;
}

Load LoadWatch::read() const {
  const Counters end = now();
  const auto wall = end.time - start_.time;
  const double wall_s = std::chrono::duration<double>(wall).count();
  const double own_s = cpu_seconds(end.usage) - cpu_seconds(start_.usage);

  Load load{wall_s, own_s / wall_s, {}, {}, "", end.usage.ru_nivcsw - start_.usage.ru_nivcsw, 0};
  for (const auto& [thread, wait] : end.run_queue_wait_ns) {
    const auto before = start_.run_queue_wait_ns.find(thread);
    load.run_queue_wait_ns += wait - (before == start_.run_queue_wait_ns.end() ? 0 : before->second);
  }
  if (!start_.busy_ticks || !end.busy_ticks) {
    load.why = "/proc/stat does not list the usable CPUs";
  } else if (wall < kShortest) {
    load.why = fmt::format("an interval of {:.1f} ms is too short for ticks of 10 ms", wall_s * 1e3);
  } else {
    const double tick_s = 1 / static_cast<double>(sysconf(_SC_CLK_TCK));
    const double capacity_s = wall_s * static_cast<double>(cpus_.size());
    const double busy_s = tick_s * static_cast<double>(*end.busy_ticks - *start_.busy_ticks);
    const double steal_s = tick_s * static_cast<double>(*end.steal_ticks - *start_.steal_ticks);
    load.foreign_fraction = std::clamp((busy_s - own_s) / capacity_s, 0.0, 1.0);
    load.steal_fraction = std::clamp(steal_s / capacity_s, 0.0, 1.0);
  }
  return load;
}

MachineState probe_state() {
  const LoadWatch watch;
  std::vector<int> cpus = usable_cpus();
  const std::vector<int> cores = core_cpus(cpus);
  if (!cores.empty()) cpus = cores;
  const Fact<double> latency =
      cpus.size() < 2 ? Fact<double>{std::nullopt, "one usable core: nothing to ping"} : ping_pong_ns(cpus[0], cpus[1]);
  return {latency.value, latency.why, watch.read()};
}

void StateTracker::add(const MachineState& state) {
  if (state.ping_pong_ns) readings_.push_back(*state.ping_pong_ns);
}

std::optional<double> StateTracker::boundary_ns() const {
  std::vector<double> x = readings_;
  std::ranges::sort(x);
  std::optional<double> boundary;
  double widest = kGap;
  for (std::size_t below = kFewest; below + kFewest <= x.size(); ++below) {
    const double ratio = x[below] / x[below - 1];
    if (ratio <= widest) continue;
    widest = ratio;
    boundary = std::sqrt(x[below] * x[below - 1]);
  }
  return boundary;
}

std::string StateTracker::label(const std::optional<double>& ping_pong_ns) const {
  if (!ping_pong_ns) return "unknown";
  const std::optional<double> boundary = boundary_ns();
  if (!boundary) return "one state";
  return *ping_pong_ns < *boundary ? "A" : "B";
}

}  // namespace bitproof
