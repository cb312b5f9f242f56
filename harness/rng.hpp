// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): any 64-bit seed is good, so a stream is named by a hash of what it is
// for.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>
#include <vector>

namespace bitproof {

constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

class Rng {
 public:
  explicit constexpr Rng(std::uint64_t seed) : state_(mix64(seed + kStep)) {}

  constexpr std::uint64_t next() { return mix64(state_ += kStep); }
  constexpr std::uint64_t below(std::uint64_t n) { return next() % n; }               // bias < n / 2^64
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
  double gaussian() {                                                                 // Box-Muller, one of the pair
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15u;
  std::uint64_t state_;
};

template <class T>
void shuffle(std::vector<T>& list, Rng& rng) {  // Fisher and Yates
  for (std::size_t i = list.size(); i > 1; --i) std::swap(list[i - 1], list[rng.below(i)]);
}

// The seed of a stream named by numbers: stream_seed(seed, layer, matrix, row).
template <class... Parts>
constexpr std::uint64_t stream_seed(std::uint64_t seed, Parts... parts) {
  ((seed = mix64(seed ^ (static_cast<std::uint64_t>(parts) + 0x9e3779b97f4a7c15u + (seed << 6)))), ...);
  return seed;
}

}  // namespace bitproof
