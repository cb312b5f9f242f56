#include "reference/attention.hpp"

#include <bit>

#include "support.hpp"

namespace bitproof::reference {
namespace {

struct Inputs {
  AttentionShape shape;
  std::int64_t position = 0;  // of the first query
  std::int64_t first = 0;     // of row 0 of k and v
  Floats q, k, v;

  Bounded truth() const { return attention(shape, q, position, k, v, first); }
};

// `positions` rows of k and v from logical position `first`; the queries are the last `batch` positions.
Inputs random_inputs(Random& random, AttentionShape shape, std::int64_t batch, std::int64_t positions,
                     std::int64_t first = 0, float sigma = 1) {
  const std::int64_t kv = positions * shape.kv_heads * shape.head_dim;
  return {shape,
          first + positions - batch,
          first,
          gaussian(random, batch * shape.heads * shape.head_dim, sigma),
          gaussian(random, kv, sigma),
          gaussian(random, kv)};
}

AttentionShape shape_of(std::int64_t heads, std::int64_t kv_heads, std::int64_t head_dim,
                        std::int64_t window = 1 << 20) {
  return {heads, kv_heads, head_dim, 1 / std::sqrt(static_cast<float>(head_dim)), window};
}

// What one head of one query reads.
struct HeadView {
  const float* q;
  std::vector<const float*> k, v;  // visible rows
};

template <class Head>
Floats per_head(const Inputs& in, Head&& head) {
  const auto [heads, kv_heads, d, scale, window] = in.shape;
  Floats out;
  for (std::int64_t b = 0; b < std::ssize(in.q) / (heads * d); ++b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      HeadView view{&in.q[static_cast<std::size_t>((b * heads + h) * d)], {}, {}};
      for (std::int64_t j = in.first; j <= in.position + b; ++j) {
        if (j <= in.position + b - window) continue;
        const auto at = static_cast<std::size_t>(((j - in.first) * kv_heads + h / (heads / kv_heads)) * d);
        view.k.push_back(&in.k[at]);
        view.v.push_back(&in.v[at]);
      }
      const Floats y = head(view, in.shape);
      out.insert(out.end(), y.begin(), y.end());
    }
  }
  return out;
}

float dot(Random& random, const float* a, const float* b, std::int64_t n) {
  float sum = 0;
  for (const std::size_t i : any_order(random, static_cast<std::size_t>(n))) sum += a[i] * b[i];
  return sum;
}

// Scores, maximum, exponentials, sums; positions and dot products in random order.
Floats two_pass(Random& random, const HeadView& view, const AttentionShape& shape) {
  const std::size_t m = view.k.size();
  Floats weight(m), out(static_cast<std::size_t>(shape.head_dim), 0.0f);
  for (std::size_t j = 0; j < m; ++j) weight[j] = dot(random, view.q, view.k[j], shape.head_dim) * shape.scale;
  const float top = *std::ranges::max_element(weight);
  float sum = 0;
  for (const std::size_t j : any_order(random, m)) {
    const float w = std::exp(weight[j] - top);
    sum += w;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += w * view.v[j][i];
  }
  for (float& value : out) value /= sum;
  return out;
}

// A running maximum, rescaled once a block; log2 e is folded into q, and the quotient is a product with the reciprocal.
Floats online(Random& random, const HeadView& view, const AttentionShape& shape) {
  const auto d = static_cast<std::size_t>(shape.head_dim);
  Floats q(view.q, view.q + d), out(d, 0.0f);
  const float to_log2 = shape.scale * 1.44269504f;
  for (float& value : q) value *= to_log2;
  float top = -std::numeric_limits<float>::infinity(), sum = 0;
  constexpr auto kBlock = static_cast<std::size_t>(kPositionsPerRescale);
  for (std::size_t begin = 0; begin < view.k.size(); begin += kBlock) {
    const std::size_t end = std::min(begin + kBlock, view.k.size());
    Floats score;
    for (std::size_t j = begin; j < end; ++j) score.push_back(dot(random, q.data(), view.k[j], shape.head_dim));
    const float new_top = std::max(top, *std::ranges::max_element(score));
    const float rescale = std::exp2(top - new_top);
    top = new_top;
    sum *= rescale;
    for (float& value : out) value *= rescale;
    for (std::size_t j = begin; j < end; ++j) {
      const float w = std::exp2(score[j - begin] - top);
      sum += w;
      for (std::size_t i = 0; i < d; ++i) out[i] += w * view.v[j][i];
    }
  }
  const float inverse = 1 / sum;
  for (float& value : out) value *= inverse;
  return out;
}

TEST(Attention, ByHand) {
  // Scores 2 ln 3 and 0 times the scale 1/2: weights 3/4 and 1/4.
  const auto log9 = static_cast<float>(2 * std::log(3.0));
  const Bounded truth = attention({1, 1, 1, 0.5f, 8}, Floats{1}, 1, Floats{log9, 0}, Floats{8, -4});
  EXPECT_NEAR(truth.value[0], 5, 1e-6);
}

TEST(Attention, OnePositionReturnsItsValue) {
  Random random(1);
  const Inputs in = random_inputs(random, shape_of(2, 2, 16), 1, 1);
  EXPECT_EQ(rounded(in.truth()), in.v);
}

TEST(Attention, IsCausalAndWindowed) {
  Random random(2);
  Inputs in = random_inputs(random, shape_of(2, 1, 8, 4), 3, 10);  // queries at 7, 8, 9; the one at 7 sees 4..7
  const std::vector<double> before = in.truth().value;
  const auto changes_query_7 = [&](std::size_t position) {
    Inputs changed = in;
    for (std::size_t i = 0; i < 8; ++i) changed.v[position * 8 + i] += 1;
    const std::vector<double> after = changed.truth().value;
    return !std::equal(before.begin(), before.begin() + 16, after.begin());
  };
  EXPECT_FALSE(changes_query_7(3));
  EXPECT_TRUE(changes_query_7(4));
  EXPECT_TRUE(changes_query_7(7));
  EXPECT_FALSE(changes_query_7(8));
}

TEST(Attention, RowsBeforeFirstAreNotNeeded) {
  Random random(3);
  const Inputs in = random_inputs(random, shape_of(2, 2, 8, 5), 1, 12);
  Inputs tail = in;
  tail.first = 7;
  tail.k.erase(tail.k.begin(), tail.k.begin() + 7 * 16);
  tail.v.erase(tail.v.begin(), tail.v.begin() + 7 * 16);
  EXPECT_EQ(in.truth().value, tail.truth().value);
}

TEST(Attention, RefusesAQueryOutsideTheView) {
  EXPECT_THROW(attention(shape_of(1, 1, 1), Floats{1}, 1, Floats{1}, Floats{1}), std::invalid_argument);
  EXPECT_THROW(attention(shape_of(1, 1, 1), Floats{1}, 1, Floats{1}, Floats{1}, 2), std::invalid_argument);
  EXPECT_THROW(attention(shape_of(3, 2, 1), Floats{1, 1, 1}, 0, Floats{1, 1}, Floats{1, 1}), std::invalid_argument);
}

TEST(Attention, BoundHoldsForFloatInAnyOrder) {
  Random random(4);
  for (const AttentionShape shape :
       {shape_of(1, 1, 4), shape_of(4, 2, 64), shape_of(2, 2, 128), shape_of(4, 1, 32, 50)}) {
    for (const std::int64_t positions : {2, 17, 300}) {
      for (const float sigma : {0.1f, 1.0f, 8.0f}) {  // scores from nearly equal to one that takes all
        const Inputs in = random_inputs(random, shape, 2, positions, 3, sigma);
        const Bounded truth = in.truth();
        EXPECT_TRUE(inside(per_head(in, [&](auto&... args) { return two_pass(random, args...); }), truth));
        EXPECT_TRUE(inside(per_head(in, [&](auto&... args) { return online(random, args...); }), truth));
      }
    }
  }
}

TEST(Attention, BoundHoldsWhereAllButOneWeightVanish) {
  Random random(5);
  Inputs in = random_inputs(random, shape_of(1, 1, 16), 1, 40);
  for (std::size_t i = 0; i < 16; ++i) in.k[20 * 16 + i] = 100 * in.q[i];
  EXPECT_TRUE(inside(per_head(in, [&](auto&... args) { return two_pass(random, args...); }), in.truth()));
  EXPECT_TRUE(inside(per_head(in, [&](auto&... args) { return online(random, args...); }), in.truth()));
}

TEST(Attention, BoundScalesWithTheValues) {
  Random random(6);
  Inputs in = random_inputs(random, shape_of(2, 2, 32), 1, 64);
  const Bounded unit = in.truth();
  for (float& value : in.v) value *= 0x1p-20f;
  const Bounded small = in.truth();
  for (std::size_t i = 0; i < unit.bound.size(); ++i) EXPECT_NEAR(small.bound[i] / unit.bound[i], 0x1p-20, 0x1p-50);
}

TEST(Attention, BoundIsWithin300TimesTheErrorOfFloat) {
  Random random(7);
  const Inputs in = random_inputs(random, shape_of(4, 4, 64), 1, 128);
  const Bounded truth = in.truth();
  const Floats y = per_head(in, [&](auto&... args) { return two_pass(random, args...); });
  double error = 0, bound = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    error = std::max(error, std::abs(y[i] - truth.value[i]));
    bound = std::max(bound, truth.bound[i]);
  }
  EXPECT_LT(bound, 300 * error) << "error " << error << ", bound " << bound;
}

TEST(Attention, RejectsPlantedFaults) {
  Random random(8);
  const Inputs in = random_inputs(random, shape_of(4, 2, 64), 2, 64);
  const Bounded truth = in.truth();
  expect_rejects_planted(truth, in.q);
  const auto rejects = [&](auto change) {
    Inputs changed = in;
    change(changed);
    return !inside(rounded(changed.truth()), truth);
  };
  EXPECT_TRUE(rejects([](Inputs& c) { c.q = bfloat16(c.q); })) << "bfloat16 q";
  EXPECT_TRUE(rejects([](Inputs& c) { c.k = bfloat16(c.k); })) << "bfloat16 k";
  EXPECT_TRUE(rejects([](Inputs& c) { c.v = bfloat16(c.v); })) << "bfloat16 v";
  EXPECT_TRUE(rejects([](Inputs& c) { std::rotate(c.v.begin(), c.v.begin() + 128, c.v.end()); })) << "v a position off";
  EXPECT_TRUE(rejects([](Inputs& c) { std::rotate(c.q.begin(), c.q.begin() + 64, c.q.end()); })) << "q a head off";
  EXPECT_TRUE(rejects([](Inputs& c) { c.shape.scale *= 1.001f; })) << "scale off by a thousandth";
  EXPECT_TRUE(rejects([](Inputs& c) { c.shape.window = 62; })) << "one position too few";
  EXPECT_TRUE(rejects([](Inputs& c) { c.position -= 1; })) << "the diagonal masked";
}

}  // namespace
}  // namespace bitproof::reference
