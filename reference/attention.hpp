// The truth of attention: out = sum_j softmax_j(scale q . k_j) v_j over the positions a query sees, in double.
//
// Bound, for one query and head that sees m positions. Everything is relative to what was computed, so that the bound
// scales with q, k and v.
//
// Scores. A dot product of length d, times `scale` (a rounding, or two if folded into q together with log2 e):
//   |error of s_j| <= e_j = gamma_(d+3) scale |q|.|k_j|
// A dot product's underflow, < d 2^-149, is below the resolution of what follows.
//
// Weights. A variant takes w_j = exp(s_j - M), M being the largest score. An online softmax, or one split over parts,
// takes exp(s_j - m_1) exp(m_1 - m_2) ... exp(m_r - M) for the maxima it met on its way. Those differences all have one
// sign and telescope, so their roundings add to u (M - s_j); the r + 1 exponentials cost kExpError each, their products
// u each. M itself cancels in the quotient. With one rescaling every kPositionsPerRescale positions, w_j is off by a
// factor 1 + x_j,
//   |x_j| <= x = expm1(e_j + u (M - s_j + e_j + max e) + (r + 1)(kExpError + u))
//
// Quotient. With p the true softmax and p' the one of perturbed weights, since sum_j p_j (v_j - out) = 0,
//   sum p'_j v_j - out = sum p_j x_j (v_j - out) / sum p_j (1 + x_j)
//   |.| <= sum p_j x |v_j - out| / (1 - X),     X = sum p_j x < 1
//
// Sums. sum w_j v_j: each term sees a product, m - 1 additions and r rescalings; sum w_j: one fewer; their quotient one
// rounding, or two. By lemma 3.3 that is gamma_(2 (m + r) + 1) sum p'_j |v_j|, and p'_j <= p_j (1 + x) / (1 - X).
//
// Inputs within e_q and e_k of q and k: scores move by scale ((|q| + e_q).(|k_j| + e_k) - |q|.|k_j|) more, and their
// magnitudes are those of the inputs moved.
//
// Underflow. Exponentials below kExpFloor, and products: + 2 kExpFloor sum_j (|v_j| + |out| + 1), as sum_j w_j > 1/2.
#pragma once

#include <cstdint>
#include <span>

#include "reference/bounded.hpp"

namespace bitproof::reference {

// An online softmax meets a new maximum at most once a block of this many positions: a smaller block is out of bounds.
inline constexpr double kPositionsPerRescale = 16;

struct AttentionError {
  std::span<const double> q, k;  // both, or none
};

struct AttentionShape {
  std::int64_t heads, kv_heads, head_dim;
  float scale;          // 1 / sqrt(head_dim)
  std::int64_t window;  // a query at position p sees the positions (p - window, p]: the capacity of a ring
};

// q is [batch x heads * head_dim], element b at logical position `position` + b. k and v are
// [positions x kv_heads * head_dim], RoPE applied, their row 0 at logical position `first`: what lies before it is not
// seen, what lies after a query is not either.
Bounded attention(const AttentionShape& shape, std::span<const float> q, std::int64_t position,
                  std::span<const float> k, std::span<const float> v, std::int64_t first = 0,
                  const AttentionError& error = {});

}  // namespace bitproof::reference
