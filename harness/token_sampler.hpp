// The next token from logits: the best one, or drawn from their distribution by a seed.
#pragma once

#include <cstdint>
#include <span>

#include "rng.hpp"

namespace bitproof {

struct Sampling {
  double temperature = 0;  // 0: greedy
  std::int64_t top_k = 0;  // only among the k best; 0: among all
  std::uint64_t seed = 1;
};

class TokenSampler {
 public:
  explicit TokenSampler(const Sampling& how) : how_(how), rng_(how.seed) {}

  // Softmax of logits / temperature in double; equals are ordered by id. NaN is never chosen, unless all are: then 0.
  std::int32_t choose(std::span<const float> logits);

 private:
  Sampling how_;
  Rng rng_;
};

}  // namespace bitproof
