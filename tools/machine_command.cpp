#include <fmt/format.h>

#include "commands.hpp"
#include "measure_ceilings.hpp"
#include "workbench.hpp"

namespace bitproof {

int machine_command(bool json) {
  const Machine machine = read_machine();
  CeilingTable ceilings;
  measure_ceilings(ceilings, choose_threads(0, false), 3);
  const MachineState state = probe_state();
  Json j = to_json(machine);
  put(j, "ping_pong_ns", state.ping_pong_ns, state.why);
  j["clock_ghz"] = clock_probe_ghz();
  j["ceilings"] = to_json(ceilings);
  if (json) {
    fmt::print("{}\n", j.dump(2));
    return kOk;
  }
  for (const char* key : {"cpu_model", "physical_cores", "llc_bytes", "memory_bytes", "memory_available_bytes", "governor",
                          "transparent_hugepages", "kernel", "compiler", "compiler_flags", "git_revision", "ping_pong_ns",
                          "clock_ghz"}) {
    const std::string why = std::string(key) + "_why";
    fmt::print("{:<24} {}{}\n", key, j[key].dump(), j.contains(why) ? "  " + j[why].get<std::string>() : "");
  }
  for (const Json& c : j["ceilings"]) {
    fmt::print("read, {} thread(s), state {}: {:.1f} GB/s ({})\n", c["threads"].get<int>(), c["state"].get<std::string>(),
               c["gb_per_s"]["median"].get<double>(), c["pattern"].get<std::string>());
  }
  return kOk;
}

}  // namespace bitproof
