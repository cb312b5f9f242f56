// Arrays as the relations see them: contents with named axes, so that rows can be picked, permuted and scaled without
// knowing the op. The inputs and outputs of an op are tuples of them.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <tuple>
#include <vector>

#include "rng.hpp"

namespace bitproof::metamorphic {

// [batch][rows][width]. An axis of 0 is one that the array does not have: weights have no batch.
template <class T>
struct Tensor {
  std::int64_t batch = 0, rows = 0, width = 1;
  std::vector<T> values{};
};

using Order = std::vector<std::int64_t>;

inline Order shuffled(std::int64_t n, std::uint64_t seed) {
  Order order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  Rng rng(seed);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

// The slices order[0], order[1], ... of each of `blocks` equal blocks, a block being `slices` slices.
template <class T>
std::vector<T> gather(const std::vector<T>& values, std::int64_t blocks, std::int64_t slices, const Order& order) {
  const auto size = static_cast<std::int64_t>(values.size()) / (blocks * slices);
  std::vector<T> picked;
  picked.reserve(static_cast<std::size_t>(blocks * size) * order.size());
  for (std::int64_t block = 0; block < blocks; ++block) {
    for (const std::int64_t slice : order) {
      const auto begin = values.begin() + (block * slices + slice) * size;
      picked.insert(picked.end(), begin, begin + size);
    }
  }
  return picked;
}

// An array without the axis stays as it is.
struct PickBatch {
  Order order;
  template <class T>
  Tensor<T> operator()(const Tensor<T>& t) const {
    if (t.batch == 0) return t;
    return {static_cast<std::int64_t>(order.size()), t.rows, t.width, gather(t.values, 1, t.batch, order)};
  }
};

struct PickRows {
  Order order;
  template <class T>
  Tensor<T> operator()(const Tensor<T>& t) const {
    if (t.rows == 0) return t;
    const std::int64_t blocks = t.batch == 0 ? 1 : t.batch;
    return {t.batch, static_cast<std::int64_t>(order.size()), t.width, gather(t.values, blocks, t.rows, order)};
  }
};

template <class... T, class F>
std::tuple<Tensor<T>...> each(const std::tuple<Tensor<T>...>& arrays, const F& f) {
  return std::apply([&](const auto&... t) { return std::tuple{f(t)...}; }, arrays);
}

// The arrays kWhich times a factor that no element rounds or overflows under.
template <std::size_t... kWhich, class Arrays>
Arrays scaled(Arrays arrays, int factor) {
  const auto scale = [factor]<class T>(Tensor<T>& t) {
    for (T& v : t.values) v = static_cast<T>(v * static_cast<T>(factor));
  };
  (scale(std::get<kWhich>(arrays)), ...);
  return arrays;
}

// ---- comparing

struct SameBits {
  template <class T>
  static bool equal(T a, T b) {
    return std::memcmp(&a, &b, sizeof(T)) == 0;
  }
};

// An exact sum of 0 is +0 whatever the signs of its terms.
struct SameButForTheSignOfZero {
  template <class T>
  static bool equal(T a, T b) {
    return a == b || SameBits::equal(a, b);
  }
};

// "output 3 is 5, not 4"; empty when there is no difference.
template <class Same, class... T>
std::string difference(const std::tuple<Tensor<T>...>& got, const std::tuple<Tensor<T>...>& want) {
  std::string text;
  const auto compare = [&](const auto& g, const auto& w) {
    for (std::size_t i = 0; text.empty() && i < w.values.size(); ++i) {
      if (!Same::equal(g.values[i], w.values[i])) {
        text = fmt::format("output {} is {}, not {}", i, g.values[i], w.values[i]);
      }
    }
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) { (compare(std::get<I>(got), std::get<I>(want)), ...); }
  (std::index_sequence_for<T...>());
  return text;
}

}  // namespace bitproof::metamorphic
