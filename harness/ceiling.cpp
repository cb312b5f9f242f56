#include "ceiling.hpp"

#include <algorithm>
#include <cmath>
#include <latch>
#include <map>
#include <stdexcept>
#include <thread>

#include "error.hpp"
#include "interrupt.hpp"
#include "isa.hpp"
#include "memory_map.hpp"
#include "registry.hpp"
#include "rng.hpp"

namespace bitproof {
namespace {

using Clock = std::chrono::steady_clock;
using Word = std::uint64_t;  // word i of the buffer holds i, so that the sum of any range is known

constexpr std::size_t kLine = 64;
constexpr std::size_t kLinesPerStep = 4;
constexpr std::size_t kMaxStreams = 4;
constexpr std::size_t kBlock = 4096 * kMaxStreams;
constexpr std::size_t kPrefetchAhead = 2048;

// Sum of the words of data[0, bytes), read as kStreams equal parts side by side. One definition for each instruction
// set, because the harness itself is built for baseline x86-64; Vec is a GCC vector of Words.
#define BITPROOF_READER(name, isa, Vec)                                                           \
  template <std::size_t kStreams, std::size_t kAhead>                                             \
  __attribute__((target(isa))) Word name(const std::byte* data, std::size_t bytes) {              \
    constexpr std::size_t kVecs = kLine / sizeof(Vec);                                            \
    const std::size_t part = bytes / kStreams;                                                    \
    Vec sums[kStreams][kVecs] = {};                                                               \
    for (std::size_t i = 0; i < part; i += kLine * kLinesPerStep) {                               \
      _Pragma("GCC unroll 4") for (std::size_t s = 0; s < kStreams; ++s) {                        \
        _Pragma("GCC unroll 4") for (std::size_t line = 0; line < kLinesPerStep; ++line) {        \
          const std::byte* p = data + s * part + i + line * kLine;                                \
          if constexpr (kAhead != 0) __builtin_prefetch(p + kAhead);                              \
          _Pragma("GCC unroll 4") for (std::size_t v = 0; v < kVecs; ++v) {                       \
            sums[s][v] += reinterpret_cast<const Vec*>(p)[v];                                     \
          }                                                                                       \
        }                                                                                         \
      }                                                                                           \
    }                                                                                             \
    Word total = 0;                                                                               \
    for (const auto& stream : sums) {                                                             \
      for (const Vec& sum : stream) {                                                             \
        for (std::size_t lane = 0; lane < sizeof(Vec) / sizeof(Word); ++lane) total += sum[lane]; \
      }                                                                                           \
    }                                                                                             \
    return total;                                                                                 \
  }

using Vec128 = Word __attribute__((vector_size(16), may_alias));
using Vec256 = Word __attribute__((vector_size(32), may_alias));
using Vec512 = Word __attribute__((vector_size(64), may_alias));
BITPROOF_READER(read_sse2, "sse2", Vec128)
BITPROOF_READER(read_avx2, "avx2", Vec256)
BITPROOF_READER(read_avx512, "avx512f", Vec512)
#undef BITPROOF_READER

using Reader = Word (*)(const std::byte*, std::size_t);

struct Pattern {
  const char* name;
  Reader sse2, avx2, avx512;

  Reader reader() const {
    const auto has = [](Feature f) { return (machine_features() & static_cast<Features>(f)) != 0; };
    return has(Feature::avx512f) ? avx512 : has(Feature::avx2) ? avx2 : sse2;
  }
};

template <std::size_t kStreams, std::size_t kAhead>
constexpr Pattern pattern(const char* name) {
  return {name, read_sse2<kStreams, kAhead>, read_avx2<kStreams, kAhead>, read_avx512<kStreams, kAhead>};
}

static_assert(kPrefetchAhead == 2048, "the names below say so");
constexpr Pattern kPatterns[] = {
    pattern<1, 0>("1 stream"),
    pattern<2, 0>("2 streams"),
    pattern<4, 0>("4 streams"),
    pattern<1, kPrefetchAhead>("1 stream, prefetch 2048 B"),
    pattern<2, kPrefetchAhead>("2 streams, prefetch 2048 B"),
    pattern<4, kPrefetchAhead>("4 streams, prefetch 2048 B"),
};

template <class Body>
void on_threads(int threads, const Body& body) {
  std::vector<std::jthread> team;
  for (int t = 0; t < threads; ++t) team.emplace_back([&body, t] { body(t); });
}

class ReadBuffer {
 public:
  ReadBuffer(std::size_t bytes, int max_threads) : map_(bytes, kModelPages) {
    if (part_bytes(max_threads) == 0)
      throw BadInput("a ceiling on {} bytes: too few for {} threads", bytes, max_threads);
    Word* words = reinterpret_cast<Word*>(map_.data());
    const std::size_t count = part_bytes(max_threads) / sizeof(Word);
    on_threads(max_threads, [&](int t) {  // first touch by as many threads as will read
      for (std::size_t i = count * t; i < count * (t + 1); ++i) words[i] = i;
    });
    for (std::size_t i = count * max_threads; i < bytes / sizeof(Word); ++i) words[i] = i;
  }

  // Seconds for `passes` readings of the whole buffer, from the first thread's start to the last one's end.
  double read(const Pattern& pattern, int threads, int passes) const {
    struct alignas(2 * kLine) Part {
      Clock::time_point start, end;
      Word sum = 0;
    };
    const Reader reader = pattern.reader();
    const std::size_t part = part_bytes(threads);
    std::vector<Part> parts(threads);
    std::latch ready(threads);
    on_threads(threads, [&](int t) {
      Part& mine = parts[t];
      ready.arrive_and_wait();
      mine.start = Clock::now();
      for (int pass = 0; pass < passes; ++pass) mine.sum += reader(map_.data() + part * t, part);
      mine.end = Clock::now();
    });
    Word sum = 0;
    for (const Part& p : parts) sum += p.sum;
    const Word words = read_bytes(threads) / sizeof(Word);
    if (sum != words * (words - 1) / 2 * passes)
      throw std::logic_error("bandwidth ceiling: what was read sums up wrongly");
    const auto start = std::ranges::min(parts, {}, &Part::start).start;
    const auto end = std::ranges::max(parts, {}, &Part::end).end;
    return std::chrono::duration<double>(end - start).count();
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

struct Cell {
  int threads;
  const Pattern* pattern;
};

template <class T>
void shuffle(std::vector<T>& list, Rng& rng) {
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[rng.below(i)]);
}

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

  std::vector<Cell> cells;
  std::map<int, int> passes;
  for (int threads = 1; threads <= max_threads; ++threads) {
    for (const Pattern& p : kPatterns) cells.push_back({threads, &p});
    buffer.read(kPatterns[0], threads, 1);  // warm-up
    passes[threads] = static_cast<int>(std::ceil(target_s / buffer.read(kPatterns[0], threads, 1)));
  }

  std::vector<ReadSample> samples;
  Rng rng(kBootstrapSeed);
  for (int round = 0; round < rounds && !interrupted(); ++round) {
    shuffle(cells, rng);
    for (const auto& [threads, pattern] : cells) {
      const std::optional<double> state = probe_state().ping_pong_ns;
      const LoadWatch watch;
      const double seconds = buffer.read(*pattern, threads, passes[threads]);
      const double bytes = static_cast<double>(buffer.read_bytes(threads)) * passes[threads];
      samples.push_back({threads, pattern->name, bytes / seconds * 1e-9, state, watch.read()});
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
  constexpr int kBatches = 9, kSteps = 10'000;
  double best = 0;
  for (int batch = 0; batch < kBatches; ++batch) {
    Word chain = 0;
    const Clock::time_point start = Clock::now();
    for (int step = 0; step < kSteps; ++step) {
      // A register, not a constant: newer cores fold chains of constants at no cost.
      asm volatile(".rept 64\n\tadd %1, %0\n\t.endr" : "+r"(chain) : "r"(Word{3}) : "cc");
    }
    const std::chrono::duration<double, std::nano> elapsed = Clock::now() - start;
    best = std::max(best, 64.0 * kSteps / elapsed.count());
  }
  return best;
}

}  // namespace bitproof
