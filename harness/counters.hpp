// Hardware counters by perf_event_open(2), user space only, of this process and of the threads that it starts after the
// counters were opened. A machine without them (most VMs) gives null with the reason, never 0.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace bitproof {

enum class Counter : std::uint8_t { cycles, instructions, cache_misses, branch_misses };
inline constexpr int kCounters = 4;
inline constexpr const char* kCounterNames[kCounters] = {"cycles", "instructions", "cache_misses", "branch_misses"};

struct CounterValues {
  std::array<std::optional<double>, kCounters> value{};  // scaled where the kernel had to multiplex
  std::array<std::string, kCounters> why{};              // why there is none
};

// What perf_event_open is called with. Injected, so that refusals can be planted.
using OpenCounter = int (*)(Counter);  // a file descriptor, or -errno
int open_hardware_counter(Counter which);

class Counters {
 public:
  explicit Counters(OpenCounter open = open_hardware_counter);
  ~Counters();
  Counters(const Counters&) = delete;
  Counters& operator=(const Counters&) = delete;

  void start();          // from zero
  CounterValues read();  // since start

 private:
  struct Total {
    double value = 0, enabled_ns = 0, running_ns = 0;
  };
  std::optional<Total> total(int counter) const;

  std::array<int, kCounters> fd_{};
  std::array<std::string, kCounters> why_{};
  std::array<std::optional<Total>, kCounters> start_{};
};

}  // namespace bitproof
