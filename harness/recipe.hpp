// A recipe names one variant for every slot of the token loop. A Recipe holds them cleared.
#pragma once

#include <map>
#include <string>

#include "cleared.hpp"

namespace bitproof {

// op -> variant id, for every op.
using RecipeNames = std::map<std::string, std::string>;

// Software prefetch "on" is this row: 32 cache lines ahead, the best of the sweep in kernels/ternary_matmul/README.md.
inline constexpr const char* kPrefetchRow = "pf32";

inline constexpr Techniques kNoTechniques{};
inline constexpr Techniques kAllTechniques{(1 << kTechniqueCount) - 1};

// "memory_pool", ...; throws BadInput.
Technique parse_technique(const std::string& text);

// "none", "all", "default", or techniques joined by commas. `default` is pool, SIMD, threads and ring cache: no T-MAC,
// no software prefetch. `best` is no set of techniques: best_recipe.hpp searches it, beginning with the default.
Techniques parse_recipe(const std::string& text);
std::string recipe_name(Techniques);  // "none", "all", or "simd,tmac"

// The variants that a set of techniques stands for on this machine. Each op takes the runnable exact variant whose
// techniques are exactly those of the set that the op knows, on the highest ISA; autovec is never chosen by itself.
RecipeNames recipe_names(Techniques);
bool runs_here(Techniques);  // every op has such a variant that this machine can run

// "op=variant"; the op may be left out of the variant's id. Throws BadInput, with the nearest name, if there is none.
void apply_slot(RecipeNames& names, const std::string& slot);

// "f32", "f16" or "q8": the cache keeps such elements and attention reads them. Throws BadInput.
void apply_kv(RecipeNames& names, const std::string& element);

// The techniques that the named variants carry.
Techniques techniques_of(const RecipeNames&);

struct Recipe {
#define BITPROOF_SLOT(op) Cleared<op::Kernel> op##_slot;
  BITPROOF_FOR_EACH_OP(BITPROOF_SLOT)
#undef BITPROOF_SLOT
};

}  // namespace bitproof
