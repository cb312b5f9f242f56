#include "peaks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>

#include "error.hpp"
#include "interrupt.hpp"
#include "memory_map.hpp"
#include "placement.hpp"
#include "read_patterns.hpp"
#include "rng.hpp"
#include "statistics.hpp"
#include "together.hpp"

namespace bitproof {
namespace {

// Between two looks at the clock, which take up to 0.1 us: some 20 us of work.
constexpr std::int64_t kStepsAtOnce = 10'000;
constexpr std::size_t kBytesAtOnce = 1 << 20;

// Calls work(thread), which returns how much it did, on all threads until the time is over.
struct Peak {
  double per_ns, cpus;
};
template <class Work>
Peak run_for(std::chrono::nanoseconds time, int threads, const Work& work) {
  std::vector<double> done(static_cast<std::size_t>(threads));
  const auto body = [&](int t) {
    double mine = 0;
    for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;)
      mine += work(t);
    done[static_cast<std::size_t>(t)] = mine;
  };
  const Together ran = run_together(
      threads, [&](int t) { work(t); }, body);
  double total = 0;
  for (const double d : done) total += d;
  return {total * 1e-9 / ran.seconds, ran.cpus};
}

// Each thread's own part of a level of cache, filled with words that count up.
class CacheBuffer {
 public:
  CacheBuffer(std::size_t part_bytes, int threads) : part_(part_bytes), map_(part_bytes * threads, Pages::huge) {
    auto* words = reinterpret_cast<ReadWord*>(map_.data());
    for (std::size_t i = 0; i < map_.size() / sizeof(ReadWord); ++i) words[i] = i % (part_ / sizeof(ReadWord));
  }

  double read(const ReadPattern& pattern, int thread) {
    const auto passes = static_cast<std::int64_t>(std::max<std::size_t>(kBytesAtOnce / part_, 1));
    const ReadWord words = part_ / sizeof(ReadWord);
    const ReadWord sum = pattern.read()(map_.data() + part_ * static_cast<std::size_t>(thread), part_, passes);
    if (sum != words * (words - 1) / 2 * static_cast<ReadWord>(passes)) wrong_ = true;
    return static_cast<double>(part_) * static_cast<double>(passes);
  }

  // Threads must not throw; the caller does.
  void require_right_sums() const {
    if (wrong_) throw std::logic_error("cache ceiling: what was read sums up wrongly");
  }

 private:
  std::size_t part_;
  Mapping map_;
  std::atomic<bool> wrong_ = false;
};

// Bytes of one thread's part of a level: of half of it, and of as little as does not come from nearer by. Where a cache
// is shared with strangers, as the last level of a rented machine is, the half may not be ours to fill.
std::vector<std::size_t> part_sizes(const std::vector<CacheLevel>& levels, std::size_t index, int threads) {
  const auto n = static_cast<std::size_t>(threads);
  const std::size_t half = levels[index].capacity(threads) / 2 / n;
  const std::size_t nearer = index == 0 ? 0 : levels[index - 1].capacity(threads) / n;
  std::vector<std::size_t> sizes;
  for (const std::size_t part : {half, index == 0 ? half : std::min(half, 4 * nearer)}) {
    const std::size_t steps = part / kReadStep;
    // An odd number of steps, so that no two streams are a power of two apart.
    const std::size_t bytes = (steps - (steps % 2 == 0 && steps > 0)) * kReadStep;
    if (part >= 2 * nearer && bytes > 0 && (sizes.empty() || sizes.back() != bytes)) sizes.push_back(bytes);
  }
  return sizes;
}

struct PeakCell {
  PeakSample head;  // without numbers
  std::function<Peak(std::chrono::nanoseconds)> run;
};

void add_reads(const CacheLevel& level, std::size_t part, int threads, std::vector<PeakCell>& cells) {
  const auto buffer = std::make_shared<CacheBuffer>(part, threads);
  for (const ReadPattern& pattern : read_patterns()) {
    if (pattern.prefetches) continue;
    const auto work = [buffer, &pattern](int thread) { return buffer->read(pattern, thread); };
    const std::string text = fmt::format("{} of {} KB a thread", pattern.name, part >> 10);
    cells.push_back({{level.name(), "", text, threads, 0, {}, 0}, [=](auto time) {
                       const Peak peak = run_for(time, threads, work);
                       buffer->require_right_sums();
                       return peak;
                     }});
  }
}

std::vector<PeakCell> cells_for(int threads, const std::vector<CacheLevel>& levels) {
  std::vector<PeakCell> cells;
  for (const OpLoop& loop : op_loops()) {
    if (!loop.runnable()) continue;
    const auto work = [&loop](int) {
      loop.run(kStepsAtOnce);
      return loop.ops_per_step * static_cast<double>(kStepsAtOnce);
    };
    cells.push_back({{name(loop.kind), loop.isa, loop.instructions, threads, 0, {}, 0},
                     [=](auto time) { return run_for(time, threads, work); }});
  }
  for (std::size_t i = 0; i < levels.size(); ++i) {
    for (const std::size_t part : part_sizes(levels, i, threads)) add_reads(levels[i], part, threads, cells);
  }
  return cells;
}

}  // namespace

std::string CacheLevel::name() const { return fmt::format("L{} read", level); }

std::size_t CacheLevel::capacity(int threads) const {
  return bytes * static_cast<std::size_t>(std::min(threads, instances));
}

std::vector<CacheLevel> cache_levels(const Machine& machine) {
  std::map<int, CacheLevel> levels;
  for (const Cache& c : machine.caches) {
    if (c.type == "Instruction") continue;
    CacheLevel& level = levels.try_emplace(c.level, CacheLevel{c.level, c.bytes, 0}).first->second;
    level.bytes = std::max(level.bytes, c.bytes);
    // getconf names one cache and not who shares it: the nearest are each core's own.
    const bool unknown = c.shared_cpus.empty();
    level.instances += unknown && c.level <= 2 ? static_cast<int>(std::max<std::size_t>(machine.cpus.size(), 1)) : 1;
  }
  std::vector<CacheLevel> list;
  for (const auto& [_, level] : levels) list.push_back(level);
  return list;
}

std::vector<PeakSample> sample_peaks(int max_threads, const std::vector<CacheLevel>& levels, int rounds,
                                     std::chrono::nanoseconds sample) {
  if (max_threads < 1 || rounds < 1) throw BadInput("peaks of {} threads and {} rounds", max_threads, rounds);
  std::vector<PeakSample> samples;
  Rng rng(kBootstrapSeed);
  Retaker take;
  for (int threads = 1; threads <= max_threads; ++threads) {
    std::vector<PeakCell> cells = cells_for(threads, levels);
    for (int round = 0; round < rounds && !interrupted(); ++round) {
      shuffle(cells, rng);
      const std::optional<double> state = probe_state().ping_pong_ns;
      for (const PeakCell& cell : cells) {
        const Peak peak =
            take([&] { return cell.run(sample); }, [&](const Peak& p) { return had_its_cpus(p.cpus, threads); });
        PeakSample s = cell.head;
        s.per_ns = peak.per_ns;
        s.cpus = peak.cpus;
        s.ping_pong_ns = state;
        samples.push_back(std::move(s));
      }
    }
  }
  return samples;
}

}  // namespace bitproof
