#include "interrupt.hpp"

#include <atomic>
#include <csignal>

namespace bitproof {
namespace {

std::atomic<bool> flag{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler may touch it");

void on_signal(int number) {
  flag.store(true, std::memory_order_relaxed);
  std::signal(number, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool interrupted() { return flag.load(std::memory_order_relaxed); }

}  // namespace bitproof
