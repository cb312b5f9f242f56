#include "reference/attention.hpp"

#include <algorithm>

#include "reference/exponential.hpp"
#include "reference/rows.hpp"

namespace bitproof::reference {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Block = Eigen::Ref<const Matrix, 0, Eigen::OuterStride<>>;

struct Weights {
  Eigen::ArrayXd p;         // softmax
  Eigen::ArrayXd relative;  // bound of the relative error of each weight before normalisation
};

double rescales(Eigen::Index positions) { return std::ceil(static_cast<double>(positions) / kPositionsPerRescale); }

// eq and ek: errors of q and k.
Weights softmax_weights(const Eigen::VectorXd& q, const Block& k, const Eigen::VectorXd& eq, const Block& ek,
                        double scale) {
  const Eigen::ArrayXd score = scale * (k * q);
  const Eigen::ArrayXd magnitude = std::abs(scale) * ((k.cwiseAbs() + ek) * (q.cwiseAbs() + eq));
  const Eigen::ArrayXd shift = std::abs(scale) * (k.cwiseAbs() * eq + ek * (q.cwiseAbs() + eq));
  const Eigen::ArrayXd score_error = gamma(static_cast<double>(q.size()) + 3) * magnitude + shift;
  const Eigen::ArrayXd depth = score.maxCoeff() - score;
  const Eigen::ArrayXd weight = (-depth).exp();
  const Eigen::ArrayXd log_error = score_error + kUnitRoundoff * (depth + score_error + score_error.maxCoeff()) +
                                   (rescales(k.rows()) + 1) * (kExpError + kUnitRoundoff);
  return {weight / weight.sum(), log_error.expm1()};
}

// One head of one query: k and v are the [m x head_dim] that it sees.
void attend(const Eigen::VectorXd& q, const Block& k, const Block& v, const Eigen::VectorXd& eq, const Block& ek,
            double scale, double* value, double* bound) {
  const Weights w = softmax_weights(q, k, eq, ek, scale);
  const Eigen::RowVectorXd out = w.p.matrix().transpose() * v;
  Eigen::Map<Eigen::RowVectorXd>(value, v.cols()) = out;

  const auto m = static_cast<double>(v.rows());
  const Eigen::VectorXd moved = w.p * w.relative;  // weight that may have moved
  const Eigen::RowVectorXd from_weights = moved.transpose() * (v.rowwise() - out).cwiseAbs();
  const Eigen::RowVectorXd mass = (w.p * (1 + w.relative)).matrix().transpose() * v.cwiseAbs();
  const Eigen::RowVectorXd from_sums = gamma(2 * (m + rescales(v.rows())) + 1) * mass;
  const Eigen::RowVectorXd from_floor =
      2 * kExpFloor * (v.cwiseAbs().colwise().sum().array() + m * (out.array().abs() + 1));
  const double kept = 1 - moved.sum();  // not positive: nothing is known, the bound is infinite
  Eigen::Map<Eigen::RowVectorXd>(bound, v.cols()) = (from_weights + from_sums) / (kept > 0 ? kept : 0.0) + from_floor;
}

}  // namespace

Bounded attention(const AttentionShape& shape, std::span<const float> q, std::int64_t position,
                  std::span<const float> k, std::span<const float> v, std::int64_t first, const AttentionError& error) {
  const std::int64_t d = shape.head_dim;
  require(shape.kv_heads > 0 && shape.heads % shape.kv_heads == 0, "attention: kv_heads must divide heads");
  const Matrix queries = rows_of(q, shape.heads * d).cast<double>();
  const Matrix keys = rows_of(k, shape.kv_heads * d).cast<double>();
  const Matrix values = rows_of(v, shape.kv_heads * d).cast<double>();
  require(keys.rows() == values.rows(), "attention: as many keys as values");
  const auto error_of = [](std::span<const double> e, const Matrix& of) -> Matrix {
    if (e.empty()) return Matrix::Zero(of.rows(), of.cols());
    return rows_of(e, of.cols()).matrix();
  };
  const Matrix eq = error_of(error.q, queries), ek = error_of(error.k, keys);

  Bounded out{std::vector<double>(q.size()), std::vector<double>(q.size())};
  for (Eigen::Index b = 0; b < queries.rows(); ++b) {
    const std::int64_t end = position + b + 1 - first;  // in rows of k and v
    const std::int64_t begin = std::max<std::int64_t>(0, end - shape.window);
    require(begin < end && end <= keys.rows(), "attention: a query must see itself");
    for (std::int64_t head = 0; head < shape.heads; ++head) {
      const std::int64_t kv_column = head / (shape.heads / shape.kv_heads) * d;
      const auto index = static_cast<std::size_t>(b * queries.cols() + head * d);
      const auto seen = [&](const Matrix& m) { return m.block(begin, kv_column, end - begin, d); };
      const auto own = [&](const Matrix& m) { return m.row(b).segment(head * d, d).transpose(); };
      attend(own(queries), seen(keys), seen(values), own(eq), seen(ek), shape.scale, &out.value[index],
             &out.bound[index]);
    }
  }
  return out;
}

}  // namespace bitproof::reference
