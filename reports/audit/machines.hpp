// What is known of the CPUs that reports name: suites/machines/cpus.toml, each entry with its source.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace bitproof::audit {

struct Cpu {
  std::string name, source;
  std::vector<std::string> aliases;  // names in reports that mean this one, spelled out
  double cores = 0, threads = 0;
  double boost_hz = 0, tdp_w = 0, l3_bytes = 0;
  std::vector<std::string> memory;                   // types that it can be built with: "DDR4-3200"
  double memory_bytes_per_s = 0;                     // of the fastest of them, all channels
  std::map<std::int64_t, double> memory_by_threads;  // what so many threads read of it, where that was measured
  // Of one core; a multiply-add is two; 0: not known. By the clock from a data sheet, by the second where measured.
  double f32_ops_per_cycle = 0, int8_ops_per_cycle = 0;
  double f32_ops_per_s = 0, int8_ops_per_s = 0;

  double memory_most(std::optional<std::int64_t> readers) const {
    const auto measured = readers ? memory_by_threads.find(*readers) : memory_by_threads.end();
    return measured == memory_by_threads.end() ? memory_bytes_per_s : measured->second;
  }
  double f32_most() const { return f32_ops_per_s > 0 ? f32_ops_per_s : boost_hz * f32_ops_per_cycle; }
  double int8_most() const { return int8_ops_per_s > 0 ? int8_ops_per_s : boost_hz * int8_ops_per_cycle; }
};

using Cpus = std::vector<Cpu>;

// Throws BadInput "file:line: ...".
Cpus parse_cpus(const std::string& text, const std::string& path);

// By its name or one of its aliases; none for a CPU that the table does not have.
const Cpu* find(const Cpus& cpus, const std::string& name);

}  // namespace bitproof::audit
