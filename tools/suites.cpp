#include "suites.hpp"

#include <filesystem>

#include "error.hpp"
#include "nearest.hpp"

namespace bitproof {
namespace {

std::string suite_path(const std::string& name_or_path) {
  if (name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".toml")) return name_or_path;
  const std::filesystem::path folder = BITPROOF_SUITES_DIR;
  std::vector<std::string> known;
  std::error_code none;
  for (const auto& file : std::filesystem::directory_iterator(folder, none)) known.push_back(file.path().stem());
  if (std::find(known.begin(), known.end(), name_or_path) == known.end()) {
    throw BadInput("--suite: no suite is named '{}' in {}; did you mean {}? (a file needs its .toml)", name_or_path,
                   folder.string(), nearest(name_or_path, known));
  }
  return folder / (name_or_path + ".toml");
}

}  // namespace

Suite read_suites(const std::vector<std::string>& names_or_paths) {
  Suite all;
  for (const std::string& name : names_or_paths) {
    const Suite suite = read_suite(suite_path(name));
    all.name += (all.name.empty() ? "" : "+") + suite.name;
    all.cases.insert(all.cases.end(), suite.cases.begin(), suite.cases.end());
    all.benchmarks.insert(all.benchmarks.end(), suite.benchmarks.begin(), suite.benchmarks.end());
  }
  return all;
}

}  // namespace bitproof
