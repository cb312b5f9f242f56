// Is this machine fit to measure? What was read of it, and what follows: a pure function, so that every finding is
// tested on facts that were made up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "machine.hpp"

namespace bitproof {

enum class Fitness : std::uint8_t {
  good,     // nothing to do
  watch,    // numbers stand, but with wider intervals, or of less than could be known
  unfit,    // numbers made now would mislead
  unknown,  // it could not be read
};
const char* name(Fitness f);  // "ok", "watch", "unfit", "unknown"

struct Symptom {
  std::string what;  // "governor"
  Fitness fitness = Fitness::unknown;
  std::string found;   // what was read, with its unit
  std::string advice;  // what to do; "" where nothing is to be done
};

struct Vitals {
  Fact<std::string> governor{}, transparent_hugepages{};
  Fact<bool> smt{}, hypervisor{};
  Fact<double> foreign_fraction{}, steal_fraction{};  // of the usable CPUs, while nothing of ours ran
  std::vector<double> ping_pong_ns{};                 // readings some time apart
  std::string ping_pong_why{};                        // there is none
  int cores = 0;
  Fact<std::int64_t> memory_available_bytes{};
  std::size_t memory_needed_bytes = 0;             // by the largest model that is measured
  Fact<double> clock_low_ghz{}, clock_high_ghz{};  // of a chain of dependent additions, over some readings
  std::string counters_why{};                      // hardware counters cannot be read; "" where they can
};

// Looks for about `seconds`, doing nothing else.
Vitals read_vitals(double seconds, std::size_t memory_needed_bytes);

std::vector<Symptom> diagnose(const Vitals& v);

}  // namespace bitproof
