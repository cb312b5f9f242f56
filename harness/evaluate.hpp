// How well logits predict given tokens, and how far two loops' logits lie apart on them.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "decoder.hpp"
#include "statistics.hpp"

namespace bitproof {

// Of each predicted token, in order. A window's first token is predicted from nothing and not counted.
struct Evaluation {
  std::vector<double> nll;          // of the first decoder, in nats: -log p(the token that follows)
  std::vector<double> nll_against;  // of the second; empty without one
  std::vector<double> kld;          // of the second's distribution from the first's, in nats
  std::int64_t same_top = 0;        // both would choose the same token
  std::int64_t windows = 0;

  std::int64_t predicted() const { return static_cast<std::int64_t>(nll.size()); }
};

// exp of the mean of nll, with the 95 % interval that independent tokens would have.
struct Perplexity {
  double value, ci_low, ci_high;
};
Perplexity perplexity(std::span<const double> nll);

double negative_log_likelihood(std::span<const float> logits, std::int32_t token);  // sums in double

// Feeds the tokens one by one to both, in windows of `window` that each begin with an empty cache. Stops when
// interrupted. against may be null. Every token is in the vocabulary: the caller has checked.
Evaluation evaluate(Decoder& decoder, Decoder* against, std::span<const std::int32_t> tokens, std::int64_t window,
                    const std::function<void(double fraction)>& progress = {});

// Ids in decimal, separated by blanks, commas or line ends. Throws BadInput naming the path and the byte.
std::vector<std::int32_t> parse_token_ids(std::string_view text, const std::string& path, std::int64_t vocab);

}  // namespace bitproof
