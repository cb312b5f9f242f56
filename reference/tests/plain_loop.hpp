// The decoder of model.hpp once more, in plain double loops that share nothing with the oracles but the definitions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "reference/token_loop.hpp"

namespace bitproof::reference {

using Tokens = std::vector<std::int32_t>;

class PlainLoop {
 public:
  PlainLoop(const ModelShape& shape, const ModelWeights& weights) : shape_(shape), weights_(weights) {}

  std::vector<double> logits(const Tokens& tokens) const {
    Rows h;
    for (const std::int32_t token : tokens) h.push_back(embed(token));
    for (const LayerWeights& layer : weights_.layers) {
      attention_block(layer, h);
      ffn_block(layer, h);
    }
    const Row x = quantized(norm(h.back(), weights_.output_norm));
    Row out = product(weights_.head.w, 1, x);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] *= static_cast<double>(weights_.head.row_scale[i]);
    return out;
  }

 private:
  using Row = std::vector<double>;
  using Rows = std::vector<Row>;

  Row embed(std::int32_t token) const {
    Row row;
    for (std::int64_t i = 0; i < shape_.hidden; ++i) {
      const auto at = static_cast<std::size_t>(token * shape_.hidden + i);
      row.push_back(weights_.embedding.w[at] *
                    static_cast<double>(weights_.embedding.row_scale[static_cast<std::size_t>(token)]));
    }
    return row;
  }

  Row norm(const Row& x, const std::vector<float>& weight) const {
    double square = 0;
    for (const double value : x) square += value * value;
    const double root = std::sqrt(square / static_cast<double>(x.size()) + static_cast<double>(shape_.norm_eps));
    Row y;
    for (std::size_t i = 0; i < x.size(); ++i) y.push_back(x[i] / root * static_cast<double>(weight[i]));
    return y;
  }

  // v / s: the value that the int8 stands for.
  static Row quantized(const Row& x) {
    double top = 1e-5;
    for (const double value : x) top = std::max(top, std::abs(value));
    Row y;
    for (const double value : x) y.push_back(std::nearbyint(value * 127 / top) * top / 127);
    return y;
  }

  static Row product(const std::vector<std::int8_t>& w, double scale, const Row& x) {
    Row y;
    for (auto row = w.begin(); row != w.end(); row += std::ssize(x)) {
      y.push_back(scale * std::inner_product(x.begin(), x.end(), row, 0.0));
    }
    return y;
  }

  static Row product(const TernaryMatrix& w, const Row& x) {
    Row y = product(w.w, 1, x);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] *= static_cast<double>(w.scale[w.scale.size() > 1 ? i : 0]);
    return y;
  }

  Row rotate(Row x, std::size_t position) const {
    const std::int64_t d = shape_.head_dim;
    for (std::int64_t head = 0; head < std::ssize(x) / d; ++head) {
      for (std::int64_t i = 0; i < d / 2; ++i) {
        const double t = static_cast<double>(position) *
                         std::pow(shape_.rope_base, -2 * static_cast<double>(i) / static_cast<double>(d));
        const bool neox = shape_.rope_style == rope::Style::neox;
        double& a = x[static_cast<std::size_t>(head * d + (neox ? i : 2 * i))];
        double& b = x[static_cast<std::size_t>(head * d + (neox ? i + d / 2 : 2 * i + 1))];
        const double a0 = a, b0 = b;
        a = a0 * std::cos(t) - b0 * std::sin(t);
        b = a0 * std::sin(t) + b0 * std::cos(t);
      }
    }
    return x;
  }

  void attention_block(const LayerWeights& w, Rows& h) const {
    Rows k, v;
    for (std::size_t t = 0; t < h.size(); ++t) {
      const Row x = quantized(norm(h[t], w.attn_norm));
      k.push_back(rotate(product(w.k, x), t));
      v.push_back(product(w.v, x));
      Row a = attend(rotate(product(w.q, x), t), k, v);
      if (shape_.sub_norms) a = norm(a, w.attn_sub_norm);
      add(h[t], product(w.o, quantized(a)));
    }
  }

  Row attend(const Row& q, const Rows& k, const Rows& v) const {
    const auto d = static_cast<std::size_t>(shape_.head_dim), m = k.size();
    const std::size_t begin =
        m > static_cast<std::size_t>(shape_.context) ? m - static_cast<std::size_t>(shape_.context) : 0;
    const auto group = static_cast<std::size_t>(shape_.heads / shape_.kv_heads);
    Row out(q.size(), 0.0);
    for (std::size_t head = 0; head < q.size() / d; ++head) {
      double sum = 0;
      for (std::size_t j = begin; j < m; ++j) {
        const std::size_t kv = head / group * d;
        const double score = std::inner_product(&q[head * d], &q[head * d] + d, &k[j][kv], 0.0);
        const double weight = std::exp(score / std::sqrt(static_cast<double>(d)));
        sum += weight;
        for (std::size_t i = 0; i < d; ++i) out[head * d + i] += weight * v[j][kv + i];
      }
      for (std::size_t i = 0; i < d; ++i) out[head * d + i] /= sum;
    }
    return out;
  }

  void ffn_block(const LayerWeights& w, Rows& h) const {
    for (Row& row : h) {
      const Row x = quantized(norm(row, w.ffn_norm));
      Row f = product(w.gate, x);
      const Row up = product(w.up, x);
      for (std::size_t i = 0; i < f.size(); ++i) {
        const double r = std::max(f[i], 0.0);
        f[i] = up[i] * (shape_.activation == gated_ffn::Activation::silu ? f[i] / (1 + std::exp(-f[i])) : r * r);
      }
      if (shape_.sub_norms) f = norm(f, w.ffn_sub_norm);
      add(row, product(w.down, quantized(f)));
    }
  }

  static void add(Row& h, const Row& y) {
    for (std::size_t i = 0; i < h.size(); ++i) h[i] += y[i];
  }

  const ModelShape& shape_;
  const ModelWeights& weights_;
};

}  // namespace bitproof::reference
