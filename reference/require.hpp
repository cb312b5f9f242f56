// Preconditions of the oracles. An oracle with a wrong argument must not answer, in any build type.
#pragma once

#include <stdexcept>

namespace bitproof::reference {

inline void require(bool holds, const char* what) {
  if (!holds) throw std::invalid_argument(what);
}

}  // namespace bitproof::reference
