// From outputs to a verdict: the gates of reference/ in words.
#pragma once

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "case.hpp"
#include "reference/bounded.hpp"
#include "variant.hpp"
#include "verdict.hpp"

namespace bitproof {

// Enough outputs of a random case must not all be equal: such a case would pass a kernel that computes nothing.
template <class T>
Verdict mistrust_uniform(const Case& c, std::span<const T> outputs) {
  constexpr std::size_t kEnough = 16;
  if (c.fill != Fill::random || outputs.size() < kEnough) return {};
  for (const T& v : outputs) {
    if (v != outputs[0]) return {};
  }
  return {Status::mistrusted, fmt::format("all {} outputs equal {}: this case proves nothing", outputs.size(), outputs[0])};
}

// Bit equality.
template <class T>
Verdict judge_equal(const Case& c, const std::vector<T>& got, const std::vector<T>& want) {
  if (const auto bad = reference::first_mismatch(got, want)) {
    std::size_t differing = 0;
    for (std::size_t i = 0; i < got.size(); ++i) differing += std::memcmp(&got[i], &want[i], sizeof(T)) != 0;
    return Verdict::failed(fmt::format("output {} is {}, the oracle says {} ({} of {} differ)", bad->index, bad->got,
                                       bad->want, differing, got.size()));
  }
  return mistrust_uniform<T>(c, got);
}

// Within the derived bound.
inline Verdict judge_bounded(const Case& c, const std::vector<float>& got, const reference::Bounded& truth) {
  if (const auto bad = reference::first_violation(got, truth)) {
    return Verdict::failed(fmt::format("output {} is {}, the oracle says {} +- {:.3g}", bad->index, bad->got, bad->want,
                                       bad->bound));
  }
  return mistrust_uniform<float>(c, got);
}

// An approximate kernel's published NMSE.
inline Verdict judge_nmse(const Case& c, const std::vector<std::int32_t>& got, const std::vector<std::int32_t>& want,
                          double gate) {
  const double error = reference::nmse(got, want);
  if (!(error <= gate)) return Verdict::failed(fmt::format("NMSE {:.3g} is over the published {:.3g}", error, gate));
  return mistrust_uniform<std::int32_t>(c, got);
}

}  // namespace bitproof
