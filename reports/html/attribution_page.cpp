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

}  // namespace

Json run_of_lattice(const Json& a) {
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

std::vector<std::string> lattice_limits(const Json& a) {
  std::vector<std::string> lines;
  for (const char* key : {"rounds_why", "packings_why", "samples_why"}) {
    if (a.contains(key)) lines.push_back(words(a, key) + ".");
  }
  return lines;
}

namespace {

std::string limits_of(const Json& a, const Json& run) {
  std::vector<std::string> lines = limits(run);
  for (const std::string& line : lattice_limits(a)) lines.push_back(line);
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
  const Json run = run_of_lattice(a);
  return {title,
          heading(a, title) + verdict_of(run),
          {{"techniques", "What each technique earned", techniques_section(run)},
           {"attribution", "How the total is made up", attribution_section(run)},
           {"rates", "Tokens per second", tokens_section(run)},
           {"time", "Where a token's time goes", profile_section(run) + thread_cost_section(a)},
           {"threads", "Threads", lattice_threads_section(a)},
           {"depth", "By depth", depths_section(a)},
           {"memory", "Memory", lattice_memory_section(a)},
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
