#include "reference/residual_add.hpp"

#include "reference/rows.hpp"

namespace bitproof::reference {

std::vector<float> residual_add(std::span<const float> h, std::span<const float> y) {
  require(h.size() == y.size(), "residual_add: sizes differ");
  std::vector<float> out(h.size());
  rows_of(std::span(out), 1) = rows_of(h, 1) + rows_of(y, 1);
  return out;
}

}  // namespace bitproof::reference
