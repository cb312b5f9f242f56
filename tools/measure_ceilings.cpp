#include "measure_ceilings.hpp"

#include "terminal.hpp"

namespace bitproof {

int measure_ceilings(CeilingTable& table, int threads, int rounds) {
  ProgressLine progress("read ceiling");
  int disturbed = 0;
  for (ReadSample& s : sample_reads(threads, ceiling_buffer_bytes(read_machine()), rounds)) {
    constexpr double kHadItsCpus = 0.9;
    if (s.load.own_cpus < kHadItsCpus * s.threads) {
      ++disturbed;
      continue;
    }
    table.states.add({s.ping_pong_ns, "", {}});
    table.samples.push_back(std::move(s));
  }
  if (disturbed > 0) note(fmt::format("read ceiling: {} sample(s) set aside: other work had the CPUs", disturbed));
  return disturbed;
}

}  // namespace bitproof
