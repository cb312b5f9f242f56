#pragma once

#include <concepts>

namespace bitproof {

// The smallest multiple of `multiple` that is at least n; n >= 0.
template <std::integral Integer>
constexpr Integer round_up(Integer n, std::type_identity_t<Integer> multiple) {
  return (n + multiple - 1) / multiple * multiple;
}

}  // namespace bitproof
