#include "reports/look.hpp"

#include <cmath>

namespace bitproof {

const Json& look(const Json& json, std::initializer_list<const char*> path) {
  static const Json nothing;
  const Json* at = &json;
  for (const char* key : path) {
    if (!at->is_object() || !at->contains(key)) return nothing;
    at = &at->at(key);
  }
  return *at;
}

std::string words(const Json& json, const char* key, const std::string& otherwise) {
  const Json& value = look(json, {key});
  if (value.is_null()) return otherwise;
  return value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const Json* fastest_arm(const Json& run) {
  const Json* best = nullptr;
  const auto rate = [](const Json& a) { return look(a, {"tok_per_s", "median"}).get<double>(); };
  for (const Json& a : look(run, {"arms"})) {
    if (look(a, {"tok_per_s"}).is_object() && (!best || rate(a) > rate(*best))) best = &a;
  }
  return best;
}

std::string logits_sentence(const Json& run) {
  const Json& l = run.at("logits");
  return fmt::format(
      "Logits of the first token (measured): {} arms agree to the bit, as they must where their float ops are the "
      "same; rounding carries the others up to {} nats from {}, which is reported and not judged.",
      words(l, "bit_equal"), number(l.at("largest_kld").get<double>()), words(l, "reference"));
}

std::string time_text(double ns) {
  if (ns < 1e3) return fmt::format("{:.1f} ns", ns);
  return ns < 1e6 ? fmt::format("{:.2f} us", ns * 1e-3) : fmt::format("{:.2f} ms", ns * 1e-6);
}

std::string number(double value) {
  const double size = std::abs(value);
  if (!std::isfinite(value)) return "not finite";
  if (size < 1) return fmt::format("{:.3g}", value);
  if (size < 10) return fmt::format("{:.3g}", std::round(value * 100) / 100);
  if (size < 100) return fmt::format("{:.4g}", std::round(value * 10) / 10);
  if (size >= 1e15) return fmt::format("{:.3g}", value);
  std::string digits = fmt::format("{:.0f}", size);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return (value < 0 ? "-" : "") + digits;
}

}  // namespace bitproof
