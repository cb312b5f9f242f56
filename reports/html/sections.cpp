#include "reports/html/sections.hpp"

#include <algorithm>

namespace bitproof::html {

std::vector<const Json*> measured_arms(const Json& run) {
  std::vector<const Json*> arms;
  for (const Json& a : look(run, {"arms"})) {
    if (look(a, {"tok_per_s"}).is_object()) arms.push_back(&a);
  }
  return arms;
}

Dataset without_empty_columns(Dataset data) {
  std::erase_if(data.columns, [&](const Column& c) {
    return std::ranges::all_of(data.rows, [&](const Json& row) {
      return look(row, {c.key.c_str()}).is_null() && !row.contains(c.key + "_why");
    });
  });
  return data;
}

}  // namespace bitproof::html
