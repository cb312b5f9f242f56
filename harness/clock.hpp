// The clock that loops and arms read. Injected, so that a clock which lies, or one that a test moves by hand, passes
// through the same gates as the real one.
#pragma once

#include <chrono>

namespace bitproof {

using ClockNs = double (*)();  // ns since any fixed moment; never backwards

inline double steady_ns() {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// One read of the clock: the median of many batches.
double clock_read_ns(ClockNs clock);

}  // namespace bitproof
