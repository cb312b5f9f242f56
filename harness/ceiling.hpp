// What this machine can do at best, measured in the run that is judged by it: the rate at which memory can be read,
// and the clock.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "machine.hpp"
#include "placement.hpp"
#include "statistics.hpp"

namespace bitproof {

// One timed reading of the whole buffer (several times over) by `threads` threads.
struct ReadSample {
  int threads;
  std::string pattern;                 // "2 streams, prefetch 2048 B"
  double gb_per_s;                     // 1e9 bytes a second
  std::optional<double> ping_pong_ns;  // the placement just before it: see StateTracker
  Load load;                           // during it; own_cpus well below `threads` means that others were running
};

struct Ceiling {
  int threads;
  Estimate gb_per_s;    // of the best pattern, over its rounds
  std::string pattern;  // the best: highest median
};

// Bytes that no cache can hold a useful part of: max(4 x all last-level caches, 512 MB). Throws BadInput where that is
// more than half of the memory that is available.
std::size_t ceiling_buffer_bytes(const Machine& machine);

// Every pattern at every thread count from 1 to max_threads, once a round, in an order that is shuffled anew each
// round. A pattern is a number of streams that each thread reads side by side, with or without software prefetch; the
// reads are the widest vectors of this CPU, on kModelPages, and like the token loop's threads these are not pinned.
// Each sample lasts about min_sample, at least one reading of the buffer, and is taken again where others had the CPUs.
// What was read is summed and checked: throws std::logic_error if the sum is wrong.
std::vector<ReadSample> sample_reads(int max_threads, std::size_t buffer_bytes, int rounds,
                                     std::chrono::nanoseconds min_sample = std::chrono::milliseconds(50));

// For each thread count in the samples, ascending. Give it the samples of one state to get the ceilings of that state.
std::vector<Ceiling> best_patterns(std::span<const ReadSample> samples);

// Cycles a nanosecond while this thread computes: a chain of dependent additions, one cycle each on every x86-64.
// The best of a few short batches, for a batch can only be slowed.
double clock_probe_ghz();

}  // namespace bitproof
