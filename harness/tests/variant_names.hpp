// Variants as parameters of a GoogleTest suite.
#pragma once

#include <gtest/gtest.h>

#include <cctype>
#include <string>
#include <vector>

#include "registry.hpp"

namespace bitproof {

// Ids of the variants of one op that this machine can run.
template <class Kernel>
std::vector<std::string> runnable_ids() {
  std::vector<std::string> ids;
  for (const auto& v : variants<Kernel>()) {
    if (v.runnable()) ids.push_back(v.id);
  }
  return ids;
}

// An id as a name that GoogleTest accepts: letters, digits and _.
inline std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  for (char& c : name) {
    if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

}  // namespace bitproof
