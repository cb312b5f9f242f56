#include "reports/earnings.hpp"

#include "reports/look.hpp"

namespace bitproof {
namespace {

bool is_above(const Json& ratio) { return look(ratio, {"ci_low"}).is_number() && ratio.at("ci_low").get<double>() > 1; }
bool is_below(const Json& ratio) {
  return look(ratio, {"ci_high"}).is_number() && ratio.at("ci_high").get<double>() < 1;
}

std::string ratio_words(const Json& ratio) {
  std::string text = number(ratio.at("geometric_mean").get<double>()) + "x";
  if (look(ratio, {"ci_low"}).is_number() && look(ratio, {"ci_high"}).is_number()) {
    text +=
        fmt::format(" [{}, {}]", number(ratio.at("ci_low").get<double>()), number(ratio.at("ci_high").get<double>()));
  }
  return text;
}

}  // namespace

std::string credit_verdict(const Json& technique) {
  if (!technique.value("engaged", false)) return "NOT ENGAGED";
  const std::string bound = words(look(technique, {"most_detail"}), "verdict", "unbounded");
  if (bound == "IMPOSSIBLE") return bound;
  const Json& alone = look(technique, {"alone_detail"});
  if (!alone.is_object()) return "not measured";
  if (bound == "not judged") return "not judged";
  return is_above(alone) ? "EARNED" : is_below(alone) ? "COST" : "no effect shown";
}

namespace {

std::string sentence_of(const std::string& name, const std::string& verdict, const Json& technique) {
  const Json& alone = look(technique, {"alone_detail"});
  const std::string measured = alone.is_object() ? ratio_words(alone) : "";
  if (verdict == "EARNED") return fmt::format("{}: {} tokens per second when it is all that is on.", name, measured);
  if (verdict == "COST")
    return fmt::format("{}: COST: {} tokens per second when it is all that is on.", name, measured);
  if (verdict == "no effect shown")
    return fmt::format("{}: no effect shown: {} alone, an interval that holds 1.", name, measured);
  if (verdict == "NOT ENGAGED")
    return fmt::format("{}: NOT ENGAGED, so no credit: {}", name, words(technique, "evidence", "no evidence"));
  if (verdict == "not measured")
    return fmt::format("{}: not measured: {}.", name, words(technique, "alone_why", "no reason kept"));
  const Json& most = look(technique, {"most"});
  return fmt::format("{}: {}: {} alone, where its share of the time allows {}.", name, verdict, measured,
                     most.is_number() ? number(most.get<double>()) + "x at most" : "less");
}

}  // namespace

std::vector<Earning> earnings(const Json& run) {
  std::vector<Earning> all;
  for (const Json& t : look(run, {"attribution", "techniques"})) {
    const std::string verdict = credit_verdict(t), name = words(t, "name");
    all.push_back({name, verdict, sentence_of(name, verdict, t), verdict == "EARNED"});
  }
  return all;
}

}  // namespace bitproof
