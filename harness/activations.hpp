// The memory contract as scoped blocks: taken on construction, given back in reverse order on destruction.
#pragma once

#include <cstddef>
#include <utility>

#include "clock.hpp"
#include "dispatch.hpp"
#include "error.hpp"
#include "memory/contract.hpp"

namespace bitproof {

// One memory variant at work, with the time it takes booked apart.
class ActivationMemory {
 public:
  // dispatch: where the calls of allocate are recorded, if anywhere.
  ActivationMemory(const memory::Kernel& kernel, std::size_t capacity, ClockNs clock = steady_ns,
                   Dispatch* dispatch = nullptr)
      : kernel_(kernel), capacity_(capacity), clock_(clock), dispatch_(dispatch), self_(kernel.create(capacity)) {
    if (!self_) throw BadInput("memory: {} bytes of activations cannot be reserved", capacity);
  }
  ActivationMemory(const ActivationMemory&) = delete;
  ActivationMemory& operator=(const ActivationMemory&) = delete;
  ~ActivationMemory() { kernel_.destroy(self_); }

  memory::Usage usage() const { return kernel_.usage(self_); }
  double take_ns() { return std::exchange(ns_, 0.0); }  // spent since the last call
  std::int64_t take_calls() { return std::exchange(calls_, 0); }

  // What ran out, once something did; the loop stops there.
  bool exhausted() const { return exhausted_bytes_ != 0; }
  std::size_t exhausted_bytes() const { return exhausted_bytes_; }
  std::size_t capacity() const { return capacity_; }

 private:
  template <class T>
  friend class Block;

  template <class F>
  auto timed(F&& f) {
    const double start = clock_();
    auto result = f();
    ns_ += clock_() - start;
    ++calls_;
    return result;
  }

  const memory::Kernel& kernel_;
  std::size_t capacity_;
  ClockNs clock_;
  Dispatch* dispatch_;
  void* self_;
  double ns_ = 0;
  std::int64_t calls_ = 0;
  std::size_t exhausted_bytes_ = 0;
};

// count uninitialised elements. data() is null when the memory was exhausted.
template <class T>
class Block {
 public:
  Block() = default;
  Block(ActivationMemory& memory, std::int64_t count)
      : memory_(&memory), bytes_(static_cast<std::size_t>(count) * sizeof(T)) {
    const auto allocate =
        memory.dispatch_ ? (*memory.dispatch_)(SlotOp::memory, memory.kernel_.allocate) : memory.kernel_.allocate;
    data_ = static_cast<T*>(memory.timed([&] { return allocate(memory.self_, bytes_); }));
    if (!data_) memory.exhausted_bytes_ = bytes_ ? bytes_ : 1;
  }
  Block(Block&& other) noexcept
      : memory_(other.memory_), data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}
  Block& operator=(Block&&) = delete;
  ~Block() {
    if (!data_) return;
    memory_->timed([&] {
      memory_->kernel_.release(memory_->self_, data_, bytes_);
      return 0;
    });
  }

  T* data() const { return data_; }

 private:
  ActivationMemory* memory_ = nullptr;
  T* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace bitproof
