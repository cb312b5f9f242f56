// Facts of the machine against a sourced table of CPUs.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

void number(const Claim& c, const Cpu& cpu, double known, const std::string& what, Findings& found) {
  if (known == 0 || match_units(c, {known, known}).match != Match::differs) return;
  found.push_back({"", &c, Verdict::wrong,
                   fmt::format("the {} of an {} is {}", what, cpu.name, with_unit(known, c.unit_text)),
                   fmt::format("{}", cpu.source), Range{known, known}});
}

void type(const Claim& c, const Cpu& cpu, Findings& found) {
  if (cpu.memory.empty()) return;
  const bool known =
      std::any_of(cpu.memory.begin(), cpu.memory.end(), [&](const std::string& m) { return m.starts_with(c.text); });
  if (known) return;
  found.push_back(
      {"", &c, Verdict::wrong,
       fmt::format("an {} has no controller for {}: it takes {}", cpu.name, c.text, fmt::join(cpu.memory, " or ")),
       cpu.source});
}

}  // namespace

void machine(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    const Cpu* cpu = find(docket.cpus, report.cpu);
    if (!cpu) continue;
    for (const Claim& c : report.claims) {
      if (c.scope != "machine") continue;
      if (c.metric == "memory_type") type(c, *cpu, found);
      if (c.of == "cpu" && !c.text.empty() && c.text != cpu->name) {
        found.push_back(
            {"", &c, Verdict::holds, fmt::format("read as {}: no {} exists", cpu->name, c.text), cpu->source});
      }
      if (!c.value) continue;
      if (c.of == "cores") number(c, *cpu, cpu->cores, "number of cores", found);
      if (c.of == "hardware threads") number(c, *cpu, cpu->threads, "number of hardware threads", found);
      if (c.of == "boost clock") number(c, *cpu, cpu->boost_hz, "boost clock", found);
      if (c.of == "TDP") number(c, *cpu, cpu->tdp_w, "TDP", found);
      if (c.of == "L3 cache") number(c, *cpu, cpu->l3_bytes, "L3 cache", found);
    }
  }
}

}  // namespace bitproof::audit::rules
