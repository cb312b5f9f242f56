// The machine and the build that a number belongs to. A fact that cannot be read is missing with a reason, never 0.
// The host's name is not among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bitproof {

template <class T>
struct Fact {
  std::optional<T> value;
  std::string why;  // why there is no value
};

struct Cache {
  int level;
  std::string type;  // Data, Instruction, Unified
  std::size_t bytes;
  std::vector<int> shared_cpus;  // empty where not known
};

struct Machine {
  Fact<std::string> cpu_model, cpu_vendor;
  Fact<int> family, model, stepping;
  std::vector<int> cpus;        // logical CPUs that this process may run on
  Fact<int> physical_cores;     // cores that those CPUs are on
  std::vector<Cache> caches;    // each cache of those CPUs once
  Fact<std::size_t> llc_bytes;  // all last-level caches of those CPUs together
  Fact<std::int64_t> memory_bytes;
  Fact<std::int64_t> memory_limit_bytes;      // the tightest cgroup limit below memory_bytes
  Fact<std::int64_t> memory_available_bytes;  // MemAvailable, or the limit if that is lower
  Fact<std::string> governor;
  Fact<std::string> transparent_hugepages;  // always, madvise or never
  Fact<bool> hypervisor;
  Fact<std::string> kernel;
  std::vector<std::string> features;     // of kernels/isa.hpp
  std::vector<std::string> environment;  // OMP_*, GOMP_* and MALLOC_* variables, which change what is measured

  std::string compiler;
  Fact<std::string> build_type, compiler_flags;
  Fact<std::string> git_revision;  // when CMake was last run; ends in "-dirty" if the tree had changes

  // 16 hex digits that are equal where two runs may be compared: CPU, caches, cores, memory (in GiB), features,
  // compiler and flags.
  std::string fingerprint() const;
};

// `root` is where /proc and /sys are found; features, compiler and affinity are always those of this process.
Machine read_machine(const std::filesystem::path& root = "/");

std::vector<int> usable_cpus();  // by the affinity mask, ascending

// One usable CPU of each physical core, ascending. Empty where the topology is not published.
std::vector<int> core_cpus(const std::vector<int>& cpus, const std::filesystem::path& root = "/");

// "0-2,5" -> 0 1 2 5
std::vector<int> parse_cpu_list(std::string_view list);

}  // namespace bitproof
