// A typed buffer for a workload: fenced and poisoned when checking, plain memory of the model's page policy when timing.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "memory_map.hpp"

namespace bitproof {

template <class T>
class Buffer {
 public:
  // Guarded: the last byte is the last before an unmapped page (as far as `alignment` allows).
  Buffer(std::int64_t count, bool guarded, std::size_t alignment = alignof(T)) : count_(static_cast<std::size_t>(count)) {
    const std::size_t bytes = count_ * sizeof(T);
    constexpr std::size_t kBig = std::size_t{1} << 20;
    if (guarded) {
      guard_.emplace(bytes, Fence::after, alignment);
      guard_->poison();
      data_ = guard_->as<T>();
    } else if (bytes >= kBig) {
      mapping_ = Mapping(bytes, kModelPages);
      data_ = reinterpret_cast<T*>(mapping_.data());
    } else {
      small_.reset(std::aligned_alloc(64, (bytes / 64 + 1) * 64));
      data_ = static_cast<T*>(small_.get());
    }
  }
  Buffer(std::span<const T> values, bool guarded, std::size_t alignment = alignof(T))
      : Buffer(static_cast<std::int64_t>(values.size()), guarded, alignment) {
    assign(values);
  }

  T* data() const { return data_; }
  std::span<T> span() const { return {data_, count_}; }
  std::size_t bytes() const { return count_ * sizeof(T); }
  void assign(std::span<const T> values) { std::memcpy(data_, values.data(), values.size_bytes()); }
  bool equals(std::span<const T> values) const { return std::memcmp(data_, values.data(), values.size_bytes()) == 0; }

  // NaN for floats; for integers, a pattern. Timed buffers are poisoned too: an output must be written every time.
  void poison() {
    if (guard_) {
      guard_->poison();
    } else {
      auto* bytes = reinterpret_cast<unsigned char*>(data_);
      for (std::size_t i = 0; i < this->bytes(); ++i) bytes[i] = static_cast<unsigned char>(i % 2 ? kPoison >> 8 : kPoison & 255);
    }
  }
  bool margins_intact() const { return !guard_ || guard_->margins_intact(); }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  std::size_t count_;
  std::optional<GuardedBuffer> guard_;
  Mapping mapping_;
  std::unique_ptr<void, Free> small_;
  T* data_;
};

// [batch x stride] of an output, the columns [cols, stride) being canaries.
template <class T>
class Output {
 public:
  Output(std::int64_t cols, std::int64_t batch, bool guarded)
      : cols_(cols), batch_(batch), stride_(guarded ? cols + kCanaries : cols), buffer_(batch * stride_, guarded) {}

  T* data() const { return buffer_.data(); }
  std::int64_t stride() const { return stride_; }
  void poison() { buffer_.poison(); }

  std::vector<T> values() const {
    std::vector<T> all;
    all.reserve(static_cast<std::size_t>(batch_ * cols_));
    for (std::int64_t b = 0; b < batch_; ++b) all.insert(all.end(), data() + b * stride_, data() + b * stride_ + cols_);
    return all;
  }

  // Something outside [batch x cols] was written.
  bool strayed() const {
    Buffer<T> clean(batch_ * stride_, true);
    for (std::int64_t b = 0; b < batch_; ++b) {
      const std::int64_t at = b * stride_ + cols_;
      if (std::memcmp(data() + at, clean.data() + at, static_cast<std::size_t>(stride_ - cols_) * sizeof(T)) != 0) return true;
    }
    return !buffer_.margins_intact();
  }

 private:
  static constexpr std::int64_t kCanaries = 5;

  std::int64_t cols_, batch_, stride_;
  Buffer<T> buffer_;
};

}  // namespace bitproof
