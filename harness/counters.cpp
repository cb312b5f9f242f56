#include "counters.hpp"

#include <fmt/format.h>
#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace bitproof {
namespace {

constexpr std::uint64_t kConfigs[kCounters] = {PERF_COUNT_HW_CPU_CYCLES, PERF_COUNT_HW_INSTRUCTIONS,
                                               PERF_COUNT_HW_CACHE_MISSES, PERF_COUNT_HW_BRANCH_MISSES};

std::string reason(int error) {
  switch (error) {
    case ENOENT:
    case EOPNOTSUPP:
    case ENODEV:
      return "this CPU, or the hypervisor over it, has no such counter";
    case EACCES:
    case EPERM:
      return "not permitted: see /proc/sys/kernel/perf_event_paranoid, or a container forbids it";
    case ENOSYS:
      return "this kernel has no perf_event";
    default:
      return fmt::format("perf_event_open: {}", std::strerror(error));
  }
}

}  // namespace

int open_hardware_counter(Counter which) {
  perf_event_attr attr{};
  attr.type = PERF_TYPE_HARDWARE;
  attr.size = sizeof attr;
  attr.config = kConfigs[static_cast<int>(which)];
  attr.inherit = 1;
  attr.exclude_kernel = 1;
  attr.exclude_hv = 1;
  attr.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
  const long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

Counters::Counters(OpenCounter open) {
  for (int i = 0; i < kCounters; ++i) {
    fd_[i] = open(static_cast<Counter>(i));
    if (fd_[i] < 0) why_[i] = reason(-fd_[i]);
  }
}

Counters::~Counters() {
  for (const int fd : fd_) {
    if (fd >= 0) close(fd);
  }
}

std::optional<Counters::Total> Counters::total(int counter) const {
  std::uint64_t read_out[3];  // value, time enabled, time running: see read_format
  if (fd_[counter] < 0 || ::read(fd_[counter], read_out, sizeof read_out) != sizeof read_out) return std::nullopt;
  return Total{static_cast<double>(read_out[0]), static_cast<double>(read_out[1]), static_cast<double>(read_out[2])};
}

void Counters::start() {
  for (int i = 0; i < kCounters; ++i) start_[i] = total(i);
}

CounterValues Counters::read() {
  CounterValues values;
  for (int i = 0; i < kCounters; ++i) {
    const std::optional<Total> end = total(i);
    values.why[i] = why_[i];
    if (!why_[i].empty()) continue;
    if (!start_[i] || !end) {
      values.why[i] = "the counter could not be read";
      continue;
    }
    const double running = end->running_ns - start_[i]->running_ns, enabled = end->enabled_ns - start_[i]->enabled_ns;
    if (running <= 0) {
      values.why[i] = "the counter was never on the CPU: more counters are asked for than there are";
    } else {
      values.value[i] = (end->value - start_[i]->value) * enabled / running;
    }
  }
  return values;
}

}  // namespace bitproof
