// Checks that need no oracle: relations between several results of one kernel that hold whatever the right results are.
// They would find what oracle and kernel get wrong alike, and what one call alone cannot show: state, and results that
// depend on position, neighbours or what was computed before.
#pragma once

#include "case.hpp"
#include "registry.hpp"
#include "verdict.hpp"

namespace bitproof {

// The relations call a kernel some twenty times. What they look for, lanes, tails, tiles and state, is all there in a
// case of this size, where twenty calls of the slowest kernel take milliseconds.
inline constexpr std::int64_t kMostRelatedElements = 1 << 16;

// Nothing to say of larger cases, nor of fills that are not finite numbers of both signs.
bool relations_apply(const Case& c);

// The first relation that the kernel breaks on inputs of this shape, fill and seed; passes where none applies.
// Specialised for every arithmetic op in metamorphic/.
template <class Kernel>
Verdict check_relations(const Kernel&, const Case&);

}  // namespace bitproof
