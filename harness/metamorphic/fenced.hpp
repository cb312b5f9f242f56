// A fenced buffer that stays where it is while its contents change: the address is all that two calls have in common.
#pragma once

#include <cstring>
#include <vector>

#include "memory_map.hpp"

namespace bitproof::metamorphic {

template <class T>
class Fenced {
 public:
  explicit Fenced(std::int64_t count, std::size_t alignment = alignof(T))
      : guard_(static_cast<std::size_t>(count) * sizeof(T), Fence::after, alignment) {}

  T* data() const { return guard_.template as<T>(); }
  std::vector<T> values() const { return {data(), data() + guard_.size() / sizeof(T)}; }
  void poison() { guard_.poison(); }
  void fill(const std::vector<T>& values) { std::memcpy(data(), values.data(), guard_.size()); }

 private:
  GuardedBuffer guard_;
};

// Bytes that a kernel asked for by a std::size_t, aligned as the contracts have it.
class FencedBytes : public Fenced<std::byte> {
 public:
  explicit FencedBytes(std::size_t bytes) : Fenced(static_cast<std::int64_t>(bytes), 64) {}
};

}  // namespace bitproof::metamorphic
