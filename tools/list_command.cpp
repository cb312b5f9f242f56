#include <fmt/format.h>

#include <map>

#include "command_line.hpp"
#include "commands.hpp"
#include "reports/json.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

std::vector<std::string> cells(const Variant& v) {
  const Techniques set = v.info->techniques;
  return {v.id, v.isa, set == kNoTechniques ? "-" : recipe_name(set),
          v.info->exactness == Exactness::exact ? "exact" : "approximate",
          v.runnable() ? v.info->note : "cannot run here: " + v.reason()};
}

// The names under which a variant is shown: its op, or each of its techniques.
std::vector<std::string> groups_of(const Variant& v, const std::string& by) {
  if (by == "op") return {v.op};
  std::vector<std::string> names;
  for (int t = 0; t < kTechniqueCount; ++t) {
    if (v.info->techniques.has(static_cast<Technique>(t))) names.push_back(name(static_cast<Technique>(t)));
  }
  return names.empty() ? std::vector<std::string>{"none"} : names;
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
    for (const std::string& group : groups_of(v, options.by)) groups[group].push_back(&v);
  }
  TextTable table("<<<<<");
  table.row({"id", "isa", "techniques", "result", "note"});
  for (const auto& [group, variants] : groups) {
    table.heading(group);
    for (const Variant* v : variants) table.row(cells(*v));
  }
  table.print();
  return kOk;
}

void add_list(CommandLine& line) {
  auto [sub, o] = line.add("list", "every variant: what it is, and whether it runs here", list_command);
  sub.option("--by", o.by, "group by").one_of({"op", "technique"});
  sub.json(o.json);
  sub.examples({"bitproof list --by technique"});
}

}  // namespace bitproof
