#include "doctor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "clock.hpp"
#include "counters.hpp"
#include "placement.hpp"
#include "sample_state.hpp"

namespace bitproof {
namespace {

// Above these, most samples of a quick run would be set aside as disturbed, or carry it unseen.
constexpr double kForeignUnfit = 0.10, kForeignWatch = 0.02;
constexpr double kStealUnfit = 0.05, kStealWatch = 0.01;
constexpr double kClockSpread = 1.05;

Symptom governor_of(const Vitals& v) {
  if (!v.governor.value)
    return {"governor", Fitness::unknown, v.governor.why,
            v.hypervisor.value.value_or(false) ? "the host decides; the clock is probed instead" : ""};
  if (*v.governor.value == "performance") return {"governor", Fitness::good, *v.governor.value, ""};
  return {"governor", Fitness::watch, *v.governor.value, "sudo cpupower frequency-set -g performance"};
}

Symptom huge_pages_of(const Vitals& v) {
  if (!v.transparent_hugepages.value) return {"huge pages", Fitness::unknown, v.transparent_hugepages.why, ""};
  const std::string& mode = *v.transparent_hugepages.value;
  if (mode != "never") return {"huge pages", Fitness::good, mode, ""};
  return {"huge pages", Fitness::watch, mode,
          "echo madvise | sudo tee /sys/kernel/mm/transparent_hugepage/enabled; without them reads are slower"};
}

Symptom smt_of(const Vitals& v) {
  if (!v.smt.value) return {"SMT", Fitness::unknown, v.smt.why, ""};
  if (!*v.smt.value) return {"SMT", Fitness::good, "off, or not shown", ""};
  return {
      "SMT", Fitness::watch, "on",
      "a sibling that works halves a core: keep it idle, or echo off | sudo tee /sys/devices/system/cpu/smt/control"};
}

Symptom share_of(const char* what, const Fact<double>& share, double watch, double unfit, const char* advice) {
  if (!share.value) return {what, Fitness::unknown, share.why, ""};
  const double x = *share.value;
  const Fitness f = x >= unfit ? Fitness::unfit : x >= watch ? Fitness::watch : Fitness::good;
  return {what, f, fmt::format("{:.1f} % of the CPUs", 100 * x), f == Fitness::good ? "" : advice};
}

Symptom placement_of(const Vitals& v) {
  if (v.ping_pong_ns.empty())
    return {"placement", v.cores > 1 ? Fitness::unknown : Fitness::good,
            v.cores > 1 ? v.ping_pong_why : "one core: nothing to place", ""};
  const auto [low, high] = std::ranges::minmax(v.ping_pong_ns);
  const std::string found =
      fmt::format("{:.0f} to {:.0f} ns from core to core, {} readings", low, high, v.ping_pong_ns.size());
  if (high < StateTracker::kGap * low) return {"placement", Fitness::good, found, ""};
  return {"placement", Fitness::watch, found,
          "the host moves the cores about: compare only results of one placement state, and use `bitproof compare`"};
}

Symptom memory_of(const Vitals& v) {
  if (!v.memory_available_bytes.value) return {"memory", Fitness::unknown, v.memory_available_bytes.why, ""};
  const double gb = 1e-9 * static_cast<double>(*v.memory_available_bytes.value),
               need = 1e-9 * static_cast<double>(v.memory_needed_bytes);
  const std::string found = fmt::format("{:.1f} GB available, {:.1f} GB needed", gb, need);
  if (gb >= need) return {"memory", Fitness::good, found, ""};
  return {"memory", Fitness::unfit, found, "end what holds memory, or measure a smaller --model"};
}

Symptom clock_of(const Vitals& v) {
  if (!v.clock_low_ghz.value || !v.clock_high_ghz.value) return {"clock", Fitness::unknown, v.clock_low_ghz.why, ""};
  const double low = *v.clock_low_ghz.value, high = *v.clock_high_ghz.value;
  const std::string found = fmt::format("{:.2f} to {:.2f} GHz", low, high);
  if (high < kClockSpread * low) return {"clock", Fitness::good, found, ""};
  return {"clock", Fitness::watch, found, "it moves: let the machine cool, and rely on interleaved arms only"};
}

Symptom counters_of(const Vitals& v) {
  if (v.counters_why.empty()) return {"counters", Fitness::good, "cycles, instructions and misses can be read", ""};
  return {"counters", Fitness::watch, v.counters_why,
          "none needed: they are null with this reason, and no verdict rests on them"};
}

Fact<bool> read_smt() {
  std::ifstream file("/sys/devices/system/cpu/smt/active");
  int active = 0;
  if (!(file >> active)) return {std::nullopt, "no /sys/devices/system/cpu/smt/active"};
  return {active != 0, ""};
}

std::string why_no_counters() {
  Counters counters;
  counters.start();
  const CounterValues values = counters.read();
  for (int i = 0; i < kCounters; ++i) {
    if (!values.value[i]) return fmt::format("{}: {}", kCounterNames[i], values.why[i]);
  }
  return "";
}

}  // namespace

const char* name(Fitness f) {
  constexpr const char* kNames[] = {"ok", "watch", "unfit", "unknown"};
  return kNames[static_cast<int>(f)];
}

Vitals read_vitals(double seconds, std::size_t memory_needed_bytes) {
  constexpr int kReadings = 8;
  const Machine machine = read_machine();
  Vitals v{.governor = machine.governor,
           .transparent_hugepages = machine.transparent_hugepages,
           .smt = read_smt(),
           .hypervisor = machine.hypervisor};
  v.cores = machine.physical_cores.value ? static_cast<int>(*machine.physical_cores.value)
                                         : static_cast<int>(machine.cpus.size());
  v.memory_available_bytes = machine.memory_available_bytes;
  v.memory_needed_bytes = memory_needed_bytes;
  v.counters_why = why_no_counters();
  const LoadWatch watch;  // sees what others do while we sleep
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 2));
  const Load load = watch.read();
  v.foreign_fraction = {load.foreign_fraction, load.why};
  v.steal_fraction = {load.steal_fraction, load.why};
  v.clock_low_ghz.why = v.clock_high_ghz.why = "not read";
  for (int i = 0; i < kReadings; ++i) {
    const Reading r = read_state();
    if (r.ping_pong_ns) {
      v.ping_pong_ns.push_back(*r.ping_pong_ns);
    } else {
      v.ping_pong_why = r.why;
    }
    if (r.clock_ghz) {
      v.clock_low_ghz.value = std::min(*r.clock_ghz, v.clock_low_ghz.value.value_or(*r.clock_ghz));
      v.clock_high_ghz.value = std::max(*r.clock_ghz, v.clock_high_ghz.value.value_or(*r.clock_ghz));
    }
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds / 2 / kReadings));
  }
  return v;
}

std::vector<Symptom> diagnose(const Vitals& v) {
  return {
      governor_of(v),
      huge_pages_of(v),
      smt_of(v),
      share_of("foreign load", v.foreign_fraction, kForeignWatch, kForeignUnfit, "end what else runs (top shows it)"),
      share_of("steal", v.steal_fraction, kStealWatch, kStealUnfit,
               "other guests take these CPUs: wait, or take a machine of your own"),
      placement_of(v),
      clock_of(v),
      memory_of(v),
      counters_of(v)};
}

}  // namespace bitproof
