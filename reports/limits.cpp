#include "reports/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/look.hpp"

namespace bitproof {
namespace {

std::ptrdiff_t disturbed_samples(const Json& arm) {
  if (!arm.contains("samples")) return 0;
  return std::ranges::count_if(arm.at("samples"), [](const Json& s) { return s.at("disturbed").get<bool>(); });
}

void about_arms(std::vector<std::string>& lines, const Json& run) {
  for (const Json& a : run.value("arms", Json::array())) {
    const std::string recipe = a.at("recipe").get<std::string>();
    const auto disturbed = disturbed_samples(a);
    if (disturbed > 0)
      lines.push_back(
          fmt::format("{}: {} of its samples had other work on the CPUs; they are in its numbers.", recipe, disturbed));
    const std::string state = a.value("state", "");
    if (state == "mixed")
      lines.push_back(fmt::format("{}: its samples span placement states; their spread is not noise alone.", recipe));
    if (state == "unknown")
      lines.push_back(fmt::format("{}: the placement probe gave no reading for some samples.", recipe));
  }
}

// What the physics gate could not judge: how many, by reason.
void not_judged(std::vector<std::string>& lines, const Json& run) {
  std::map<std::string, int> reasons;
  const auto count = [&](const Json& verdict) {
    if (verdict.is_object() && verdict.value("verdict", "") == "not judged") ++reasons[verdict.value("why", "unknown")];
  };
  for (const Json& b : run.value("bench", Json::array())) {
    if (!b.at("median_ns").is_null()) count(b.value("physics", Json()));
  }
  for (const Json& a : run.value("arms", Json::array()))
    count(a.value("physics", Json::object()).value("token", Json()));
  for (const auto& [why, n] : reasons)
    lines.push_back(fmt::format("{} result(s) not held against physics: {}.", n, why));
}

// Some sample of some microbenchmark has the value of some hardware counter.
bool any_counter(const Json& run) {
  for (const Json& b : look(run, {"bench"})) {
    for (const Json& s : look(b, {"sample_states"})) {
      if (std::ranges::any_of(look(s, {"counters"}), [](const Json& value) { return value.is_number(); })) return true;
    }
  }
  return false;
}

bool has_lattice(const Json& run) {
  return run.contains("attribution") && !run.at("attribution").value("interactions", Json()).is_null();
}

}  // namespace

std::string about_text(const Json& run) {
  const bool loaded = words(look(run, {"model"}), "weights") == "of that file";
  return std::string(loaded ? "The prompt is" : "Weights and prompt are") +
         " synthetic: nothing here is about the quality of text.";
}

std::vector<std::string> limits(const Json& run) {
  std::vector<std::string> lines = {
      about_text(run), "tok/s belongs to the depth it was measured at; a longer context reads more cache."};
  if (!has_lattice(run))
    lines.push_back("Shapley shares and interactions of the techniques: only corners of the lattice were measured.");
  if (!any_counter(run)) lines.push_back("No hardware counters were read: instructions and cache misses are unknown.");
  about_arms(lines, run);
  not_judged(lines, run);
  return lines;
}

}  // namespace bitproof
