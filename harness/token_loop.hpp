// The full token loop: every op of every layer through the variants of one recipe, each call timed and booked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "activations.hpp"
#include "decoder.hpp"
#include "team.hpp"

namespace bitproof {

// The seeds reserve 512 MB for the pool; so do we. Only what a recipe uses is ever touched.
inline constexpr std::size_t kPoolBytes = std::size_t{512} << 20;

// The rows that a pass computes: positions [first, first + positions) of each of `sequences` sequences, from `sequence`
// on. Row r is position first + r % positions of sequence + r / positions. A token is one position of all sequences, a
// prefill many of one.
struct Pass {
  std::int64_t sequence, sequences;
  std::int64_t first, positions;

  std::int64_t rows() const { return sequences * positions; }
  Pass last() const { return {sequence, sequences, first + positions - 1, 1}; }
};

// Not thread-safe; owns its cache, activations and threads.
class TokenLoop : public Decoder {
 public:
  // capacity: positions the cache holds of each sequence; throws BadInput if over the model's context or out of memory.
  TokenLoop(const PackedModel& weights, const LoopSlots& slots, int threads, std::int64_t capacity,
            ClockNs clock = steady_ns, std::int64_t sequences = 1);

  void prefill(std::span<const std::int32_t> tokens) override;
  void restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) override;
  void rewind(std::int64_t length) override;
  KvSnapshot snapshot() const override;
  std::span<const std::int32_t> step(std::span<const std::int32_t> tokens) override;

  std::span<const float> logits() const override { return logits_; }
  std::int64_t length() const override { return std::ssize(tokens_[0]); }
  std::int64_t capacity() const override { return kv_shape_.capacity; }
  bool keeps_past() const override { return slots_.kv_cache_slot.kernel().keeps_past; }
  const Ledger& ledger() const override { return ledger_; }
  void reset_ledger() override;
  const WeightBytes& weight_bytes() const override { return weight_bytes_; }
  memory::Usage memory_usage() const override { return memory_.usage(); }
  const Mapping* cache() const override { return &kv_storage_; }
  int threads_seen() const override { return team_.threads_seen(); }
  const Dispatch& dispatch() const override { return dispatch_; }
  void observe(LoopObserver* observer) override { observer_ = observer; }

  static std::unique_ptr<Decoder> make(const PackedModel& weights, const LoopSlots& slots, int threads,
                                       std::int64_t capacity, ClockNs clock) {
    return std::make_unique<TokenLoop>(weights, slots, threads, capacity, clock);
  }
  static std::unique_ptr<Decoder> make_batch(const PackedModel& weights, const LoopSlots& slots, int threads,
                                             std::int64_t capacity, ClockNs clock, std::int64_t sequences) {
    return std::make_unique<TokenLoop>(weights, slots, threads, capacity, clock, sequences);
  }

 protected:
  struct Activation;

  // The steps of a token. Virtual for loops with a planted fault in one of them.
  // One pass over tokens that stand in tokens_; logits of the last position of each sequence if wanted.
  virtual void forward(const Pass& pass, bool wants_logits);
  virtual void layer(std::int64_t index, const Pass& pass, float* h);
  virtual void attention_block(std::int64_t layer, const Pass& pass, const float* h, float* out);
  virtual void output_head(const Pass& pass, const float* h);
  virtual kv_cache::View seen(std::int64_t layer, std::int64_t sequence, std::int64_t end) const;

  void keep(std::int64_t layer, const Pass& pass, const float* k, const float* v);  // appends to the cache
  void attend(std::int64_t layer, const Pass& pass, const float* q, float* out);    // over what the cache shows
  void embed(const Pass& pass, float* h);
  void set_prefix(std::span<const std::int32_t> tokens);

  // int8 with room for what a matmul prepares of it.
  Activation quantize(Step step, std::int64_t layer, const float* x, std::int64_t cols, const Pass& pass,
                      std::int64_t col_multiple, std::size_t prepared_bytes);
  // Quantized and prepared.
  Activation ternary_input(Step step, std::int64_t layer, const float* x, std::int64_t cols, const Pass& pass);
  template <class Kernel>
  void prepare(const Kernel&, const Activation&);  // look-up tables and sums, split over the threads
  void linear(std::int64_t layer, Matrix, const Activation&, const Pass& pass, float* y);
  // Of every row, or of one in so many.
  void norm(const float* x, const std::vector<float>& weight, std::int64_t rows, float* y, std::int64_t one_in = 1);
  void add_residual(const float* y, std::int64_t rows, float* h);
  virtual void run_rope(std::int64_t heads, const Pass& pass, float* x);

  // Runs f and books its time, one call and its cost.
  template <class F>
  void book(LoopOp op, double ops, double bytes, F&& f);
  // Splits an op that works row by row of the batch; with one row, its columns by `grain`.
  template <class F>
  void each_row(std::int64_t cols, std::int64_t grain, std::int64_t batch, F&& f);

  bool stopped() const;

  // Tells the observer, if there is one, what a step wrote, a sequence at a time.
  void show(Step step, std::int64_t layer, const Pass& pass, std::int64_t cols, float* values,
            std::int32_t* sums = nullptr) const;
  void show(Step step, std::int64_t layer, const Pass& pass, std::int64_t cols, const Activation&) const;

  const kv_cache::Shape kv_shape_;
  const PackedModel& weights_;
  const ModelShape& shape_;
  const LoopSlots slots_;
  const WeightBytes weight_bytes_;
  const ClockNs clock_;
  Dispatch dispatch_;
  Team team_;
  ActivationMemory memory_;
  Mapping kv_storage_;
  std::vector<float> cos_, sin_;                   // [capacity x head_dim / 2]
  std::vector<float> logits_;                      // [sequence][vocab]
  std::vector<std::vector<std::int32_t>> tokens_;  // of each sequence
  std::vector<std::int32_t> sampled_;              // of each sequence; -1 before its first token
  std::vector<attention::Call> attention_calls_;   // of each sequence of a pass: a token allocates none
  bool cache_full_ = false;
  Ledger ledger_;
  LoopObserver* observer_ = nullptr;
};

}  // namespace bitproof
