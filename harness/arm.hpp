// One recipe at work in the token loop, sampled: the unit of `loop`, `attribute` and `run`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "placement.hpp"
#include "statistics.hpp"
#include "token_loop.hpp"
#include "verdict.hpp"
#include "witness.hpp"

namespace bitproof {

// One timed stretch of decoding.
struct LoopSample {
  std::int64_t tokens = 0;  // that came out of the loop
  double wall_ns = 0;
  double cpu_ns = 0;
  std::int64_t page_faults = 0;                 // minor and major, of this process
  std::optional<std::int64_t> allocations = 0;  // blocks asked of the system, by any thread; none where not counted
  std::optional<double> ping_pong_ns;           // placement probe just before
  Load load;

  // Of all sequences together.
  double tok_per_s() const { return static_cast<double>(tokens) * 1e9 / wall_ns; }
};

// Ops must account for a token's wall time but for this share; the floor is for tokens so short (a tiny model) that the
// glue between calls, about 0.1 us each, is a share of them.
inline constexpr double kMostResidual = 0.03;
inline constexpr double kResidualFloor_ns = 50e3;

// CPU time over the wall time of all its threads: more means a slow clock, or work on threads that were not asked for.
// The floor is for samples so short that the scheduler's accounting, and threads that spin before they sleep, matter.
inline constexpr double kMostCpu = 1.5;
inline constexpr double kCpuFloor_ns = 50e6;

struct ArmSpec {
  std::string label;  // "none", "simd", "all without tmac"
  RecipeNames names;
  Techniques techniques;
  int threads;
};

// Of a step's logits and of the choices that were made from them.
std::uint64_t fingerprint(std::span<const float> logits, std::span<const std::int32_t> tokens);

// Of prompts of depth + 1 tokens each, [sequence][position]: their prefixes, and the tokens to feed first.
std::vector<std::int32_t> prefixes_of(std::span<const std::int32_t> prompts, std::int64_t sequences);
std::vector<std::int32_t> last_tokens_of(std::span<const std::int32_t> prompts, std::int64_t sequences);

// What the trial of a loop on the tiny model found; see loop_trial.hpp.
struct LoopTrial;

// The recipe of a set of techniques; `threads` where threading is among them, else 1.
ArmSpec arm_of(Techniques set, int threads, const std::string& label = "");

class Arm {
 public:
  // Makes the token loop of the recipe, for one sequence or a batch of them.
  Arm(const PackedModel& model, ArmSpec spec, const Recipe& recipe, std::int64_t capacity, std::int64_t sequences = 1);
  // Judges another decoder, by another clock, as if it were that loop: it must work and cost what the recipe says.
  Arm(const PackedModel& model, ArmSpec spec, const Recipe& recipe, std::int64_t capacity,
      std::unique_ptr<Decoder> decoder, ClockNs clock = steady_ns, std::int64_t sequences = 1);

  const ArmSpec& spec() const { return spec_; }
  Decoder& loop() { return *loop_; }
  const Decoder& loop() const { return *loop_; }
  const ModelShape& shape() const { return shape_; }

  std::int64_t sequences() const { return sequences_; }

  // Decodes `tokens` tokens of each sequence from the prefix, `repeats` times over. Empty when interrupted. The prompt
  // of a sequence has depth + 1 tokens: the prefix and the first token to feed. The very first token of an arm warms it
  // up (first touch of its activations, its threads' start) and is not part of a sample, unless it takes longer than
  // kLongWarmUp.
  std::optional<LoopSample> sample(std::span<const std::int32_t> prompt, const KvSnapshot& prefix, std::int64_t tokens,
                                   int repeats = 1);

  // Over all samples so far.
  const std::vector<LoopSample>& samples() const { return samples_; }
  const Ledger& ledger() const { return ledger_; }
  const Ledger& expected() const { return expected_; }
  // "" when the ledger is the request's, the median token's residual small and every timed token's logits the same in
  // all samples, else what is wrong.
  std::string ledger_fault() const { return accounts().reason; }
  // "" when the loop called what the recipe names and nothing else.
  std::string dispatch_fault() const { return loop_->dispatch().difference(spec_.names); }
  // Both, with the check that decided: "ledger", "fingerprints", "CPU time", "residual", "dispatch".
  Verdict verdict() const;
  RecipeNames dispatched() const { return loop_->dispatch().ran(spec_.names); }  // op -> id of what was called
  Estimate tok_per_s() const;
  double wall_ns_per_token() const;  // all samples together
  double timer_ns() const;           // of a token: reading the clock around each op, from a calibrated read
  double residual_ns() const;        // of a token: wall time that neither ops nor the clock account for
  double bytes_per_token() const;
  std::vector<Witness> witnesses() const;
  void set_trial(std::shared_ptr<const LoopTrial> trial) { trial_ = std::move(trial); }
  const LoopTrial* trial() const { return trial_.get(); }       // null where there was none
  const std::vector<float>& logits() const { return logits_; }  // of the first step after the prefix
  std::uint64_t logits_hash() const;
  // Of the logits and the choices of every timed step, by its place after the prefix; samples agree on them, or it is a
  // ledger_fault.
  std::span<const std::uint64_t> fingerprints() const { return fingerprints_; }

 private:
  // Adds its tokens to the sums, the ledger and what is expected of it; none of them, and false, when interrupted.
  bool decode(std::span<const std::int32_t> prompt, std::int64_t tokens, LoopSample& sum);
  void keep_fingerprint(std::int64_t place, std::span<const std::int32_t> chosen);
  bool stands() const;  // the logits of the last timed step are still what they were when it was returned
  Verdict accounts() const;
  std::vector<Witness> observed() const;

  ArmSpec spec_;
  ModelShape shape_;
  std::int64_t depth_ = 0;  // of the samples
  bool keeps_past_;
  kv_cache::Element element_;
  std::int64_t capacity_;
  std::int64_t sequences_;
  WeightBytes weight_bytes_;
  ClockNs clock_;
  double clock_read_ns_;
  std::unique_ptr<Decoder> loop_;
  std::vector<LoopSample> samples_;
  Ledger ledger_, expected_;
  // Of the timed steps, by place after the prefix: wall time, and what of it no op booked.
  std::vector<std::vector<double>> walls_ns_, unbooked_ns_;
  int threads_seen_ = 0;
  std::vector<float> logits_;
  std::vector<std::uint64_t> fingerprints_;
  std::int64_t timed_steps_ = 0, differing_steps_ = 0;  // the latter: not the first sample's tokens or logits
  std::uint64_t at_return_ = 0;                         // fingerprint of the last step when it returned
  std::vector<std::int32_t> chosen_;                    // by the last step
  bool changed_after_return_ = false;
  std::shared_ptr<const LoopTrial> trial_;
};

// Samples are interleaved: every arm once a round, in an order shuffled anew each round from the recorded seed.
struct Schedule {
  std::int64_t depth;
  int rounds;
  std::uint64_t seed = 1;
  double fill_s = 0.3;     // cheap arms repeat their token within a sample until about this long
  double budget_s = 1e30;  // no round is begun that is not expected to end within; in the first round, no arm past it
};

struct ArmProgress {
  int round, rounds;
  std::string label;  // of the arm that is next
  double fraction;    // of the time that all rounds are expected to take; of the arms in the first round
};

// Rounds completed by every arm. Samples of an interrupted round stay with their arms.
int run_rounds(std::span<const std::unique_ptr<Arm>> arms, std::span<const std::int32_t> prompt,
               const KvSnapshot& prefix, const Schedule& schedule,
               const std::function<void(const ArmProgress&)>& progress, const std::function<void()>& after_round);

}  // namespace bitproof
