// A view into a pass, step by step. Timed loops have none.
#pragma once

#include <cstdint>

#include "reference/token_loop.hpp"

namespace bitproof {

using reference::Step;

// What a step has just written of one sequence, all of it in the loop's own buffers; null where a step has no such
// output. A batch of sequences is shown one after another.
struct StepOutput {
  Step step;
  std::int64_t layer;         // of `layers` for the head; embedding: 0
  std::int64_t first, batch;  // positions [first, first + batch); the head computes the last one only
  std::int64_t cols;
  std::int64_t sequence = 0;
  float* values = nullptr;       // [batch x cols]; what a residual step shows is the stream h
  std::int32_t* sums = nullptr;  // [batch x cols] of a product
  std::int8_t* v = nullptr;      // [batch x v_stride] of a quantization
  std::int64_t v_stride = 0;
  float* scale = nullptr;  // [batch] of a quantization
};

class LoopObserver {
 public:
  virtual ~LoopObserver() = default;
  // May replace the values, v and scale; the pass goes on with what it leaves. Called on the loop's own thread.
  virtual void after(const StepOutput&) = 0;
};

}  // namespace bitproof
