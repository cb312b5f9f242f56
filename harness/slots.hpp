// Checks of the ops that have no arithmetic of their own: the properties of their contract, and real work done through
// them against the oracles. memory and threading carry a ternary product, kv_cache carries attention.
#pragma once

#include "case.hpp"
#include "kv_cache/contract.hpp"
#include "memory/contract.hpp"
#include "threading/contract.hpp"
#include "verdict.hpp"

namespace bitproof {

Verdict check_slot(const memory::Kernel&, const Case&);
Verdict check_slot(const threading::Kernel&, const Case&);
Verdict check_slot(const kv_cache::Kernel&, const Case&);

}  // namespace bitproof
