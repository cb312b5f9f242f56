#include <fmt/format.h>

#include "matmul.hpp"
#include "model_shapes.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kMostLayers = 1000, kMostVocabulary = std::int64_t{1} << 24,
                       kMostContext = std::int64_t{1} << 20, kWidestHead = 512;

}  // namespace

std::string shape_fault(const ModelShape& m) {
  const auto within = [](std::int64_t value, std::int64_t most) { return value >= 1 && value <= most; };
  const auto width = [&](std::int64_t value) { return within(value, matmul::kMaxCols); };
  if (!width(m.hidden) || !width(m.ffn))
    return fmt::format("hidden {} and ffn {} must be 1 to {}", m.hidden, m.ffn, matmul::kMaxCols);
  if (!width(m.heads) || !width(m.head_dim) || !width(m.heads * m.head_dim)) {
    return fmt::format("{} heads of {} must be 1 to {} wide together", m.heads, m.head_dim, matmul::kMaxCols);
  }
  if (m.head_dim > kWidestHead) return fmt::format("head_dim {} is over {}", m.head_dim, kWidestHead);
  if (m.head_dim % 2 != 0) return fmt::format("head_dim {} is odd: RoPE turns pairs", m.head_dim);
  if (!within(m.kv_heads, m.heads) || m.heads % m.kv_heads != 0) {
    return fmt::format("{} heads cannot share {} key-value heads", m.heads, m.kv_heads);
  }
  if (!within(m.layers, kMostLayers)) return fmt::format("{} layers: 1 to {} are possible", m.layers, kMostLayers);
  if (!within(m.vocab, kMostVocabulary))
    return fmt::format("a vocabulary of {}: 1 to {} are possible", m.vocab, kMostVocabulary);
  if (!within(m.context, kMostContext))
    return fmt::format("a context of {}: 1 to {} are possible", m.context, kMostContext);
  if (!(m.rope_base > 1 && m.rope_base < 1e12))
    return fmt::format("rope_base {} must be over 1 and below 1e12", m.rope_base);
  if (!(m.norm_eps >= 0 && m.norm_eps < 1))
    return fmt::format("norm_eps {} must be at least 0 and below 1", m.norm_eps);
  return "";
}

}  // namespace bitproof
