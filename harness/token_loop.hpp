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

// Not thread-safe; owns its cache, activations and threads.
class TokenLoop : public Decoder {
 public:
  // capacity: positions the cache holds; throws BadInput if over the model's context or out of memory.
  TokenLoop(const PackedModel& weights, const LoopSlots& slots, int threads, std::int64_t capacity,
            ClockNs clock = steady_ns);

  void prefill(std::span<const std::int32_t> tokens) override;
  void restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) override;
  void rewind(std::int64_t length) override;
  KvSnapshot snapshot() const override;
  std::int32_t next(std::int32_t token) override;

  std::span<const float> logits() const override { return logits_; }
  std::int64_t length() const override { return static_cast<std::int64_t>(tokens_.size()); }
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

 protected:
  struct Activation;

  // The steps of a token. Virtual for loops with a planted fault in one of them.
  // One pass over positions [first, first + tokens.size()); logits of the last one if wanted.
  virtual void forward(std::span<const std::int32_t> tokens, std::int64_t first, bool wants_logits);
  virtual void layer(std::int64_t index, std::int64_t batch, std::int64_t first, float* h);
  virtual void attention_block(std::int64_t layer, std::int64_t batch, std::int64_t first, const float* h, float* out);
  virtual void output_head(std::int64_t batch, const float* h);

  // int8 with room for what a matmul prepares of it.
  Activation quantize(Step step, std::int64_t layer, const float* x, std::int64_t cols, std::int64_t batch,
                      std::int64_t col_multiple, std::size_t prepared_bytes);
  // Quantized and prepared.
  Activation ternary_input(Step step, std::int64_t layer, const float* x, std::int64_t cols, std::int64_t batch);
  template <class Kernel>
  void prepare(const Kernel&, const Activation&);  // look-up tables and sums, split over the threads
  void linear(std::int64_t layer, Matrix, const Activation&, std::int64_t batch, float* y);
  void norm(const float* x, const std::vector<float>& weight, std::int64_t batch, float* y);
  void add_residual(const float* y, std::int64_t batch, float* h);
  virtual void run_rope(std::int64_t heads, std::int64_t batch, std::int64_t first, float* x);

  // Runs f and books its time, one call and its cost.
  template <class F>
  void book(LoopOp op, double ops, double bytes, F&& f);
  // Splits an op that works row by row of the batch; with one row, its columns by `grain`.
  template <class F>
  void each_row(std::int64_t cols, std::int64_t grain, std::int64_t batch, F&& f);

  bool stopped() const;

  // Tells the observer, if there is one, what a step wrote.
  void show(Step step, std::int64_t layer, std::int64_t batch, std::int64_t cols, float* values,
            std::int32_t* sums = nullptr) {
    if (observer_)
      observer_->after({.step = step,
                        .layer = layer,
                        .first = pass_first_,
                        .batch = batch,
                        .cols = cols,
                        .values = values,
                        .sums = sums});
  }

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
  std::vector<float> cos_, sin_;  // [capacity x head_dim / 2]
  std::vector<float> logits_;
  std::vector<std::int32_t> tokens_;
  std::int32_t sampled_ = -1;
  bool cache_full_ = false;
  Ledger ledger_;
  LoopObserver* observer_ = nullptr;
  std::int64_t pass_first_ = 0;  // first position of the pass at hand
};

}  // namespace bitproof
