// What a variant says of itself, by the ISA word of its file's name, its techniques and its row, held against the
// machine code that its table points to. "Named AVX-512 but scalar" is found here.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>

#include "entry_points.hpp"
#include "look_up.hpp"
#include "object_code.hpp"
#include "registry.hpp"
#include "slots.hpp"
#include "verdict.hpp"

namespace bitproof {

struct Claim {
  std::string isa;  // scalar, avx2 ...; what names no width (baseline, autovec) claims none
  std::string row;  // "pf8" claims prefetches too
  Techniques techniques;
  bool arithmetic;  // false for memory, threading and kv_cache
  bool allocator;   // it is the memory op: its work may allocate, unless it claims to be a pool

  friend bool operator==(const Claim&, const Claim&) = default;
};

template <class Kernel>
Claim claim_of(const VariantOf<Kernel>& v) {
  return {v.isa, v.info->row, v.info->techniques, !kIsSlot<Kernel>, std::is_same_v<Kernel, memory::Kernel>};
}

// The verdict is remembered: code is disassembled once.
Verdict screen_code(const Claim& claim, const EntryPoints& code);

// Two names for one implementation, where the names differ in what they claim: "" or the other's id.
template <class Kernel>
std::string same_code_as(const VariantOf<Kernel>& v, const std::vector<VariantOf<Kernel>>& others) {
  const auto twin = std::find_if(others.begin(), others.end(), [&](const VariantOf<Kernel>& other) {
    return other.id != v.id && entry_points(*other.kernel) == entry_points(*v.kernel) && claim_of(other) != claim_of(v);
  });
  return twin == others.end() ? "" : twin->id;
}

// By the code alone: also for a variant that cannot run here.
template <class Kernel>
Verdict screen_code(const VariantOf<Kernel>& v) {
  if (Verdict verdict = screen_code(claim_of(v), entry_points(*v.kernel)); !verdict.ok()) return verdict;
  const std::string twin = same_code_as(v, variants<Kernel>());
  if (twin.empty()) return Verdict::pass();
  return {Status::fallback, v.id + " is the code of " + twin + ", which claims something else", "object code"};
}

// By what it does, for what no instruction shows: a table look-up. Runs a kernel that has passed a case.
template <class Kernel>
Verdict screen_effect(const VariantOf<Kernel>& v) {
  if constexpr (std::is_same_v<Kernel, ternary_matmul::Kernel>) {
    if (v.info->techniques.has(Technique::tmac)) return screen_look_up(*v.kernel);
  }
  return Verdict::pass();
}

// The census of a variant's work; of any op.
Census census_of(const Variant&);

}  // namespace bitproof
