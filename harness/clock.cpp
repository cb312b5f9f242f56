#include "clock.hpp"

#include <vector>

#include "statistics.hpp"

namespace bitproof {

double clock_read_ns(ClockNs clock) {
  constexpr int kReads = 100, kBatches = 51;
  std::vector<double> batches;
  for (int b = 0; b < kBatches; ++b) {
    const double start = clock();
    double last = start;
    for (int i = 0; i < kReads; ++i) last = clock();
    batches.push_back((last - start) / kReads);
  }
  return median(std::move(batches));
}

}  // namespace bitproof
