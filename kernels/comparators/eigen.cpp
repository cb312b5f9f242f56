#include <Eigen/Core>

#include "comparators/float_product.hpp"

extern "C" __attribute__((visibility("default"))) void bitproof_eigen_product(std::int64_t rows, std::int64_t cols,
                                                                              std::int64_t batch, const float* w,
                                                                              const float* x, float* y) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Matrix> weights(w, rows, cols);
  if (batch == 1) {
    Eigen::Map<Eigen::VectorXf>(y, rows).noalias() = weights * Eigen::Map<const Eigen::VectorXf>(x, cols);
  } else {
    Eigen::Map<Matrix>(y, batch, rows).noalias() = Eigen::Map<const Matrix>(x, batch, cols) * weights.transpose();
  }
}
