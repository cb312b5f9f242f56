#include "reports/audit/run_machine.hpp"

#include <algorithm>

#include "physics.hpp"
#include "reports/audit/run_json.hpp"

namespace bitproof::audit {
namespace {

// What the gate takes for the ceiling of this row; older runs have the samples that it comes from.
double most_of(const Json& row, const char* rate) {
  const Json& estimate = member(row, rate);
  double most = std::max(finite(estimate, "median").value_or(0), finite(row, "most").value_or(0));
  each(member(estimate, "samples"), [&](const Json& s, std::size_t) {
    if (s.is_number()) most = std::max(most, s.get<double>());
  });
  return most;
}

// The table of ceilings has the caches that it was measured around; a run also has those of its machine.
double bytes_of_caches(const Json& run) {
  double bytes = 0;
  const auto add = [&](const Json& cache, std::size_t) {
    if (word(cache, "type") == "Instruction") return;
    bytes += finite(cache, "bytes").value_or(0) * finite(cache, "instances").value_or(1);
  };
  each(member(member(run, "ceilings"), "caches"), add);
  if (bytes == 0) each(member(member(run, "machine"), "caches"), add);
  return bytes;
}

}  // namespace

RunMachine::RunMachine(const Json& run) : ceilings_(member(run, "ceilings")), cache_bytes_(bytes_of_caches(run)) {
  each(member(ceilings_, "by_threads"), [&](const Json& row, std::size_t) {
    const auto threads = at_least_one(row, "threads");
    if (!threads) return;
    const double most = 1e9 * most_of(row, "gb_per_s") * kMostOfCeiling;
    double& known = cpu_.memory_by_threads[*threads];
    known = std::max(known, most);
    cpu_.memory_bytes_per_s = std::max(cpu_.memory_bytes_per_s, known);
  });
  each(member(ceilings_, "peaks"), [&](const Json& row, std::size_t) {
    const std::string what = word(row, "what");
    const auto threads = at_least_one(row, "threads");
    if (!threads || (what != kByteProducts && what != kFloatProducts)) return;
    const auto n = static_cast<double>(*threads);
    double& core = what == kByteProducts ? cpu_.int8_ops_per_s : cpu_.f32_ops_per_s;
    core = std::max(core, 1e9 * most_of(row, "gop_per_s") / n * kMostOfPeak);
    cpu_.cores = std::max(cpu_.cores, n);
  });
  if (cpu_.memory_by_threads.empty() && cpu_.cores == 0) return;
  const Json& machine = member(run, "machine");
  cpu_.name = member(machine, "cpu_model").is_string() ? word(machine, "cpu_model") : "this machine";
  cpu_.source = "measured in the same run";
  cpu_.threads = std::max(cpu_.cores, static_cast<double>(member(machine, "cpus").size()));
}

std::vector<const Json*> RunMachine::rows(const std::string& what, std::int64_t threads) const {
  std::vector<const Json*> found;
  each(member(ceilings_, what == kReads ? "by_threads" : "peaks"), [&](const Json& row, std::size_t) {
    if ((what == kReads || word(row, "what") == what) && at_least_one(row, "threads") == threads) found.push_back(&row);
  });
  return found;
}

bool RunMachine::has_ceiling(const std::string& what, std::int64_t threads, const std::set<std::string>& states) const {
  const auto known = rows(what, threads);
  return !known.empty() && std::ranges::all_of(states, [&](const std::string& state) {
    return std::ranges::any_of(known, [&](const Json* row) { return word(*row, "state") == state; });
  });
}

std::optional<double> RunMachine::read_gb_per_s(std::int64_t threads) const {
  std::optional<double> most;
  for (const Json* row : rows(kReads, threads)) {
    if (const double high = most_of(*row, "gb_per_s"); high > 0) most = std::max(most.value_or(0), high);
  }
  return most;
}

std::optional<double> RunMachine::bytes_from_memory(double bytes) const {
  if (cache_bytes_ == 0) return std::nullopt;
  return std::max(bytes - cache_bytes_, 0.0);
}

}  // namespace bitproof::audit
