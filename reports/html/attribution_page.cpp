// The lattice of recipes as `attribute --json` prints it: laid out as a run is, so that the sections of a run's page
// read it, with the tables that only a lattice has.
#include <set>

#include "error.hpp"
#include "reports/html/html.hpp"
#include "reports/html/sections.hpp"
#include "reports/limits.hpp"

namespace bitproof::html {
namespace {

std::string joined(const Json& texts) {
  std::string all;
  for (const Json& t : texts) all += (all.empty() ? "" : "; ") + t.get<std::string>();
  return all;
}

// One placement where all of its samples share it.
std::string placement(const Json& cell) {
  std::set<std::string> states;
  for (const Json& s : look(cell, {"samples"})) states.insert(words(s, "state"));
  if (states.contains("unknown") || states.empty()) return "unknown";
  return states.size() == 1 ? *states.begin() : "mixed";
}

// What an arm of a run.json says, as far as a cell of the lattice knows it.
Json arm_of(const Json& cell, const Json& profiles) {
  Json arm{{"recipe", cell.at("recipe")}, {"threads", cell.at("threads")}, {"tok_per_s", cell.at("tok_per_s")}};
  if (arm["tok_per_s"].is_null()) {
    arm["tok_per_s_why"] = words(cell, "tok_per_s_why", "not measured");
    return arm;
  }
  arm["state"] = placement(cell);
  arm["bytes_per_token"] = cell.at("bytes_per_token");
  arm["gb_per_s"] = cell.at("bytes_per_token").get<double>() * cell.at("tok_per_s").at("median").get<double>() * 1e-9;
  arm["ledger_ok"] = cell.at("faults").empty();
  arm["ledger_why"] = joined(cell.at("faults"));
  arm["samples"] = cell.at("samples");
  arm["provenance"] = {{"bytes_per_token", "derived: packed weights and cache bytes booked call by call over tokens"},
                       {"gb_per_s", "derived: bytes_per_token x tok_per_s.median"}};
  for (const Json& p : profiles) {
    if (p.at("recipe") != cell.at("recipe")) continue;
    for (const char* key : {"ops", "wall_ns_per_token", "timer_ns", "residual_ns"}) arm[key] = p.at(key);
    arm["provenance"]["ops"] = look(p, {"provenance", "ops"});
  }
  return arm;
}

Json run_of(const Json& a) {
  Json run{{"attribution", a},
           {"failures", look(a, {"failures"})},
           {"partial", a.value("partial", true)},
           {"depth", look(a, {"depth"})},
           {"model", {{"name", words(a, "model")}, {"layers", look(a, {"layers"})}}},
           {"arms", Json::array()}};
  for (const Json& c : look(a, {"cells"})) run["arms"].push_back(arm_of(c, look(a, {"profiles"})));
  for (const char* key : {"ceilings", "logits"}) {
    if (look(a, {key}).is_object()) run[key] = a.at(key);
  }
  return run;
}

// Threads that were started and waited for lie within the ops' times, so no bar of its own shows them.
std::string regions(const Json& a) {
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

std::string threads_section(const Json& a) {
  const Json& scaling = look(a, {"scaling"});
  const Json& source = look(scaling, {"provenance"});
  Dataset d{"points",
            "Tokens per second by threads",
            {{"threads", "threads", Form::number},
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

std::string memory_of_cells(const Json& a) {
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
  return markup(Figure{.id = "memory-figure",
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
            {{"depth", "depth", Form::number},
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

std::string limits_of(const Json& a, const Json& run) {
  std::vector<std::string> lines = limits(run);
  for (const char* key : {"rounds_why", "packings_why", "samples_why"}) {
    if (a.contains(key)) lines.push_back(words(a, key) + ".");
  }
  return list(lines);
}

std::string heading(const Json& a, const std::string& title) {
  std::string origin;
  const auto add = [&](const std::string& text) { origin += (origin.empty() ? "" : " \u00B7 ") + text; };
  if (a.contains("layers")) add(words(a, "layers") + " layers");
  if (a.contains("depth")) add("depth " + words(a, "depth"));
  if (a.contains("machine")) add("machine " + words(a, "machine") + ", build " + words(a, "build"));
  if (look(a, {"seconds"}).is_number()) add(number(a.at("seconds").get<double>()) + " s");
  add("seed " + words(a, "seed"));
  return "<h1>" + escape(title) + "</h1>\n<p class=\"origin\">" + escape(origin) + "</p>\n";
}

// `attribute --depths`: nothing but the axis.
Page depths_page(const Json& a, const std::string& title) {
  const Json& failures = look(a, {"failures"});
  std::string header = heading(a, title);
  if (!failures.empty()) {
    header += fmt::format(
                  "<p class=\"banner bad\"><span aria-hidden=\"true\">\u2717</span> {} failure(s): no number here may "
                  "be quoted before they are understood.</p>\n",
                  failures.size()) +
              list(failures.get<std::vector<std::string>>());
  } else if (a.value("partial", true)) {
    header += "<p class=\"banner open\"><span aria-hidden=\"true\">\u25CB</span> Partial: it did not end.</p>\n";
  } else {
    header +=
        "<p class=\"banner good\"><span aria-hidden=\"true\">\u2713</span> No ledger, witness or fingerprint "
        "failed.</p>\n";
  }
  return {title, header, {{"depth", "By depth", depths_section(a)}}};
}

Page lattice_page(const Json& a, const std::string& title) {
  const Json run = run_of(a);
  return {title,
          heading(a, title) + verdict_of(run),
          {{"techniques", "What each technique earned", techniques_section(run)},
           {"attribution", "How the total is made up", attribution_section(run)},
           {"rates", "Tokens per second", tokens_section(run)},
           {"time", "Where a token's time goes", profile_section(run) + regions(a)},
           {"threads", "Threads", threads_section(a)},
           {"depth", "By depth", depths_section(a)},
           {"memory", "Memory", memory_of_cells(a)},
           {"roofs", "The limits of the machine", roofline_section(run)},
           {"limits", "What this run does not show", limits_of(a, run)}}};
}

}  // namespace

std::string attribution_page(const Json& a, const std::string& library) {
  try {
    const std::string title = "bitproof attribute: model " + words(a, "model");
    return document(a.contains("techniques") ? lattice_page(a, title) : depths_page(a, title), library);
  } catch (const Json::exception& e) {
    throw BadInput("not what `bitproof attribute --json` prints: {}", e.what());
  }
}

}  // namespace bitproof::html
