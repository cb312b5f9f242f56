// Evidence that a technique ran, not that it was asked for: what was counted, seen and disassembled, and the verdict.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "look_up.hpp"
#include "object_code.hpp"
#include "recipe.hpp"

namespace bitproof {

struct Witness {
  Technique technique;
  bool wanted;
  bool engaged;
  std::string evidence;
};

// The machine code of the function that the loop called for a slot.
struct SlotCode {
  std::string id;
  bool arithmetic;
  Census work;
  TableReach reach;  // of ternary_matmul
};
// op -> id, as the loop recorded it; what is no known variant has no entry.
std::vector<SlotCode> slot_code(const RecipeNames& dispatched);

// Every arithmetic slot computes in vectors.
Witness simd_witness(std::span<const SlotCode>);
// Some slot's code prefetches. What that is worth is measured, not witnessed.
Witness prefetch_witness(std::span<const SlotCode>);
// The product depends on its weights through tables.
Witness tmac_witness(std::span<const SlotCode>);

// Per token. No allocations is a pool; allocations that were not counted are not none.
Witness memory_pool_witness(const std::optional<double>& allocations, const std::string& why, double page_faults);

// Threads of the operating system that ran tiles, and the CPU time over the wall time of samples that nobody disturbed:
// none, where every sample was disturbed or too short to tell.
Witness threading_witness(int threads, const std::optional<double>& cpu_over_wall);

// Positions computed a token. After an empty prefix one is all there is, with a cache or without.
Witness kv_cache_witness(double positions, bool past);

}  // namespace bitproof
