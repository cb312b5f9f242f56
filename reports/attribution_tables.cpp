// What stands beside an attribution: the profile of a token, tok/s by threads, memory.
#include <algorithm>

#include "reports/attribution_markdown.hpp"
#include "reports/look.hpp"
#include "reports/markdown.hpp"

namespace bitproof {
namespace {

std::string quoted(const Json& text) { return escape_markdown(text.get<std::string>()); }

// A column a recipe, a row an op: share of its token.
void profile_table_of(std::string& out, const Json& profiles) {
  if (profiles.empty()) return;
  out +=
      "\n## Where the time of a token goes\n\nMeasured around each call; threads (of which) is derived from the time "
      "of an empty region.\n\n| op |";
  std::vector<std::string> ops;
  for (const Json& p : profiles) {
    out += fmt::format(" {} |", quoted(p.at("recipe")));
    for (const Json& op : p.at("ops")) {
      const auto name = op.at("op").get<std::string>();
      if (std::ranges::find(ops, name) == ops.end()) ops.push_back(name);
    }
  }
  out += "\n|---|";
  for (std::size_t i = 0; i < profiles.size(); ++i) out += "--:|";
  const auto row = [&](const std::string& name, const auto& share) {
    out += fmt::format("\n| {} |", escape_markdown(name));
    for (const Json& p : profiles) {
      const Json value = share(p);
      out += value.is_number() ? fmt::format(" {:.2f} % |", 100 * value.get<double>()) : " not measured |";
    }
  };
  for (const std::string& name : ops) {
    row(name, [&](const Json& p) {
      for (const Json& op : p.at("ops")) {
        if (op.at("op") == name) return op.at("share");
      }
      return Json(0.0);
    });
  }
  row("reading the clock",
      [](const Json& p) { return Json(p.at("timer_ns").get<double>() / p.at("wall_ns_per_token").get<double>()); });
  row("residual", [](const Json& p) { return p.at("residual_share"); });
  row("of the ops: threads started and waited for", [](const Json& p) { return p.value("threading_share", Json()); });
  out += "\n";
}

void scaling_table(std::string& out, const Json& scaling) {
  if (scaling.at("measured").empty()) return;
  out += "\n## Threads\n\n| threads | tok/s | speed-up | efficiency | serial fraction | |\n|--:|--:|--:|--:|--:|---|\n";
  const auto number = [](const Json& x, const char* format) {
    return x.is_number() ? fmt::format(fmt::runtime(format), x.get<double>()) : std::string("-");
  };
  for (const Json& p : scaling.at("measured")) {
    out += fmt::format("| {} | {:.3g} | {} | {} | {} | measured{} |\n", p.at("threads").get<int>(),
                       p.at("tok_per_s").get<double>(), number(p.at("speedup"), "{:.2f}x"),
                       number(p.at("efficiency"), "{:.2f}"), number(p.at("serial_fraction"), "{:.2f}"),
                       p.at("oversubscribed").get<bool>() ? ", oversubscribed" : "");
  }
  for (const Json& p : scaling.at("modelled")) {
    out += fmt::format("| {} | {:.3g} | - | - | - | **modelled**, bound by {} |\n", p.at("threads").get<int>(),
                       p.at("tok_per_s").get<double>(), quoted(p.at("bound_by")));
  }
}

void memory_table(std::string& out, const Json& cells) {
  out +=
      "\n## Memory\n\n| recipe | weights, MB | of them huge pages | cache, MB | activations and scratch at most, MB | "
      "page faults a token |\n|---|--:|--:|--:|--:|--:|\n";
  for (const Json& c : cells) {
    if (!c.contains("memory") || c.at("memory").is_null()) continue;
    const auto mb = [&](const char* key) { return c.at("memory").at(key).get<double>() * 1e-6; };
    out += fmt::format("| {} | {:.1f} | {:.1f} | {:.2f} | {:.2f} | {:.4g} |\n", quoted(c.at("recipe")),
                       mb("weights_bytes"), mb("weights_huge_bytes"), mb("cache_bytes"), mb("pool_high_water_bytes"),
                       c.at("page_faults_per_token").get<double>());
  }
}

void depth_table(std::string& out, const Json& j) {
  const Json& axis = look(j, {"depth_axis"});
  if (!axis.is_object()) return;
  out += fmt::format(
      "\n## The cache over recomputation, by depth: model {}\n\n| depth | with SIMD, threads and pool | scalar "
      "|\n|--:|--:|--:|\n",
      quoted(j.at("model")));
  const auto cell = [](const Json& p, const char* key) -> std::string {
    const Json& detail = look(p, {(std::string(key) + "_detail").c_str()});
    if (!look(p, {key}).is_number()) return "not measured";
    const std::string text = fmt::format("{:.3g}x", p.at(key).get<double>());
    if (!look(detail, {"ci_low"}).is_number()) return text;
    return fmt::format("{} [{:.3g}, {:.3g}]", text, detail.at("ci_low").get<double>(),
                       detail.at("ci_high").get<double>());
  };
  for (const Json& p : axis.at("points")) {
    const bool modelled = look(p, {"scalar_modelled"}).is_number();
    out += fmt::format("| {} | {} | {}{} |\n", p.at("depth").get<std::int64_t>(), cell(p, "with_simd"),
                       cell(p, modelled ? "scalar_modelled" : "scalar"), modelled ? " **modelled**" : "");
  }
  if (!look(axis, {"held_out_error"}).is_number()) return;
  out += fmt::format("\nThe model is fitted on depths {}, and off by {:+.1f} % at depth {}, which it has not seen.\n",
                     axis.at("fitted_on_depths").dump(), 100 * axis.at("held_out_error").get<double>(),
                     axis.at("held_out_depth").dump());
}

std::string failures_of(const Json& j) {
  std::string out;
  if (j.value("partial", true)) out += "**Partial: this run did not end.** What was measured before is below.\n\n";
  const Json& failures = look(j, {"failures"});
  if (failures.empty()) return out;
  out +=
      fmt::format("**{} failure(s): no number below may be quoted before they are understood.**\n\n", failures.size());
  for (const Json& f : failures) out += fmt::format("- {}\n", quoted(f));
  return out + "\n";
}

}  // namespace

std::string attribution_report(const Json& j) {
  std::string out = failures_of(j);
  if (!j.contains("techniques")) {
    depth_table(out, j);
    return out;
  }
  out += fmt::format("## Who earned the tokens: model {}, {} layers, depth {}\n\n{} of {} recipes, {} rounds.",
                     quoted(j.at("model")), j.at("layers").get<int>(), j.at("depth").get<int>(),
                     j.at("cells_measured").get<int>(), j.at("cells_total").get<int>(), j.at("rounds").get<int>());
  for (const char* key : {"rounds_why", "samples_why"}) {
    if (j.contains(key)) out += " " + quoted(j.at(key)) + ".";
  }
  out += "\n\n" + attribution_markdown(j);
  profile_table_of(out, j.at("profiles"));
  scaling_table(out, j.at("scaling"));
  depth_table(out, j);
  memory_table(out, j.at("cells"));
  return out;
}

}  // namespace bitproof
