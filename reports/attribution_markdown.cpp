#include "reports/attribution_markdown.hpp"

#include <algorithm>
#include <cmath>

#include "reports/markdown.hpp"

namespace bitproof {
namespace {

// Ratios from 1/1000 to thousands in three digits.
std::string times(const Json& x) { return x.is_number() ? fmt::format("{:.3g}", x.get<double>()) : "?"; }

bool excludes_one(const Json& interval) {
  const Json &low = interval.at("ci_low"), &high = interval.at("ci_high");
  return low.is_number() && (low.get<double>() > 1 || high.get<double>() < 1);
}

std::string with_interval(const Json& middle, const Json& low, const Json& high) {
  if (!middle.is_number()) return "not measured";
  std::string text = times(middle) + "x";
  if (!low.is_number()) return text;
  text += fmt::format(" [{}, {}]", times(low), times(high));
  if (low.get<double>() <= 1 && high.get<double>() >= 1) text += ": no effect shown";
  return text;
}

std::string ratio(const Json& t, const std::string& key, const std::string& bound) {
  if (!t.contains(key + "_detail")) return "not measured";
  const Json& d = t.at(key + "_detail");
  std::string text = with_interval(d.at("geometric_mean"), d.at("ci_low"), d.at("ci_high"));
  const std::string verdict =
      t.contains(bound + "_detail") ? t.at(bound + "_detail").at("verdict").get<std::string>() : "unbounded";
  if (verdict == "possible" || verdict == "unbounded") return text;
  const std::string shown = verdict == "IMPOSSIBLE" ? "**IMPOSSIBLE**" : escape_markdown(verdict);
  const Json& most = t.at(bound);
  return text + fmt::format(": {}, its share of the time allows {} at most", shown,
                            most.is_number() ? fmt::format("{:.5g}", most.get<double>()) : "?");
}

std::string realized(const Json& t) {
  const Json& r = t.at("realization");
  if (!r.is_array() || !t.contains("alone_detail") || !excludes_one(t.at("alone_detail"))) return "n/a";
  return fmt::format("{:.0f} to {:.0f} %", 100 * r.at(0).get<double>(), 100 * r.at(1).get<double>());
}

std::string predicted(const Json& t) {
  if (!t.contains("predicted") || !t.at("predicted").is_number()) return "none made";
  std::string text = times(t.at("predicted")) + "x";
  const Json& bounded = t.at("predicted_at_ledger");
  if (std::abs(std::log(bounded.get<double>() / t.at("predicted").get<double>())) > 0.01)
    text += fmt::format(" ({}x by its bytes)", times(bounded));
  if (t.contains("gap") && t.at("gap").is_string()) text += ": " + escape_markdown(t.at("gap").get<std::string>());
  return text;
}

void rows(std::string& out, const Json& a) {
  out +=
      "| technique | expected (claimed elsewhere) | predicted | alone | left out | share of the total | realized | "
      "witness |\n"
      "|---|--:|--:|--:|--:|--:|--:|---|\n";
  for (const Json& t : a.at("techniques")) {
    out += fmt::format(
        "| {} | {} | {} | {} | {} | {} | {} | {}{} |\n", escape_markdown(t.at("name").get<std::string>()),
        t.at("expected").is_string() ? escape_markdown(t.at("expected").get<std::string>()) : "", predicted(t),
        ratio(t, "alone", "most"), ratio(t, "without", "most_without"),
        with_interval(t.at("shapley"), t.at("ci_low"), t.at("ci_high")), realized(t),
        t.at("engaged").get<bool>() ? "" : "**NOT ENGAGED** ", escape_markdown(t.at("evidence").get<std::string>()));
  }
}

// The pairs whose interaction shows, the largest first.
void pairs(std::string& out, const Json& a) {
  if (!a.at("interactions").is_array()) return;
  std::vector<Json> shown;
  for (const Json& i : a.at("interactions")) {
    if (excludes_one(i.at("interaction"))) shown.push_back(i);
  }
  const auto size = [](const Json& i) { return -std::abs(std::log(i.at("interaction").at("ratio").get<double>())); };
  std::ranges::sort(shown, {}, size);
  out += fmt::format("\n{} of {} pairs interact: what the first is worth without and with the second.\n\n",
                     shown.size(), a.at("interactions").size());
  if (shown.empty()) return;
  out += "| pair | without | with | interaction |\n|---|--:|--:|--:|\n";
  const auto cell = [](const Json& e) { return with_interval(e.at("ratio"), e.at("ci_low"), e.at("ci_high")); };
  for (const Json& i : shown) {
    out += fmt::format("| {} and {} | {} | {} | {} |\n", escape_markdown(i.at("a").get<std::string>()),
                       escape_markdown(i.at("b").get<std::string>()), cell(i.at("a_without_b")), cell(i.at("a_with_b")),
                       cell(i.at("interaction")));
  }
}

}  // namespace

std::string attribution_markdown(const Json& a) {
  std::string out =
      "alone: it over none. left out: all over all but it. share: its Shapley value; shares multiply to the total. All "
      "measured, in the same rounds, with 95 % intervals. predicted (derived): Amdahl from the profile and "
      "micro-benchmarks. "
      "realized (derived): (credited - 1) / (expected - 1), where no more is credited than Amdahl allows.\n\n";
  rows(out, a);
  const auto line = [&](const char* key, const char* what) {
    if (!a.contains(std::string(key) + "_detail")) return;
    const Json& d = a.at(std::string(key) + "_detail");
    out += fmt::format("\n{}: {}.\n", what, with_interval(d.at("geometric_mean"), d.at("ci_low"), d.at("ci_high")));
  };
  line("total_speedup", "All over none");
  line("all_over_all_again", "All over all once more (the A/A pair)");
  pairs(out, a);
  return out;
}

}  // namespace bitproof
