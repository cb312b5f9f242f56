// What a reader owes to any bytes: it takes them, or throws BadInput with one line that names where they came from.
// Whatever else is thrown, ends the program and is a finding.
#pragma once

#include <cstdlib>
#include <string>

#include "error.hpp"

namespace bitproof {

// True if the bytes were taken.
template <class Read>
bool taken(const std::string& where, Read&& read) {
  try {
    read();
    return true;
  } catch (const BadInput& e) {
    const std::string line = e.what();
    if (!line.starts_with(where) || line.find('\n') != std::string::npos) std::abort();
    return false;
  }
}

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace bitproof
