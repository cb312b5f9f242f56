// The contrasts that say what each factor of a lattice bought: over cells of log rates, so that a ratio is a difference
// and shares that add up here multiply there. Pure functions of the lattice's shape.
//
// A factor has levels 0 (off) to its last (on). Cells are counted like digits, factor 0 the fastest: of six factors of
// two levels, cell 0b000010 has factor 1 on and the others off.
#pragma once

#include <vector>

#include "contrasts.hpp"

namespace bitproof {

using LatticeShape = std::vector<int>;  // levels of each factor, at least 2

std::size_t cell_count(const LatticeShape& shape);
std::vector<int> levels_of(std::size_t cell, const LatticeShape& shape);
std::size_t cell_of(const std::vector<int>& levels, const LatticeShape& shape);

// A factor at one of its levels other than 0; where a contrast moves other factors, they move between 0 and their last.
struct FactorLevel {
  int factor, level;
};

Contrast total_contrast(const LatticeShape& shape);                   // all on over all off
Contrast alone_contrast(const LatticeShape& shape, FactorLevel f);    // only f over all off
Contrast without_contrast(const LatticeShape& shape, FactorLevel f);  // all on, f at its level, over all on but f

// Shapley's value: the mean over all orders of switching on of what switching on f changes (L. S. Shapley, 1953). Over
// the factors at their last levels these contrasts sum to total_contrast, in any order of the factors.
Contrast shapley_contrast(const LatticeShape& shape, FactorLevel f);

// The same with factor g held off, or on, and the rest a lattice without it: what f is worth in g's absence or
// presence.
Contrast shapley_given(const LatticeShape& shape, FactorLevel f, int g, bool on);

// What f is worth with g over what it is worth without: Shapley's interaction index (M. Grabisch and M. Roubens, 1999),
// the same for (f, g) as for (g, f).
Contrast interaction_contrast(const LatticeShape& shape, FactorLevel f, int g);

}  // namespace bitproof
