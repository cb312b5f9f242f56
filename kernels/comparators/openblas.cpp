#include <cblas.h>

#include "comparators/float_product.hpp"

// Its own threads off: the harness splits the rows.
extern "C" __attribute__((visibility("default"))) void bitproof_openblas_product(std::int64_t rows, std::int64_t cols,
                                                                                 std::int64_t batch, const float* w,
                                                                                 const float* x, float* y) {
  openblas_set_num_threads(1);
  const int r = static_cast<int>(rows), c = static_cast<int>(cols), b = static_cast<int>(batch);
  if (batch == 1) {
    cblas_sgemv(CblasRowMajor, CblasNoTrans, r, c, 1.0f, w, c, x, 1, 0.0f, y, 1);
  } else {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, b, r, c, 1.0f, x, c, w, c, 0.0f, y, r);
  }
}
