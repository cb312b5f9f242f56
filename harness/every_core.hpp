// f(0) .. f(n - 1) on every core, in no order.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace bitproof {

// When some throw, the exception of the lowest index is rethrown, so that what is reported does not depend on timing.
// worth_threads: the work takes much longer than starting a thread (50 us).
template <class F>
void on_every_core(std::size_t n, bool worth_threads, F&& f) {
  std::atomic<std::size_t> next{0}, failed{n};
  std::mutex mutex;
  std::exception_ptr error;
  const auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < n && i < failed;) {
      try {
        f(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (i < failed) {
          failed = i;
          error = std::current_exception();
        }
      }
    }
  };
  {
    std::vector<std::jthread> threads;
    for (unsigned t = 1; t < (worth_threads ? std::min<std::size_t>(std::thread::hardware_concurrency(), n) : 1); ++t)
      threads.emplace_back(work);
    work();
  }
  if (error) std::rethrow_exception(error);
}

}  // namespace bitproof
