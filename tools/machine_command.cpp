#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "steps.hpp"
#include "text_table.hpp"

namespace bitproof {

int machine_command(const MachineOptions& options) {
  const Machine machine = read_machine();
  CeilingTable ceilings;
  measure_ceilings(ceilings, choose_threads(0, false), 3);
  const MachineState state = probe_state();
  Json j = to_json(machine);
  put(j, "ping_pong_ns", state.ping_pong_ns, state.why);
  j["clock_ghz"] = clock_probe_ghz();
  j["ceilings"] = to_json(ceilings);
  if (options.json) {
    fmt::print("{}\n", j.dump(2));
    return kOk;
  }
  TextTable table("<<");
  for (const char* key :
       {"cpu_model", "physical_cores", "llc_bytes", "memory_bytes", "memory_available_bytes", "governor",
        "transparent_hugepages", "kernel", "compiler", "compiler_flags", "git_revision", "ping_pong_ns", "clock_ghz"}) {
    const Json& fact = j[key];
    table.row({key, fact.is_null()           ? "unknown: " + j[std::string(key) + "_why"].get<std::string>()
                    : fact.is_string()       ? fact.get<std::string>()
                    : fact.is_number_float() ? fmt::format("{:.4g}", fact.get<double>())
                                             : fact.dump()});
  }
  for (const Json& c : j["ceilings"]["by_threads"]) {
    table.row({fmt::format("read, {} thread(s)", c["threads"].get<int>()),
               fmt::format("{:.1f} GB/s ({}), placement: {}", c["gb_per_s"]["median"].get<double>(),
                           c["pattern"].get<std::string>(), c["state"].get<std::string>())});
  }
  for (const Json& p : j["ceilings"]["peaks"]) {
    const bool bytes = p.contains("gb_per_s");
    const std::string isa = p["isa"].get<std::string>();
    table.row({fmt::format("{}{}{}, {} thread(s)", p["what"].get<std::string>(), isa.empty() ? "" : " ", isa,
                           p["threads"].get<int>()),
               fmt::format("{:.1f} {} ({}), placement: {}", p[bytes ? "gb_per_s" : "gop_per_s"]["median"].get<double>(),
                           bytes ? "GB/s" : "Gop/s", p["pattern"].get<std::string>(), p["state"].get<std::string>())});
  }
  table.print();
  return kOk;
}

void add_machine(CommandLine& line) {
  auto [sub, o] = line.add("machine", "what this machine is and does at best", machine_command);
  sub.json(o.json);
  sub.examples({"bitproof machine --json"});
}

}  // namespace bitproof
