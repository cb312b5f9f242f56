#include "ceiling.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "error.hpp"
#include "interrupt.hpp"
#include "memory_map.hpp"
#include "read_patterns.hpp"
#include "rng.hpp"
#include "together.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kBlock = 4096 * kMostStreams;

class ReadBuffer {
 public:
  ReadBuffer(std::size_t bytes, int max_threads) : map_(bytes, kModelPages) {
    if (part_bytes(max_threads) == 0)
      throw BadInput("a ceiling on {} bytes: too few for {} threads", bytes, max_threads);
    ReadWord* words = reinterpret_cast<ReadWord*>(map_.data());
    const std::size_t count = part_bytes(max_threads) / sizeof(ReadWord);
    const auto fill = [&](int t) {  // first touch by as many threads as will read
      for (std::size_t i = count * t; i < count * (t + 1); ++i) words[i] = i;
    };
    run_together(
        max_threads, [](int) {}, fill);
    for (std::size_t i = count * max_threads; i < bytes / sizeof(ReadWord); ++i) words[i] = i;
  }

  // Seconds for `passes` readings of the whole buffer.
  double read(const ReadPattern& pattern, int threads, int passes) const {
    const ReadPattern::Read reader = pattern.read();
    const std::size_t part = part_bytes(threads);
    std::vector<ReadWord> sums(threads);
    const auto body = [&](int t) { sums[t] = reader(map_.data() + part * t, part, passes); };
    const Together time = run_together(
        threads, [](int) {}, body);
    ReadWord sum = 0;
    for (const ReadWord s : sums) sum += s;
    const ReadWord words = read_bytes(threads) / sizeof(ReadWord);
    if (sum != words * (words - 1) / 2 * passes)
      throw std::logic_error("bandwidth ceiling: what was read sums up wrongly");
    return time.seconds;
  }

  std::size_t read_bytes(int threads) const { return part_bytes(threads) * threads; }

 private:
  // An odd number of blocks, so that no two streams are a power of two apart, which would put them into one set of each
  // cache and one bank of the memory.
  std::size_t part_bytes(int threads) const {
    const std::size_t blocks = map_.size() / kBlock / threads;
    return (blocks - (blocks % 2 == 0 && blocks > 0)) * kBlock;
  }

  Mapping map_;
};

struct ReadCell {
  int threads;
  const ReadPattern* pattern;
};

}  // namespace

std::size_t ceiling_buffer_bytes(const Machine& machine) {
  const std::size_t bytes = std::max(4 * machine.llc_bytes.value.value_or(0), std::size_t{512'000'000});
  const auto available = machine.memory_available_bytes.value;
  if (available && bytes > static_cast<std::size_t>(*available) / 2) {
    throw BadInput("a bandwidth ceiling needs a buffer of {} MB, more than half of the {} MB of memory available",
                   bytes / 1'000'000, *available / 1'000'000);
  }
  return bytes;
}

std::vector<ReadSample> sample_reads(int max_threads, std::size_t buffer_bytes, int rounds,
                                     std::chrono::nanoseconds min_sample) {
  if (max_threads < 1 || rounds < 1) throw BadInput("a ceiling of {} threads and {} rounds", max_threads, rounds);
  const ReadBuffer buffer(buffer_bytes, max_threads);
  const double target_s = std::chrono::duration<double>(min_sample).count();

  std::vector<ReadCell> cells;
  std::map<int, int> passes;
  for (int threads = 1; threads <= max_threads; ++threads) {
    for (const ReadPattern& p : read_patterns()) cells.push_back({threads, &p});
    buffer.read(read_patterns()[0], threads, 1);  // warm-up
    passes[threads] = static_cast<int>(std::ceil(target_s / buffer.read(read_patterns()[0], threads, 1)));
  }

  std::vector<ReadSample> samples;
  Rng rng(kBootstrapSeed);
  Retaker take;
  for (int round = 0; round < rounds && !interrupted(); ++round) {
    shuffle(cells, rng);
    for (const auto& [threads, pattern] : cells) {
      const auto read = [&] {
        const std::optional<double> state = probe_state().ping_pong_ns;
        const LoadWatch watch;
        const double seconds = buffer.read(*pattern, threads, passes[threads]);
        const double bytes = static_cast<double>(buffer.read_bytes(threads)) * passes[threads];
        return ReadSample{threads, pattern->name, bytes / seconds * 1e-9, state, watch.read()};
      };
      samples.push_back(take(read, [&](const ReadSample& s) { return had_its_cpus(s.load.own_cpus, threads); }));
    }
  }
  return samples;
}

std::vector<Ceiling> best_patterns(std::span<const ReadSample> samples) {
  std::map<int, std::map<std::string, std::vector<double>>> rates;
  for (const ReadSample& s : samples) rates[s.threads][s.pattern].push_back(s.gb_per_s);

  std::vector<Ceiling> ceilings;
  for (const auto& [threads, by_pattern] : rates) {
    const auto best = std::ranges::max_element(by_pattern, {}, [](const auto& entry) { return median(entry.second); });
    ceilings.push_back({threads, estimate(best->second), best->first});
  }
  return ceilings;
}

double clock_probe_ghz() {
  using Clock = std::chrono::steady_clock;
  constexpr int kBatches = 9, kSteps = 10'000;
  double best = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    std::uint64_t chain = 0;
    const Clock::time_point start = Clock::now();
    for (int step = 0; step < kSteps; ++step) {
      // A register, not a constant: newer cores fold chains of constants at no cost.
      asm volatile(".rept 64\n\tadd %1, %0\n\t.endr" : "+r"(chain) : "r"(std::uint64_t{3}) : "cc");
    }
    const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
    best = std::max(best, 64.0 * kSteps / elapsed.count());
  }
  return best;
}

}  // namespace bitproof
