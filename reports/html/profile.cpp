// Where the time of a token goes: a bar that sums to its wall time, and the shares of every recipe.
#include <algorithm>
#include <map>

#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

// Few enough to tell apart by colour.
std::string group_of(const std::string& op) {
  if (op.starts_with("ternary_matmul")) return "ternary matmul";
  if (op == "lm_head") return "head";
  if (op == "attention" || op.starts_with("kv_")) return "attention and cache";
  return "other ops";
}

Figure bar_that_sums(const Json& arm) {
  const double wall = arm.at("wall_ns_per_token").get<double>();
  Figure f{.id = "profile",
           .title = "One token of '" + words(arm, "recipe") + "'",
           .caption = fmt::format(
               "In the order of the loop each op begins where the one before it ended, and together with reading "
               "the clock and the residual they make up the token's wall time, {} ms.",
               number(wall * 1e-6)),
           .chart = "profile"};
  Dataset ops{
      "ops",
      "Time of a token by op",
      {{"op", "op"},
       {"us", "µs a token", Form::number, words(look(arm, {"provenance"}), "ops", "measured: time around each call")},
       {"share", "share", Form::percent, "derived: over the wall time of a token"},
       {"from_us", "from", Form::number, "derived: sum of the ops before it"},
       {"to_us", "to", Form::number, "derived: with its own time"},
       {"gb_per_s", "GB/s", Form::number, "derived: bytes booked over time"},
       {"gop_per_s", "Gop/s", Form::number, "derived: operations booked over time"}}};
  double at = 0;
  const auto add = [&](const std::string& name, double ns, double bytes, double operations) {
    Json row{
        {"op", name}, {"us", ns * 1e-3}, {"share", ns / wall}, {"from_us", at * 1e-3}, {"to_us", (at + ns) * 1e-3}};
    if (ns > 0 && bytes > 0) row["gb_per_s"] = bytes / ns;
    if (ns > 0 && operations > 0) row["gop_per_s"] = operations / ns;
    ops.rows.push_back(std::move(row));
    at += ns;
  };
  for (const Json& op : arm.at("ops")) {
    add(words(op, "op"), op.at("ns_per_token").get<double>(), op.value("bytes_per_token", 0.0),
        op.value("ops_per_token", 0.0));
  }
  add("reading the clock", arm.at("timer_ns").get<double>(), 0, 0);
  add("residual", arm.at("residual_ns").get<double>(), 0, 0);
  f.data = {ops};
  return f;
}

Figure shares(const std::vector<const Json*>& arms) {
  Figure f{.id = "shares",
           .title = "What dominates in each recipe",
           .caption = "The same for all recipes, in groups, as shares of their own wall time.",
           .chart = "shares"};
  Dataset d{"groups",
            "Share of the wall time by group of ops",
            {{"recipe", "recipe"},
             {"group", "group"},
             {"share", "share", Form::percent, "derived: over the wall time of a token"}}};
  for (const Json* a : arms) {
    const double wall = a->at("wall_ns_per_token").get<double>();
    std::map<std::string, double> ns{
        {"clock and residual", a->at("timer_ns").get<double>() + a->at("residual_ns").get<double>()}};
    for (const Json& op : a->at("ops")) ns[group_of(words(op, "op"))] += op.at("ns_per_token").get<double>();
    for (const auto& [group, sum] : ns)
      d.rows.push_back({{"recipe", words(*a, "recipe")}, {"group", group}, {"share", sum / wall}});
  }
  f.data = {d};
  f.folded = true;
  return f;
}

}  // namespace

std::string profile_section(const Json& run) {
  std::vector<const Json*> arms = measured_arms(run);
  std::erase_if(arms, [](const Json* a) { return !a->contains("ops"); });
  if (arms.empty()) return paragraph("No recipe was measured in the token loop, so there is no profile.");
  const auto rate = [](const Json* a) { return a->at("tok_per_s").at("median").get<double>(); };
  return markup(bar_that_sums(**std::ranges::max_element(arms, {}, rate))) + markup(shares(arms));
}

}  // namespace bitproof::html
