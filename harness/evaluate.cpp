#include "evaluate.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "error.hpp"
#include "interrupt.hpp"
#include "reference/bounded.hpp"

namespace bitproof {
namespace {

std::int64_t best_of(std::span<const float> logits) { return std::ranges::max_element(logits) - logits.begin(); }

}  // namespace

double negative_log_likelihood(std::span<const float> logits, std::int32_t token) {
  const auto most = static_cast<double>(*std::ranges::max_element(logits));
  double sum = 0;
  for (const float l : logits) sum += std::exp(static_cast<double>(l) - most);
  return std::log(sum) + most - static_cast<double>(logits[static_cast<std::size_t>(token)]);
}

Perplexity perplexity(std::span<const double> nll) {
  const MeanInterval mean = mean_interval(nll, 0.95);
  return {std::exp(mean.mean), std::exp(mean.mean - mean.half_width), std::exp(mean.mean + mean.half_width)};
}

Evaluation evaluate(Decoder& decoder, Decoder* against, std::span<const std::int32_t> tokens, std::int64_t window,
                    const std::function<void(double fraction)>& progress) {
  Evaluation out;
  for (std::size_t begin = 0; begin < tokens.size(); begin += static_cast<std::size_t>(window)) {
    const auto part = tokens.subspan(begin, std::min(tokens.size() - begin, static_cast<std::size_t>(window)));
    if (part.size() < 2) break;
    decoder.prefill({});
    if (against) against->prefill({});
    for (std::size_t i = 0; i + 1 < part.size(); ++i) {
      decoder.next(part[i]);
      if (against) against->next(part[i]);
      if (interrupted()) return out;
      const std::span<const float> logits = decoder.logits();
      out.nll.push_back(negative_log_likelihood(logits, part[i + 1]));
      if (against) {
        const std::span<const float> other = against->logits();
        out.nll_against.push_back(negative_log_likelihood(other, part[i + 1]));
        out.kld.push_back(reference::kld(std::vector<double>(other.begin(), other.end()),
                                         std::vector<double>(logits.begin(), logits.end())));
        out.same_top += best_of(logits) == best_of(other);
      }
      if (progress) progress(static_cast<double>(begin + i + 1) / static_cast<double>(tokens.size()));
    }
    ++out.windows;
  }
  return out;
}

std::vector<std::int32_t> parse_token_ids(std::string_view text, const std::string& path, std::int64_t vocab) {
  std::vector<std::int32_t> ids;
  for (std::size_t at = 0; at < text.size();) {
    if (constexpr std::string_view kBetween = " \t\r\n,"; kBetween.find(text[at]) != kBetween.npos) {
      ++at;
      continue;
    }
    std::int32_t id = -1;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), id);
    if (error != std::errc{}) throw BadInput("{}: byte {}: not a token id", path, at);
    if (id < 0 || id >= vocab)
      throw BadInput("{}: byte {}: token {} is not in the vocabulary of {}", path, at, id, vocab);
    ids.push_back(id);
    at = static_cast<std::size_t>(end - text.data());
  }
  return ids;
}

}  // namespace bitproof
