#include "metamorphic.hpp"

namespace bitproof {

bool relations_apply(const Case& c) {
  if (c.fill != Fill::random && c.fill != Fill::extreme) return false;
  const std::int64_t depth = c.op == "attention" ? c.positions : 1;
  std::int64_t elements = 1;
  for (const std::int64_t n : {c.rows, c.cols, c.batch, depth}) {
    if (n > kMostRelatedElements / elements) return false;
    elements *= n;
  }
  return true;
}

}  // namespace bitproof
