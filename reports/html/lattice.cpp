// What only a lattice of recipes knows, from what `attribute --json` prints: what threads cost a token, the rate by
// threads and by depth, and what each recipe holds in memory.
#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {

// Threads that were started and waited for lie within the ops' times, so no bar of its own shows them.
std::string thread_cost_section(const Json& a) {
  Dataset d{"regions",
            "Starting and waiting for threads, within the times of the ops",
            {{"recipe", "recipe"},
             {"us", "µs a token", Form::number, "derived: regions of a token x measured ns of an empty one"},
             {"share", "share", Form::percent, "derived: over the wall time of a token"},
             {"residual", "residual", Form::percent, "derived: wall time minus ops and timer"}}};
  for (const Json& p : look(a, {"profiles"})) {
    const Json& ns = look(p, {"threading_ns"});
    Json row{{"recipe", words(p, "recipe")},
             {"share", look(p, {"threading_share"})},
             {"residual", look(p, {"residual_share"})}};
    row["us"] = ns.is_number() ? Json(ns.get<double>() * 1e-3) : Json();
    if (ns.is_null()) row["us_why"] = words(p, "threading_ns_why", "not measured");
    d.rows.push_back(std::move(row));
  }
  if (d.rows.empty()) return "";
  return markup(Figure{.id = "regions",
                       .title = "What threads cost",
                       .caption = "Each op that is split over threads opens a parallel region and ends at a barrier.",
                       .data = {d}});
}

std::string lattice_threads_section(const Json& a) {
  const Json& scaling = look(a, {"scaling"});
  const Json& source = look(scaling, {"provenance"});
  Dataset d{"points",
            "Tokens per second by threads",
            {{"threads", "threads", Form::number, kSetting},
             {"kind", "provenance"},
             {"rate", "tok/s", Form::number, words(source, "measured", "measured")},
             {"speedup", "speed-up", Form::interval, "measured: over one thread, paired within rounds"},
             {"efficiency", "efficiency", Form::percent, "derived: speed-up over threads"},
             {"serial", "serial fraction", Form::number, "derived: Karp and Flatt"},
             {"remark", "remark", Form::text, words(source, "modelled", "modelled")}}};
  for (const Json& p : look(scaling, {"measured"})) {
    const Json& speedup = look(p, {"speedup_detail"});
    d.rows.push_back({{"threads", p.at("threads")},
                      {"kind", "measured"},
                      {"rate", p.at("tok_per_s")},
                      {"speedup", look(p, {"speedup"})},
                      {"speedup_low", look(speedup, {"ci_low"})},
                      {"speedup_high", look(speedup, {"ci_high"})},
                      {"efficiency", look(p, {"efficiency"})},
                      {"serial", look(p, {"serial_fraction"})},
                      {"remark", p.value("oversubscribed", false) ? "more threads than cores" : ""}});
  }
  if (d.rows.empty()) return paragraph("No scaling: " + words(scaling, "measured_why", "not measured") + ".");
  for (const Json& p : look(scaling, {"modelled"})) {
    d.rows.push_back({{"threads", p.at("threads")},
                      {"kind", "modelled"},
                      {"rate", p.at("tok_per_s")},
                      {"remark", "bound by " + words(p, "bound_by")}});
  }
  const std::string why = words(scaling, "modelled_why", "");
  return markup(
      Figure{.id = "threads-figure",
             .title = "Tokens per second by threads",
             .caption = "The best recipe on more and more threads. What is modelled was not measured: op times of "
                        "one thread over their number, none below what memory delivers here." +
                        (why.empty() ? "" : " No model: " + why + "."),
             .chart = "threads",
             .data = {d}});
}

std::string lattice_memory_section(const Json& a) {
  const auto mb = [](const char* key, const char* title) {
    return Column{key, title, Form::number, "measured: resident pages of its mappings"};
  };
  Dataset d{"cells",
            "Memory by recipe, MB",
            {{"recipe", "recipe"},
             mb("weights", "weights"),
             mb("huge", "of them huge pages"),
             mb("cache", "keys and values"),
             {"pool", "activations and scratch at most", Form::number, "measured: counted by the memory variant"},
             {"faults", "page faults a token", Form::number, "measured: of the process"}}};
  std::string why;
  for (const Json& c : look(a, {"cells"})) {
    const Json& m = look(c, {"memory"});
    if (!m.is_object()) {
      why = words(c, "memory_why", "");
      continue;
    }
    const auto of = [&](const char* key) { return m.at(key).get<double>() * 1e-6; };
    d.rows.push_back({{"recipe", words(c, "recipe")},
                      {"weights", of("weights_bytes")},
                      {"huge", of("weights_huge_bytes")},
                      {"cache", of("cache_bytes")},
                      {"pool", of("pool_high_water_bytes")},
                      {"faults", look(c, {"page_faults_per_token"})}});
  }
  if (d.rows.empty()) return paragraph("No memory was counted: " + why + ".");
  return markup(Figure{.id = "lattice-memory",
                       .title = "What each recipe holds",
                       .caption = "Without a cache of keys and values the whole prefix is recomputed for every token.",
                       .data = {d}});
}

std::string depths_section(const Json& a) {
  const Json& axis = look(a, {"depth_axis"});
  if (!axis.is_object())
    return paragraph("No curve by depth: " + words(a, "depth_axis_why", "one depth was measured") + ".");
  const Json& source = look(axis, {"provenance"});
  Dataset d{"points",
            "The cache over recomputation, by depth",
            {{"depth", "depth", Form::number, kSetting},
             {"recipe", "with"},
             {"ratio", "times as many tok/s", Form::interval,
              words(source, "with_simd", "measured") + "; " + words(source, "scalar_modelled", "modelled")},
             {"provenance", "provenance"}}};
  const auto add = [&](const Json& point, const char* recipe, const char* key, const char* provenance) {
    const Json& detail = look(point, {(std::string(key) + "_detail").c_str()});
    if (!look(point, {key}).is_number()) return;
    d.rows.push_back({{"depth", point.at("depth")},
                      {"recipe", recipe},
                      {"ratio", point.at(key)},
                      {"ratio_low", look(detail, {"ci_low"})},
                      {"ratio_high", look(detail, {"ci_high"})},
                      {"provenance", provenance}});
  };
  for (const Json& p : axis.at("points")) add(p, "SIMD, threads and pool", "with_simd", "measured");
  for (const Json& p : axis.at("points")) add(p, "scalar on one thread", "scalar", "measured");
  for (const Json& p : axis.at("points")) add(p, "scalar, modelled", "scalar_modelled", "modelled");
  if (d.rows.empty()) return paragraph("No depth was measured with the cache and without.");
  std::string caption = "How many times as many tokens per second the cache gives as recomputing the whole prefix.";
  if (const Json& error = look(axis, {"held_out_error"}); error.is_number()) {
    caption +=
        fmt::format(" The model is fitted on depths {}, and off by {:+.1f} % at depth {}, which it has not seen.",
                    words(axis, "fitted_on_depths"), 100 * error.get<double>(), words(axis, "held_out_depth"));
  }
  return markup(Figure{
      .id = "depths", .title = "What a cache is worth by depth", .caption = caption, .chart = "depths", .data = {d}});
}

}  // namespace bitproof::html
