// From outputs to a verdict: the gates of reference/ in words, and whether the case would have rejected anything.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "case.hpp"
#include "reference/bounded.hpp"
#include "variant.hpp"
#include "verdict.hpp"

namespace bitproof {

// Outputs of such a case differ, and a case of so many shows something.
inline bool should_vary(const Case& c, std::size_t outputs) {
  constexpr std::size_t kEnough = 16;
  return (c.fill == Fill::random || c.fill == Fill::integer) && outputs >= kEnough;
}

// How many outputs are the commonest one, if that is more than half; else 0 (Boyer and Moore's majority vote).
template <class T>
std::size_t majority(std::span<const T> outputs) {
  T candidate{};
  std::size_t votes = 0;
  for (const T& v : outputs) {
    if (votes == 0) candidate = v;
    v == candidate ? ++votes : --votes;
  }
  const auto count = static_cast<std::size_t>(std::count(outputs.begin(), outputs.end(), candidate));
  return 2 * count > outputs.size() ? count : 0;
}

// What a kernel that computes nothing might leave: nothing else than accepts(these) tells a gate from no gate.
template <class T>
struct TrivialAnswer {
  const char* what;
  std::vector<T> outputs;
};

template <class T>
std::vector<TrivialAnswer<T>> trivial_answers(std::span<const T> truth) {
  const auto n = truth.size();
  double sum = 0;
  for (const T& v : truth) sum += static_cast<double>(v);
  std::vector<T> shifted(truth.begin(), truth.end());
  std::rotate(shifted.begin(), shifted.begin() + 1, shifted.end());
  return {{"zeros", std::vector<T>(n, T{})},
          {"the mean everywhere", std::vector<T>(n, static_cast<T>(sum / static_cast<double>(n)))},
          {"every output in its neighbour's place", std::move(shifted)}};
}

// Of outputs that the gate has accepted: MISTRUSTED if they are (nearly) all equal, or if the gate would accept a
// trivial answer as well. `truth` is what the trivial answers are made of.
template <class T, class Accepts>
Verdict mistrust_trivial(const Case& c, std::span<const T> outputs, std::span<const T> truth, Accepts accepts) {
  constexpr double kNearlyAll = 0.95;
  if (!should_vary(c, outputs.size())) return Verdict::pass();
  const std::size_t same = majority(outputs);
  if (same == outputs.size()) {
    return Verdict::mistrusted(
        fmt::format("all {} outputs equal {}: this case proves nothing", outputs.size(), outputs[0]));
  }
  if (static_cast<double>(same) > kNearlyAll * static_cast<double>(outputs.size())) {
    return Verdict::mistrusted(
        fmt::format("{} of {} outputs are equal: this case proves little", same, outputs.size()));
  }
  for (const TrivialAnswer<T>& answer : trivial_answers(truth)) {
    if (accepts(answer.outputs)) {
      return Verdict::mistrusted(fmt::format("{} would pass too: this case proves nothing", answer.what));
    }
  }
  return Verdict::pass();
}

// Every NaN made the same: IEEE 754 leaves open which one an operation yields.
template <class T>
std::vector<T> with_one_nan(std::vector<T> values) {
  if constexpr (std::is_floating_point_v<T>) {
    for (T& v : values) v = std::isnan(v) ? std::numeric_limits<T>::quiet_NaN() : v;
  }
  return values;
}

// Bit equality, every NaN alike.
template <class T>
Verdict judge_equal(const Case& c, const std::vector<T>& raw, const std::vector<T>& raw_want) {
  const std::vector<T> got = with_one_nan(raw), want = with_one_nan(raw_want);
  if (const auto bad = reference::first_mismatch(got, want)) {
    std::size_t differing = 0;
    for (std::size_t i = 0; i < got.size(); ++i) differing += std::memcmp(&got[i], &want[i], sizeof(T)) != 0;
    return Verdict::failed(fmt::format("output {} is {}, the oracle says {} ({} of {} differ)", bad->index, bad->got,
                                       bad->want, differing, got.size()));
  }
  return mistrust_trivial<T>(c, got, want, [&](const std::vector<T>& answer) { return answer == want; });
}

// Within the derived bound. Where the truth is NaN or infinite, so is the output; where it is finite and the bound is
// not (an input was infinite), any finite output will do.
inline std::optional<reference::Violation> first_violation(const Case& c, std::vector<float> got,
                                                           reference::Bounded truth) {
  if (c.fill != Fill::nan && c.fill != Fill::inf) return reference::first_violation(got, truth);
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double value = truth.value[i];
    const bool right = std::isnan(value)   ? std::isnan(got[i])
                       : std::isinf(value) ? static_cast<double>(got[i]) == value
                                           : std::isfinite(got[i]);
    if (!right) return reference::Violation{static_cast<std::int64_t>(i), got[i], value, truth.bound[i]};
    if (std::isfinite(value) && std::isfinite(truth.bound[i])) continue;
    got[i] = 0;
    truth.value[i] = truth.bound[i] = 0;
  }
  return reference::first_violation(got, truth);
}

inline Verdict judge_bounded(const Case& c, const std::vector<float>& got, const reference::Bounded& truth) {
  if (const auto bad = first_violation(c, got, truth)) {
    return Verdict::failed(
        fmt::format("output {} is {}, the oracle says {} +- {:.3g}", bad->index, bad->got, bad->want, bad->bound));
  }
  const std::vector<float> ideal = reference::rounded(truth);
  return mistrust_trivial<float>(
      c, got, ideal, [&](const std::vector<float>& answer) { return !reference::first_violation(answer, truth); });
}

// An approximate kernel's published NMSE. It must also stand clear of what computing nothing achieves.
inline Verdict judge_nmse(const Case& c, const std::vector<std::int32_t>& got, const std::vector<std::int32_t>& want,
                          double gate) {
  const double error = reference::nmse(got, want);
  if (!(error <= gate)) return Verdict::failed(fmt::format("NMSE {:.3g} is over the published {:.3g}", error, gate));
  return mistrust_trivial<std::int32_t>(c, got, want, [&](const std::vector<std::int32_t>& answer) {
    return reference::nmse(answer, want) <= std::max(gate, 2 * error);
  });
}

}  // namespace bitproof
