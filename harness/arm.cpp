#include "arm.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <thread>

#include "allocation_count.hpp"
#include "ceiling_table.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "loop_trial.hpp"
#include "memory_map.hpp"
#include "rng.hpp"

namespace bitproof {
namespace {

using Clock = std::chrono::steady_clock;
double ns_since(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

// A probe has no reading when somebody holds a CPU at that moment; on one core it never has one.
constexpr int kProbes = 3;

// A first token that takes this long is not wasted: what it warms up costs a thousandth of it.
constexpr double kLongWarmUp_ns = 1e9;

double cpu_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto ns = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_usec) * 1e3;
  };
  return ns(usage.ru_utime) + ns(usage.ru_stime);
}

void accumulate(Ledger& total, const Ledger& part) {
  for (int i = 0; i < kLoopOpCount; ++i) {
    total.entry[i].calls += part.entry[i].calls;
    total.entry[i].ops += part.entry[i].ops;
    total.entry[i].bytes += part.entry[i].bytes;
    total.entry[i].ns += part.entry[i].ns;
  }
  total.tokens += part.tokens;
  total.positions += part.positions;
}

// FNV-1a over 32-bit words.
std::uint64_t hash_of(std::span<const float> values) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const float v : values) hash = (hash ^ std::bit_cast<std::uint32_t>(v)) * 0x100000001b3u;
  return hash;
}

bool carries(const std::string& id, Technique t) {
  for (const Variant& v : all_variants()) {
    if (v.id == id) return v.info->techniques.has(t);
  }
  return false;
}

void add_by_place(std::vector<std::vector<double>>& places, std::span<const double> steps) {
  if (places.size() < steps.size()) places.resize(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) places[i].push_back(steps[i]);
}

// A step that lost its CPU between two ops is no fault of the loop, and the next sample of the same place has not. What
// a loop does beside its ops is there every time.
double typical(std::span<const std::vector<double>> places) {
  std::vector<double> of_place;
  for (const std::vector<double>& steps : places) of_place.push_back(lower_median(steps));
  return median(std::move(of_place));
}

}  // namespace

std::uint64_t fingerprint(std::span<const float> logits, std::span<const std::int32_t> tokens) {
  std::uint64_t hash = hash_of(logits);
  for (const std::int32_t t : tokens) hash = (hash ^ static_cast<std::uint32_t>(t)) * 0x100000001b3u;
  return hash;
}

std::vector<std::int32_t> prefixes_of(std::span<const std::int32_t> prompts, std::int64_t sequences) {
  std::vector<std::int32_t> tokens;
  const std::size_t each = prompts.size() / static_cast<std::size_t>(sequences);
  for (std::size_t at = 0; at < prompts.size(); at += each) {
    const auto prefix = prompts.subspan(at, each - 1);
    tokens.insert(tokens.end(), prefix.begin(), prefix.end());
  }
  return tokens;
}

std::vector<std::int32_t> last_tokens_of(std::span<const std::int32_t> prompts, std::int64_t sequences) {
  std::vector<std::int32_t> tokens;
  const std::size_t each = prompts.size() / static_cast<std::size_t>(sequences);
  for (std::size_t at = 0; at < prompts.size(); at += each) tokens.push_back(prompts[at + each - 1]);
  return tokens;
}

ArmSpec arm_of(Techniques set, int threads, const std::string& label) {
  return {label.empty() ? recipe_name(set) : label, recipe_names(set), set,
          set.has(Technique::threading) ? threads : 1};
}

Arm::Arm(const PackedModel& model, ArmSpec spec, const Recipe& recipe, std::int64_t capacity, std::int64_t sequences)
    : Arm(model, spec, recipe, capacity,
          TokenLoop::make_batch(model, recipe, spec.threads, capacity, steady_ns, sequences), steady_ns, sequences) {}

Arm::Arm(const PackedModel& model, ArmSpec spec, const Recipe& recipe, std::int64_t capacity,
         std::unique_ptr<Decoder> decoder, ClockNs clock, std::int64_t sequences)
    : spec_(std::move(spec)),
      shape_(model.shape()),
      keeps_past_(recipe.kv_cache_slot.kernel().keeps_past),
      element_(recipe.kv_cache_slot.kernel().element),
      capacity_(capacity),
      sequences_(sequences),
      weight_bytes_(model.weight_bytes(recipe.ternary_matmul_slot.kernel(), recipe.dense_matmul_slot.kernel())),
      clock_(clock),
      clock_read_ns_(bitproof::clock_read_ns(clock)),
      loop_(std::move(decoder)) {}

std::optional<LoopSample> Arm::sample(std::span<const std::int32_t> prompt, const KvSnapshot& prefix,
                                      std::int64_t tokens, int repeats) {
  depth_ = std::ssize(prompt) / sequences_ - 1;
  if (loop_->length() < depth_) loop_->restore(prefixes_of(prompt, sequences_), prefix);
  LoopSample s;
  for (int tries = 0; tries < kProbes && !s.ping_pong_ns; ++tries) {
    std::this_thread::sleep_for(kSpinnersSleep);
    s.ping_pong_ns = probe_state().ping_pong_ns;
  }
  changed_after_return_ |= !stands();
  LoadWatch load;
  if (logits_.empty()) {
    LoopSample warm_up = s;  // with its placement reading
    if (!decode(prompt, 1, warm_up)) return std::nullopt;
    if (tokens > 1 || warm_up.wall_ns < kLongWarmUp_ns) {  // else it is what was asked for, and too long to do again
      ledger_ = {};
      expected_ = {};
      walls_ns_.clear();
      unbooked_ns_.clear();
      load = LoadWatch();
    } else {
      s = warm_up;
      --repeats;
    }
  }
  bool whole = true;
  for (int r = 0; r < repeats && whole; ++r) whole = decode(prompt, tokens, s);
  s.load = load.read();
  if (s.tokens > 0) samples_.push_back(s);  // what the ledger has booked
  return whole ? std::optional(s) : std::nullopt;
}

bool Arm::decode(std::span<const std::int32_t> prompt, std::int64_t tokens, LoopSample& sum) {
  loop_->rewind(depth_);
  LoopSample s = sum;
  std::vector<double> walls_ns, unbooked_ns;
  std::vector<std::int32_t> fed = last_tokens_of(prompt, sequences_);
  const std::int64_t faults = page_faults();
  const double cpu = cpu_ns();
  for (std::int64_t t = 0; t < tokens; ++t) {
    const std::optional<std::int64_t> allocated = allocations();
    const double booked = loop_->ledger().total_ns();
    const double start = clock_();
    const std::span<const std::int32_t> chosen = loop_->step(fed);
    const double wall = clock_() - start;
    s.wall_ns += wall;
    s.allocations =
        allocated && s.allocations ? std::optional(*s.allocations + *allocations() - *allocated) : std::nullopt;
    if (chosen.empty()) return false;
    s.tokens += std::ssize(chosen);
    walls_ns.push_back(wall);
    unbooked_ns.push_back(wall - (loop_->ledger().total_ns() - booked));
    keep_fingerprint(t, chosen);
    fed.assign(chosen.begin(), chosen.end());
  }
  s.cpu_ns += cpu_ns() - cpu;
  s.page_faults += page_faults() - faults;
  sum = s;
  add_by_place(walls_ns_, walls_ns);
  add_by_place(unbooked_ns_, unbooked_ns);
  threads_seen_ = std::max(threads_seen_, loop_->threads_seen());
  accumulate(ledger_, loop_->ledger());
  add_expected(expected_, shape_, weight_bytes_, Decode{depth_, tokens, keeps_past_, capacity_, element_, sequences_});
  return true;
}

void Arm::keep_fingerprint(std::int64_t place, std::span<const std::int32_t> chosen) {
  const std::span<const float> now = loop_->logits();
  if (logits_.empty()) logits_.assign(now.begin(), now.end());
  at_return_ = fingerprint(now, chosen);
  chosen_.assign(chosen.begin(), chosen.end());
  ++timed_steps_;
  if (place == std::ssize(fingerprints_)) fingerprints_.push_back(at_return_);
  differing_steps_ += fingerprints_[static_cast<std::size_t>(place)] != at_return_;
}

Estimate Arm::tok_per_s() const {
  std::vector<double> rates;
  for (const LoopSample& s : samples_) rates.push_back(s.tok_per_s());
  return estimate(std::move(rates));
}

double Arm::wall_ns_per_token() const {
  double ns = 0, tokens = 0;
  for (const LoopSample& s : samples_) {
    ns += s.wall_ns;
    tokens += static_cast<double>(s.tokens);
  }
  return ns / tokens;
}

double Arm::timer_ns() const {
  std::int64_t calls = 0;
  for (const Entry& e : ledger_.entry) calls += e.calls;
  // Of the two reads around an op, about one read's time falls outside what they measure.
  return clock_read_ns_ * static_cast<double>(calls) / static_cast<double>(ledger_.tokens);
}

double Arm::residual_ns() const {
  return wall_ns_per_token() - ledger_.total_ns() / static_cast<double>(ledger_.tokens) - timer_ns();
}

bool Arm::stands() const { return timed_steps_ == 0 || fingerprint(loop_->logits(), chosen_) == at_return_; }

Verdict Arm::accounts() const {
  if (const std::string fault = difference(ledger_, expected_); !fault.empty()) return Verdict::failed(fault, "ledger");
  std::int64_t tokens = 0;
  for (const LoopSample& s : samples_) tokens += s.tokens;
  if (tokens != ledger_.tokens)
    return Verdict::failed(fmt::format("{} tokens were timed, {} booked", tokens, ledger_.tokens), "ledger");
  if (differing_steps_ > 0) {
    return Verdict::failed(
        fmt::format("{} of {} timed tokens gave other logits than the first time", differing_steps_, timed_steps_),
        "fingerprints");
  }
  if (changed_after_return_ || !stands()) {
    return Verdict::failed("the logits of a token changed after it was returned", "fingerprints");
  }
  for (const LoopSample& s : samples_) {
    if (s.cpu_ns > kMostCpu * spec_.threads * s.wall_ns + kCpuFloor_ns) {
      return Verdict::failed(
          fmt::format("{:.0f} ms of CPU time in {:.0f} ms on {} thread(s): a slow clock, or threads nobody asked for",
                      s.cpu_ns * 1e-6, s.wall_ns * 1e-6, spec_.threads),
          "CPU time");
    }
  }
  const double wall_ns = typical(walls_ns_);
  const double unexplained_ns = typical(unbooked_ns_) - timer_ns() * static_cast<double>(sequences_);
  if (std::abs(unexplained_ns) <= std::max(kMostResidual * wall_ns, kResidualFloor_ns)) return Verdict::pass();
  return Verdict::failed(fmt::format("ops do not account for the token: {:.0f} us of {:.0f} us are unexplained",
                                     unexplained_ns * 1e-3, wall_ns * 1e-3),
                         "residual");
}

Verdict Arm::verdict() const {
  if (const std::string fault = dispatch_fault(); !fault.empty()) return {Status::fallback, fault, "dispatch"};
  return accounts();
}

double Arm::bytes_per_token() const { return ledger_.total_bytes() / static_cast<double>(ledger_.tokens); }

std::uint64_t Arm::logits_hash() const { return hash_of(logits_); }

std::vector<Witness> Arm::observed() const {
  double tokens = 0, cpu = 0, wall = 0, faults = 0;
  std::optional<double> allocated = 0;
  for (const LoopSample& s : samples_) {
    tokens += static_cast<double>(s.tokens);
    faults += static_cast<double>(s.page_faults);
    allocated =
        allocated && s.allocations ? std::optional(*allocated + static_cast<double>(*s.allocations)) : std::nullopt;
    if (!undisturbed(s.load)) continue;
    cpu += s.cpu_ns;
    wall += s.wall_ns;
  }
  if (allocated) *allocated /= tokens;
  const double positions = static_cast<double>(ledger_.positions) / static_cast<double>(ledger_.tokens);
  const bool past = depth_ > 0 || spec_.techniques.has(Technique::kv_cache);
  const std::vector<SlotCode> code = slot_code(dispatched());
  std::vector<Witness> all = {memory_pool_witness(allocated, allocations_why(), faults / tokens),
                              simd_witness(code),
                              threading_witness(threads_seen_, wall > 0 ? std::optional(cpu / wall) : std::nullopt),
                              prefetch_witness(code),
                              tmac_witness(code),
                              kv_cache_witness(positions, past)};
  for (Witness& w : all) w.wanted = spec_.techniques.has(w.technique);
  return all;
}

// A technique whose slots do not all answer their canary is not engaged, whatever else is seen of it.
std::vector<Witness> Arm::witnesses() const {
  std::vector<Witness> list = observed();
  if (!trial_) return list;
  for (Witness& w : list) {
    for (const Canary& c : trial_->canaries) {
      if (c.verdict.ok() || !carries(c.id, w.technique)) continue;
      w.engaged = false;
      w.evidence += "; " + c.verdict.reason;
    }
  }
  return list;
}

int run_rounds(std::span<const std::unique_ptr<Arm>> arms, std::span<const std::int32_t> prompt,
               const KvSnapshot& prefix, const Schedule& schedule,
               const std::function<void(const ArmProgress&)>& progress, const std::function<void()>& after_round) {
  Rng rng(stream_seed(schedule.seed, 0x726f756e6473));
  const auto start = Clock::now();
  std::vector<Arm*> order;
  for (const auto& arm : arms) order.push_back(arm.get());
  double longest_round_s = 0;
  for (int round = 0; round < schedule.rounds; ++round) {
    const double elapsed = ns_since(start) * 1e-9;
    if (elapsed > schedule.budget_s || (round > 0 && elapsed + longest_round_s > schedule.budget_s)) return round;
    for (std::size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[rng.below(i + 1)]);
    for (std::size_t i = 0; i < order.size(); ++i) {
      Arm& arm = *order[i];
      if (progress) {
        // Arms differ a hundredfold: time is known only after a round.
        const double arms_done = round + static_cast<double>(i) / static_cast<double>(order.size());
        const double by_time = ns_since(start) * 1e-9 / (longest_round_s * schedule.rounds);
        progress({round + 1, schedule.rounds, arm.spec().label,
                  round == 0 ? arms_done / schedule.rounds : std::min(by_time, 1.0)});
      }
      if (round == 0 && ns_since(start) * 1e-9 > schedule.budget_s) return round;
      const double token_s =
          arm.samples().empty() ? 0 : arm.samples()[0].wall_ns * 1e-9 / static_cast<double>(arm.samples()[0].tokens);
      const int repeats = token_s > 0 ? std::clamp(static_cast<int>(schedule.fill_s / token_s), 1, 16) : 1;
      if (!arm.sample(prompt, prefix, 1, repeats)) return round;
    }
    longest_round_s = std::max(longest_round_s, ns_since(start) * 1e-9 - elapsed);
    if (after_round) after_round();
  }
  return schedule.rounds;
}

}  // namespace bitproof
