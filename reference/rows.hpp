// Row-major Eigen views of plain memory.
#pragma once

#include <Eigen/Dense>
#include <cstdint>
#include <span>

#include "reference/require.hpp"

namespace bitproof::reference {

template <class T>
using RowArray = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

// data as [data.size() / cols x cols]; const T gives a read-only view.
template <class T>
auto rows_of(std::span<T> data, std::int64_t cols) {
  const auto size = static_cast<std::int64_t>(data.size());
  require(cols > 0 && size % cols == 0, "the data is not a whole number of rows");
  using Array = RowArray<std::remove_const_t<T>>;
  using View = std::conditional_t<std::is_const_v<T>, const Array, Array>;
  return Eigen::Map<View>(data.data(), size / cols, cols);
}

}  // namespace bitproof::reference
