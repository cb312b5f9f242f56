// Blocking, padding and prefetch pieces of the integer matrix products (ternary_matmul and dense_matmul).
#pragma once

#include <cstring>
#include <utility>

#include "matmul.hpp"

namespace bitproof::matmul {
namespace {

constexpr std::int64_t round_up(std::int64_t n, std::int64_t multiple) {
  return (n + multiple - 1) / multiple * multiple;
}
constexpr std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

struct Range {
  std::int64_t begin, end;
};
// The part-th of `parts` nearly equal shares of [0, n).
constexpr Range share(std::int64_t n, int part, int parts) { return {n * part / parts, n * (part + 1) / parts}; }

// Calls body<B>(b) for blocks [b, b + B) that cover [begin, end): as many of kLargest as fit, then halves down to 1.
template <int kLargest, class Body>
void for_batch_blocks(std::int64_t begin, std::int64_t end, const Body& body) {
  for (; begin + kLargest <= end; begin += kLargest) body.template operator()<kLargest>(begin);
  if constexpr (kLargest > 1) for_batch_blocks<kLargest / 2>(begin, end, body);
}

// body<0>(), ..., body<N - 1>(), written out: only without a loop does GCC keep arrays of accumulators in registers.
template <int N, class Body>
void unroll(const Body& body) {
  [&]<int... I>(std::integer_sequence<int, I...>) { (body.template operator()<I>(), ...); }
  (std::make_integer_sequence<int, N>());
}

// Columns [col, col + N) of a row of `cols` weights, zeros past its end; a null row (padding) is all zeros.
template <int N>
struct PaddedWeights {
  std::int8_t w[N] = {};
  PaddedWeights(const std::int8_t* row, std::int64_t col, std::int64_t cols) {
    if (row == nullptr || col >= cols) return;
    if (cols - col >= N) {
      std::memcpy(w, row + col, N);
    } else {
      std::memcpy(w, row + col, static_cast<std::size_t>(cols - col));
    }
  }
};

inline std::uint32_t load_u32(const void* p) {
  std::uint32_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}
inline void store_u32(std::byte* p, std::uint32_t word) { std::memcpy(p, &word, sizeof word); }

// Asks for the cache line kLines ahead of p in the packed stream; 0 is no software prefetch. The address may lie past
// the end (a prefetch never faults), hence integer and not pointer arithmetic.
template <int kLines>
void prefetch_ahead(const void* p) {
  if constexpr (kLines > 0) {
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + kLines * 64));
  }
}

template <int kLines>
constexpr Techniques with_prefetch(Techniques t) {
  return kLines > 0 ? t.with(Technique::prefetch) : t;
}

inline std::size_t no_scratch(Shape, std::int64_t) { return 0; }
inline std::size_t nothing_prepared(std::int64_t, std::int64_t) { return 0; }
inline void prepare_nothing(const Input&, std::byte*, int, int) {}

}  // namespace
}  // namespace bitproof::matmul
