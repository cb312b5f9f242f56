// Blocks by placement state. A state lasts seconds to minutes and a round longer, so samples of one round are taken in
// several: what a state does to the rates of cells of one kind is estimated within cells and taken out, as if each had
// been measured in the run's mix of states.
#pragma once

#include <vector>

#include "contrasts.hpp"

namespace bitproof {

// state: [cell][round], 0 or 1, or -1 where it is not known or there is one only. kind: of each cell; what a state does
// is common to a kind (threads, and whether it reads memory as fast as it can), and differs between them. Least squares
// of cell and state effects within each kind; a kind none of whose cells was seen in both states stays as it is.
CellRounds level_states(CellRounds y, const std::vector<std::vector<int>>& state, const std::vector<int>& kind);

}  // namespace bitproof
