#include "suites.hpp"

namespace bitproof {

std::string suite_path(const std::string& name_or_path) {
  const bool path = name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml");
  return path ? name_or_path : std::string(BITPROOF_SUITES_DIR) + "/" + name_or_path + ".toml";
}

}  // namespace bitproof
