#include "reports/audit/claims.hpp"

#include <algorithm>

namespace bitproof::audit {

std::optional<double> Model::macs_per_token() const {
  if (!layers || !hidden || !ffn) return std::nullopt;
  const auto h = static_cast<double>(*hidden);
  const double q = heads && head_dim ? static_cast<double>(*heads) * static_cast<double>(*head_dim) : h;
  const double kv = kv_heads && head_dim ? static_cast<double>(*kv_heads) * static_cast<double>(*head_dim) : q;
  return static_cast<double>(*layers) * (2 * h * q + 2 * h * kv + 3 * h * static_cast<double>(*ffn));
}

std::optional<double> Model::weight_bytes_per_token() const {
  const auto macs = macs_per_token();
  const auto weights = macs ? macs : parameters;
  if (!weights || !weight_bits) return std::nullopt;
  return *weights * weight_bits->low / 8;
}

std::optional<double> Model::cache_values(double positions) const {
  if (!layers || !hidden) return std::nullopt;
  const double kv = kv_heads && head_dim ? static_cast<double>(*kv_heads) * static_cast<double>(*head_dim)
                                         : static_cast<double>(*hidden);
  return 2 * static_cast<double>(*layers) * positions * kv;
}

std::string Claim::shown() const {
  if (!value) return text.empty() ? status : text;
  return unit_text.empty() || unit_text == "x" || unit_text == "%" ? printed + unit_text : printed + " " + unit_text;
}

const Claim* Report::find(const std::string& wanted) const {
  const auto found = std::find_if(claims.begin(), claims.end(), [&](const Claim& c) { return c.id == wanted; });
  return found == claims.end() ? nullptr : &*found;
}

}  // namespace bitproof::audit
