#include <fmt/format.h>

#include <map>

#include "commands.hpp"
#include "reports/json.hpp"

namespace bitproof {
namespace {

std::string technique_names(Techniques set) {
  const std::string text = recipe_name(set);
  return set == kNoTechniques ? "-" : text;
}

void print_line(const Variant& v) {
  fmt::print("  {:<34} {:<11} {:<16} {:<7} {}\n", v.id, v.isa, technique_names(v.info->techniques),
             v.info->exactness == Exactness::exact ? "exact" : "approx",
             v.runnable() ? v.info->note : "cannot run here: " + v.reason());
}

}  // namespace

int list_command(const ListOptions& options) {
  if (options.json) {
    Json variants = Json::array();
    for (const Variant& v : all_variants()) variants.push_back(to_json(v));
    fmt::print("{}\n", Json{{"variants", variants}}.dump(2));
    return kOk;
  }
  std::map<std::string, std::vector<const Variant*>> groups;
  for (const Variant& v : all_variants()) {
    if (options.by == "op") {
      groups[v.op].push_back(&v);
      continue;
    }
    for (int t = 0; t < kTechniqueCount; ++t) {
      if (v.info->techniques.has(static_cast<Technique>(t))) groups[name(static_cast<Technique>(t))].push_back(&v);
    }
    if (v.info->techniques == kNoTechniques) groups["none"].push_back(&v);
  }
  fmt::print("  {:<34} {:<11} {:<16} {:<7} {}\n", "id", "isa", "techniques", "result", "note");
  for (const auto& [group, variants] : groups) {
    fmt::print("{}\n", group);
    for (const Variant* v : variants) print_line(*v);
  }
  return kOk;
}

}  // namespace bitproof
