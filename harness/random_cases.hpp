// Cases drawn from a seed, and the way from a case that fails to the smallest one like it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "check.hpp"

namespace bitproof {

// The name of random cases, in place of a suite's.
inline constexpr const char* kRandomCase = "random";

// Of each op, what `check` adds to the suites when it is asked for nothing else: seconds.
inline constexpr std::int64_t kRandomCasesByDefault = 8;

// `count` valid cases of an op, a function of the seed alone. Sizes lie where kernels break: 1, primes, powers of two
// and multiples of the variants' own blocks, and one to either side.
std::vector<Case> random_cases(const std::string& op, std::int64_t count, std::uint64_t seed);

// Of every arithmetic op; of memory, threading and kv_cache a quarter as many, because each of their cases repeats the
// costly checks of the contract that have nothing to do with its shape.
std::vector<Case> random_cases(std::int64_t count, std::uint64_t seed);

// The smallest case reached from `c` by steps that still fail: dimensions towards 1, the plainest fill, mode and seed.
Case smallest_failing(const Case& c, const std::function<bool(const Case&)>& fails);

// Replaces the first failure of each variant on a random case by the smallest case that fails the same check.
void shrink_random_failures(CheckSummary& summary);

}  // namespace bitproof
