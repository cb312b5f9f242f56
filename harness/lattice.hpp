// A lattice of recipes: factors, each off or at one of its levels, and a recipe for every combination. The six
// techniques are one such lattice; TOML describes others, over any slots:
//
//   name = "products"
//   base = ["memory_pool", "threading"]      # techniques that every recipe has
//
//   [[factors]]
//   name = "product"
//   expected = [4, 8]                        # somebody's promise for its last level; may be left out
//   [[factors.levels]]                       # the first level is off
//   name = "scalar"
//   [[factors.levels]]
//   name = "avx2"
//   slots = ["ternary_matmul=direct.avx2"]
//   [[factors.levels]]
//   name = "highest"
//   techniques = ["simd"]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "arm.hpp"
#include "shapley.hpp"

namespace bitproof {

struct Level {
  std::string name;
  Techniques techniques{};           // that it adds to the recipe
  std::vector<std::string> slots{};  // "op=variant", applied after all techniques, in the order of factors
};

struct Factor {
  std::string name;
  std::vector<Level> levels;                   // off first, at least 2
  std::string expected{};                      // as the promise is printed: "2-4"
  double expected_low = 0, expected_high = 0;  // 0: nothing was promised
  std::optional<Technique> technique{};        // whose witness speaks for it, where it is one of the six
};

struct Lattice {
  std::string name;
  Techniques base{};
  std::vector<Factor> factors;

  LatticeShape shape() const;
};

inline constexpr std::size_t kMostCells = 1024;

Lattice technique_lattice();  // the six, with what the reports under test promised for each

// Throws BadInput "file:line: what and what to do".
Lattice read_lattice(const std::string& path);
Lattice parse_lattice(const std::string& text, const std::string& path);

// The recipe of a cell: "none", "all", or the factors that are on; `threads` where it has the technique.
ArmSpec arm_of(const Lattice& lattice, std::size_t cell, int threads);

// All off, all on, each factor alone at each of its levels, all on but each at its last: ascending, each once. What
// `alone` and `without` need.
std::vector<std::size_t> corner_cells(const LatticeShape& shape);

}  // namespace bitproof
