// A token reads its weights once, and the named machine cannot read faster than its memory, nor compute faster than its
// cores. Judged by the fewest bits and the fastest memory that there can be.
#include "reports/audit/rules/rules.hpp"

namespace bitproof::audit::rules {
namespace {

// Tokens a second that a claim comes down to: the least and the most of it.
std::optional<Range> rate(const Claim& c) {
  const Range r = c.range();
  if (c.metric == "throughput") return r;
  if (r.low <= 0) return std::nullopt;
  if (c.metric == "token_time" && !c.value->at_most) return Range{1 / r.high, 1 / r.low};
  if (c.metric == "time" && c.tokens) {
    const auto tokens = static_cast<double>(*c.tokens);
    return Range{tokens / r.high, tokens / r.low};
  }
  return std::nullopt;
}

void bandwidth(const Report& report, const Cpu& cpu, const Claim& c, Findings& found) {
  const auto bytes = report.model.weight_bytes_per_token();
  const auto tokens = rate(c);
  const double memory = cpu.memory_most(c.threads);
  if (!bytes || !tokens || memory == 0) return;
  const double most = memory / *bytes;
  if (tokens->high <= most) return;
  const bool low_end_fits = tokens->low <= most;
  found.push_back(
      {"", &c, Verdict::impossible,
       fmt::format("{}{} takes {} GB/s; {} reads {} GB/s at best, which is {} tok/s",
                   low_end_fits ? "its fast end, " : "", fmt::format("{} tok/s", short_number(tokens->high)),
                   short_number(tokens->high * *bytes * 1e-9), cpu.name, short_number(memory * 1e-9),
                   short_number(most)),
       fmt::format("{} GB of weights a token ({} bits each) x {} tok/s = {} GB/s", short_number(*bytes * 1e-9),
                   short_number(report.model.weight_bits->low), short_number(tokens->high),
                   short_number(tokens->high * *bytes * 1e-9))});
}

// A bandwidth at which weights are read is one of memory. Of others nothing is known: a cache may serve them.
void weights_read(const Cpu& cpu, const Claim& c, Findings& found) {
  const double most = cpu.memory_most(c.threads);
  if (c.metric != "bandwidth" || c.holds != "weights" || most == 0 || c.range().high <= most) return;
  found.push_back(
      {"", &c, Verdict::impossible,
       fmt::format("{} from memory; {} reads {} at best{}", c.shown(), cpu.name, with_unit(most, c.unit_text),
                   c.threads ? fmt::format(" on {} thread(s)", *c.threads) : ""),
       fmt::format("{} > {}", c.shown(), with_unit(most, c.unit_text))});
}

// FLOPS are held against float multiply-adds, and the operations of what says that its values are of one byte against
// int8 multiply-adds. Of others nothing is known: a kernel that looks products up does not multiply.
void compute(const Cpu& cpu, const Claim& c, Findings& found) {
  const bool floats = c.unit_text.ends_with("FLOPS"), bytes = !floats && c.value_bytes == 1;
  if (c.metric != "op_rate" || (!floats && !bytes) || cpu.cores == 0) return;
  const double cores =
      std::min(cpu.cores, static_cast<double>(c.threads.value_or(static_cast<std::int64_t>(cpu.cores))));
  const double one = floats ? cpu.f32_most() : cpu.int8_most(), most = cores * one;
  if (one == 0 || c.range().high <= most) return;
  found.push_back({"", &c, Verdict::impossible,
                   fmt::format("{} computes {} at best on {} core(s)", cpu.name, with_unit(most, c.unit_text), cores),
                   fmt::format("{} cores x {} {} operations a second = {}", cores, short_number(one),
                               floats ? "float32" : "int8", with_unit(most, c.unit_text))});
}

}  // namespace

void roofline(const Docket& docket, Findings& found) {
  for (const Report& report : docket.reports) {
    for (const Claim& c : report.claims) {
      const Cpu* cpu = docket.cpu_of(c);
      if (!cpu || !c.value) continue;
      bandwidth(report, *cpu, c, found);
      weights_read(*cpu, c, found);
      compute(*cpu, c, found);
    }
  }
}

}  // namespace bitproof::audit::rules
