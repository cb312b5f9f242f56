// What an arm needs of something that decodes tokens. TokenLoop is the one that is timed; whatever else pretends to be
// one is judged by the same arm, and the same gates, as it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "clock.hpp"
#include "dispatch.hpp"
#include "ledger.hpp"
#include "loop_observer.hpp"
#include "loop_slots.hpp"
#include "memory/contract.hpp"
#include "packed_model.hpp"

namespace bitproof {

// Keys and values of a prefix, in no variant's layout: [sequence][layer][position][kv_width], so that every arm of a
// comparison starts from identical numbers.
struct KvSnapshot {
  std::int64_t positions = 0;
  std::vector<float> k, v;
};

// One sequence, or a batch of independent ones that are decoded in lock step: all have the same length. Tokens of
// several positions are [sequence][position]. Not thread-safe.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Forgets everything; the tokens become the prefix, untimed. With a cache that keeps the past, positions are computed
  // (or copied from the snapshot); one that recomputes takes the token ids only.
  virtual void prefill(std::span<const std::int32_t> tokens) = 0;
  virtual void restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) = 0;
  // Forgets all but the first `length` positions, which must not have been overwritten.
  virtual void rewind(std::int64_t length) = 0;
  virtual KvSnapshot snapshot() const = 0;  // of a cache that keeps the past

  // Computes the position after the prefix of every sequence for its token, appends it, and returns the greedy next
  // ones, until the next step. Returns none when interrupted. Throws BadInput when activations do not fit the memory,
  // or the cache or the context is full.
  virtual std::span<const std::int32_t> step(std::span<const std::int32_t> tokens) = 0;

  // The same of one sequence; -1 when interrupted.
  std::int32_t next(std::int32_t token) {
    const std::span<const std::int32_t> chosen = step({&token, 1});
    return chosen.empty() ? -1 : chosen[0];
  }

  virtual std::span<const float> logits() const = 0;  // [sequence][vocab], of the last step
  virtual std::int64_t length() const = 0;            // of each sequence
  virtual std::int64_t capacity() const = 0;          // positions that the cache holds
  virtual bool keeps_past() const = 0;

  // Measured times and booked costs since the last prefill, restore, rewind or reset. What they must be is the arm's
  // to say, from the model and the recipe, never the decoder's.
  virtual const Ledger& ledger() const = 0;
  virtual void reset_ledger() = 0;
  virtual const WeightBytes& weight_bytes() const = 0;
  virtual memory::Usage memory_usage() const = 0;
  virtual const Mapping* cache() const { return nullptr; }  // where keys and values are, if it says
  virtual int threads_seen() const = 0;
  virtual const Dispatch& dispatch() const = 0;  // since construction

  virtual void observe(LoopObserver* observer) = 0;  // null for none; an arm's decoder never has one
};

// Makes a decoder of these slots; whatever judges loops makes as many as it needs.
using MakeDecoder = std::function<std::unique_ptr<Decoder>(const PackedModel& model, const LoopSlots& slots,
                                                           int threads, std::int64_t capacity, ClockNs clock)>;
using MakeBatchDecoder =
    std::function<std::unique_ptr<Decoder>(const PackedModel& model, const LoopSlots& slots, int threads,
                                           std::int64_t capacity, ClockNs clock, std::int64_t sequences)>;

}  // namespace bitproof
