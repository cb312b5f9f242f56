// What every variant carries, whatever its op, and how a variant file publishes its table.
//
// A variant file defines an array of its op's Kernel in an unnamed namespace and ends, inside namespace
// bitproof::<op>, with BITPROOF_VARIANTS(array). That makes one constant-initialised symbol: no code runs before main,
// and a file without it fails to link.
#pragma once

#include <cstdint>

#include "isa.hpp"

namespace bitproof {

enum class Technique : std::uint8_t { memory_pool, simd, threading, prefetch, tmac, kv_cache };
inline constexpr int kTechniqueCount = 6;

// A set of techniques, plain data.
struct Techniques {
  std::uint8_t bits = 0;

  constexpr bool has(Technique t) const { return (bits >> static_cast<int>(t)) & 1; }
  constexpr Techniques with(Technique t) const {
    return {static_cast<std::uint8_t>(bits | (1 << static_cast<int>(t)))};
  }
  constexpr Techniques without(Technique t) const {
    return {static_cast<std::uint8_t>(bits & ~(1 << static_cast<int>(t)))};
  }
  friend constexpr bool operator==(Techniques, Techniques) = default;
};

template <class... T>
consteval Techniques techniques(T... t) {
  return {static_cast<std::uint8_t>((0 | ... | (1 << static_cast<int>(t))))};
}

enum class Exactness : std::uint8_t {
  exact,        // integers: bit-equal; floats: inside the derived bound of the op (reference/)
  approximate,  // published NMSE bound in VariantInfo::nmse_bound
};

// The head of every op's Kernel.
struct VariantInfo {
  const char* row;   // "" for the file's main row, else the suffix of the id: "pf8" in ternary_matmul/tmac.avx2:pf8
  const char* note;  // one line for `bitproof list`
  Techniques techniques;
  Exactness exactness = Exactness::exact;
  double nmse_bound = 0;  // approximate variants only: sum (y - y')^2 / sum y^2, with its source in the note
  // Approximate products that round their weights: |w - w'| at most, so that |y - y'| <= weight_error sum |x|.
  double weight_error = 0;
};

// What a variant file exports. `op` and `stem` come from the file's path, `features` from its compile flags.
template <class Kernel>
struct Table {
  const char* op;
  const char* stem;  // file name without .cpp
  const char* isa;   // the stem's last dot-word if that names an ISA, else "baseline"
  Features features;
  const Kernel* rows;
  std::int32_t count;
};

namespace {
template <class Kernel, std::int32_t N>
consteval Table<Kernel> make_table(const char* op, const char* stem, const char* isa, const Kernel (&rows)[N]) {
  return {op, stem, isa, features_of_this_file(), rows, N};
}
}  // namespace

}  // namespace bitproof

// BITPROOF_TABLE (the symbol), BITPROOF_OP, BITPROOF_STEM and BITPROOF_ISA are set per file by
// tools/cmake/variants.cmake.
#define BITPROOF_VARIANTS(rows)                                             \
  extern "C" {                                                              \
  extern const bitproof::Table<Kernel> BITPROOF_TABLE;                      \
  constinit const bitproof::Table<Kernel> BITPROOF_TABLE =                  \
      bitproof::make_table(BITPROOF_OP, BITPROOF_STEM, BITPROOF_ISA, rows); \
  }
