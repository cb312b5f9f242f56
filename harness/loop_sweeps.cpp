#include "loop_sweeps.hpp"

#include <fmt/format.h>

#include <chrono>
#include <functional>
#include <optional>

#include "interrupt.hpp"
#include "statistics.hpp"
#include "token_physics.hpp"

namespace bitproof {
namespace {

double seconds_of(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// One pass, by the model's formula: whatever a prefill is cut into, it streams the weights once and computes every
// position. It ends in no token.
Ledger least_work_of_prefill(const Arm& arm, std::int64_t positions) {
  const Decoder& loop = arm.loop();
  const auto* cache = find_variant<kv_cache::Kernel>(arm.spec().names.at("kv_cache"));
  Ledger work;
  add_expected(work, arm.shape(), loop.weight_bytes(),
               PassShape{0, positions, loop.capacity(), cache->kernel->element});
  work[LoopOp::lm_head] = work[LoopOp::sampling] = {};
  work[LoopOp::attention].bytes = 0;  // what this very pass wrote, which caches may hold
  return work;
}

}  // namespace

std::vector<TimedPoint> time_depths(Arm& arm, std::span<const std::int32_t> prompt, std::int64_t tokens, int rounds) {
  std::vector<TimedPoint> points;
  const std::int64_t filled = std::ssize(prompt) - 1;
  for (std::int64_t depth = 64; depth < filled; depth *= 2) points.push_back({depth});
  points.push_back({filled});
  Decoder& loop = arm.loop();
  for (int round = 0; round < rounds; ++round) {
    for (TimedPoint& point : points) {
      loop.rewind(point.positions);
      const double seconds = seconds_of([&] {
        std::int32_t token = 0;
        for (std::int64_t p = point.positions; p < point.positions + tokens; ++p) {
          token = loop.next(p <= filled ? prompt[static_cast<std::size_t>(p)] : token);
        }
      });
      if (interrupted()) return points;  // cut short
      point.tok_per_s.push_back(static_cast<double>(tokens) / seconds);
      point.work = loop.ledger();
    }
  }
  return points;
}

TimedPoint time_prefill(Arm& arm, const WeightSource& model, std::int64_t positions, int samples) {
  TimedPoint point{positions, {}, least_work_of_prefill(arm, positions), positions};
  const std::vector<std::int32_t> tokens = model.prompt(positions);
  for (int i = 0; i < samples; ++i) {
    const double seconds = seconds_of([&] { arm.loop().prefill(tokens); });
    if (interrupted()) break;  // cut short
    point.tok_per_s.push_back(static_cast<double>(positions) / seconds);
  }
  return point;
}

Judgement judge(const TimedPoint& point, const Arm& arm, const CeilingTable& ceilings) {
  if (point.tok_per_s.empty()) return {.verdict = Physics::not_judged, .why = "it has no number"};
  // No probe was read beside it, so that any state of the ceilings may have been its own.
  std::vector<std::optional<double>> any;
  for (const ReadSample& s : ceilings.samples) any.push_back(s.ping_pong_ns);
  return judge(token_work(point.work, traits_of(arm.shape(), arm.spec().names)),
               1e9 * static_cast<double>(point.tokens) / median(point.tok_per_s), arm.spec().threads,
               ceilings.states_of(any), ceilings);
}

std::vector<std::string> faults(std::span<const TimedPoint> points, const char* what, const Arm& arm,
                                const CeilingTable& ceilings) {
  std::vector<std::string> list;
  for (const TimedPoint& point : points) {
    if (const Judgement j = judge(point, arm, ceilings); j.verdict == Physics::impossible) {
      list.push_back(fmt::format("{}: {} {}: IMPOSSIBLE: {}", arm.spec().label, what, point.positions, j.why));
    }
  }
  return list;
}

}  // namespace bitproof
