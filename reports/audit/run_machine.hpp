// The machine of a run, by the ceilings that the same run measured.
#pragma once

#include <set>
#include <string>

#include "reports/audit/machines.hpp"
#include "reports/json.hpp"

namespace bitproof::audit {

class RunMachine {
 public:
  explicit RunMachine(const Json& run);

  // Each ceiling by its fastest sample, and the margin that the physics gate leaves above it. No name: nothing was
  // measured.
  const Cpu& cpu() const { return cpu_; }

  // Is there a ceiling for these threads in each of these states? Without it nothing is too fast.
  bool has_ceiling(const std::string& what, std::int64_t threads, const std::set<std::string>& states) const;

  // The read ceiling of memory as the gate takes it, GB/s: its fastest sample.
  std::optional<double> read_gb_per_s(std::int64_t threads) const;

  // What of bytes that come round once a token cannot have stayed in any cache; none where the caches are not known.
  std::optional<double> bytes_from_memory(double bytes) const;

 private:
  std::vector<const Json*> rows(const std::string& what, std::int64_t threads) const;

  const Json& ceilings_;
  Cpu cpu_;
  double cache_bytes_ = 0;  // all levels of all cores
};

inline constexpr const char* kReads = "memory read";
inline constexpr const char* kByteProducts = "int8 multiply-add";
inline constexpr const char* kFloatProducts = "float multiply-add";

}  // namespace bitproof::audit
