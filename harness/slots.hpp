// Checks of the ops that have no arithmetic of their own: the properties of their contract, and real work done through
// them against the oracles. memory and threading carry a ternary product, kv_cache carries attention.
#pragma once

#include <type_traits>

#include "case.hpp"
#include "kv_cache/contract.hpp"
#include "memory/contract.hpp"
#include "threading/contract.hpp"
#include "verdict.hpp"

namespace bitproof {

// An op without arithmetic of its own.
template <class Kernel>
inline constexpr bool kIsSlot = std::is_same_v<Kernel, memory::Kernel> || std::is_same_v<Kernel, threading::Kernel> ||
                                std::is_same_v<Kernel, kv_cache::Kernel>;

Verdict check_slot(const memory::Kernel&, const Case&);
Verdict check_slot(const threading::Kernel&, const Case&);
Verdict check_slot(const kv_cache::Kernel&, const Case&);

}  // namespace bitproof
