#include "reports/several_runs.hpp"

#include <algorithm>

#include "error.hpp"
#include "reports/attribution_markdown.hpp"
#include "reports/comparison_json.hpp"
#include "reports/exports.hpp"
#include "reports/history_json.hpp"
#include "reports/html/html.hpp"
#include "reports/junit_writer.hpp"
#include "reports/markdown.hpp"
#include "reports/regression.hpp"
#include "reports/run_file.hpp"

namespace bitproof {
namespace {

BadInput cannot_hold(const std::string& format, const std::string& what, const std::string& these) {
  return BadInput("--format {} cannot hold {}: use one of {}", format, what, these);
}

std::string csv_text(const Json& value) { return csv_field(value.is_string() ? value.get<std::string>() : ""); }

std::string comparison_csv(const Json& comparison) {
  std::string out = "id,verdict,ratio,ci_low,ci_high,median_a_ns,median_b_ns,state,why\r\n";
  for (const Json& c : comparison.at("cases")) {
    const auto value = [&](const char* key) { return c.at(key).is_number() ? c.at(key).dump() : ""; };
    out += fmt::format("{},{},{},{},{},{},{},{},{}\r\n", csv_text(c.at("id")), csv_text(c.at("verdict")),
                       value("ratio"), value("ci_low"), value("ci_high"), value("median_a_ns"), value("median_b_ns"),
                       csv_text(c.at("state")), csv_text(c.value("why", Json())));
  }
  return out;
}

std::string compared(std::span<const SavedRun> files, const std::string& format) {
  if (files.size() != 2) throw BadInput("--compare takes two runs, the base and the head: {} given", files.size());
  const Comparison c = compare_saved(files[0], files[1], {}, "", false);
  if (format == "html") return html::comparison_page(to_json(c), html::installed_charts());
  if (format == "json") return to_json(c).dump(1) + "\n";
  if (format == "csv") return comparison_csv(to_json(c));
  const Regression r{.comparison = c,
                     .failures = {},
                     .ambiguous = AmbiguousPolicy::warn,
                     .repro = fmt::format("bitproof report {} {} --compare", files[0].path, files[1].path)};
  if (format == "md") return regression_markdown(r);
  if (format == "junit") return regression_junit(r);
  throw cannot_hold(format, "a comparison", "html, md, json, junit, csv");
}

std::string trend_markdown(const Json& history) {
  std::string out = fmt::format("# bitproof history\n\n{} runs.\n\n", history.at("runs").dump());
  for (const Json& c : history.at("cases")) {
    out += fmt::format("## {}\n\n", escape_markdown(c.at("name").get<std::string>()));
    for (const Json& s : c.at("series")) {
      out += fmt::format(
          "Machine {} ({}), placement {}.\n\n| run | revision | us | interval | n |\n|---|---|--:|--:|--:|\n",
          escape_markdown(s.at("fingerprint").get<std::string>()), escape_markdown(s.at("machine").get<std::string>()),
          escape_markdown(s.at("state").get<std::string>()));
      for (const Json& p : s.at("points")) {
        const auto us = [&](const char* key) {
          return p.at(key).is_number() ? fmt::format("{:.6g}", p.at(key).get<double>() * 1e-3) : "none";
        };
        out += fmt::format("| {} | {} | {} | [{}, {}] | {} |\n", escape_markdown(p.at("started").get<std::string>()),
                           escape_markdown(p.at("git_revision").get<std::string>()), us("median_ns"), us("ci_low_ns"),
                           us("ci_high_ns"), p.at("n").dump());
      }
      out += s.at("changes").empty() ? "\nNo change of level shown.\n\n" : "\n";
      for (const Json& change : s.at("changes")) {
        out += fmt::format("**{:+.1f} % in time from {} on** (p = {:.3f}).\n\n",
                           100 * (change.at("ratio").get<double>() - 1),
                           escape_markdown(change.at("started").get<std::string>()), change.at("p").get<double>());
      }
    }
  }
  return out;
}

Json trend_of(const std::vector<Json>& runs) {
  History history(":memory:", History::Open::create);  // the same reading of runs as a history's, on no disk
  for (const Json& run : runs) history.add(run);
  return to_json(history, history.case_names());
}

std::string trend(std::span<const SavedRun> files, const std::string& format) {
  std::vector<Json> runs;
  for (const SavedRun& f : files) runs.push_back(sound_run(f.text, f.path));
  if (format == "html") return html::history_page(trend_of(runs), html::installed_charts());
  if (format == "md") return trend_markdown(trend_of(runs));
  if (format == "json") return trend_of(runs).dump(1) + "\n";
  if (format == "junit") {
    std::vector<JunitSuite> suites;
    for (const Json& run : runs) {
      for (JunitSuite& s : junit_suites(run)) {
        s.name += " " + run.value("started", "");
        suites.push_back(std::move(s));
      }
    }
    return junit_xml(suites);
  }
  std::string out;
  for (const Json& run : runs) {
    if (format == "jsonl") {
      out += json_lines(run);
    } else if (format == "csv") {
      const std::string table = csv(run);
      out += out.empty() ? table : table.substr(table.find("\r\n") + 2);
    } else {
      throw cannot_hold(format, "several runs", "html, md, json, junit, csv, jsonl");
    }
  }
  return out;
}

// What a file is: a run, or what a command of ours printed with --json.
enum class Kind : std::uint8_t { run, audit, comparison, history, selftest, lattice, depths };

// Of what may also be no document of ours: then it is judged as a run, and refused with that reason.
Kind kind_of(const Json& json) {
  if (!json.is_object() || json.contains("schema")) return Kind::run;
  const auto lists = [&](const char* key) { return json.value(key, Json()).is_array(); };
  if (lists("claims")) return Kind::audit;
  if (lists("cases") && json.contains("rules")) return Kind::comparison;
  if (lists("cases") && json.contains("runs")) return Kind::history;
  if (lists("faults") && json.contains("planted")) return Kind::selftest;
  if (lists("techniques") && json.contains("cells_total")) return Kind::lattice;
  return json.value("depth_axis", Json()).is_object() ? Kind::depths : Kind::run;
}

std::string other_document(const Json& json, Kind kind, const std::string& format) {
  const bool attribution = kind == Kind::lattice || kind == Kind::depths;
  if (format == "json") return json.dump(1) + "\n";
  if (kind == Kind::comparison && format == "csv") return comparison_csv(json);
  if (kind == Kind::history && format == "md") return trend_markdown(json);
  if (attribution && format == "md") return attribution_report(json);
  if (format != "html") {
    throw cannot_hold(format, "what this command printed",
                      kind == Kind::history || attribution ? "html, md, json"
                      : kind == Kind::comparison           ? "html, csv, json"
                                                           : "html, json");
  }
  const auto page = kind == Kind::audit        ? html::audit_page
                    : kind == Kind::comparison ? html::comparison_page
                    : kind == Kind::history    ? html::history_page
                    : kind == Kind::selftest   ? html::selftest_page
                                               : html::attribution_page;
  return page(json, html::installed_charts());
}

// One run and what other commands printed of the same machine: one page. Nothing where all files are runs.
std::optional<std::string> full_page(std::span<const SavedRun> files, const std::string& format) {
  std::vector<const SavedRun*> runs;
  html::Companions with;
  for (const SavedRun& f : files) {
    const Json json = parse_run(f.text, f.path);
    const Kind kind = kind_of(json);
    if (kind == Kind::run) {
      runs.push_back(&f);
      continue;
    }
    Json* place = kind == Kind::lattice    ? &with.lattice
                  : kind == Kind::depths   ? &with.depths
                  : kind == Kind::selftest ? &with.selftest
                                           : nullptr;
    if (!place) throw BadInput("{}: it makes a report alone, not with other files", f.path);
    if (!place->is_null()) throw BadInput("{}: one page holds one file of this kind, and there are two", f.path);
    try {
      other_document(json, kind, "html");  // reads all of it, so that what it lacks is said of this file
    } catch (const BadInput& e) {
      throw BadInput("{}: {}", f.path, e.what());
    }
    *place = json;
  }
  if (runs.size() == files.size()) return {};
  if (runs.size() != 1) throw BadInput("a full report is of one run.json: {} given", runs.size());
  if (format != "html") throw cannot_hold(format, "a run with what other commands printed", "html");
  const SavedRun& run = *runs[0];
  report(run.text, run.path, "md");  // reads all of it, likewise
  return html::run_page(parse_run(run.text, run.path), with, html::installed_charts());
}

}  // namespace

std::string report(std::span<const SavedRun> files, const std::string& format, bool compare) {
  if (compare) return compared(files, format);
  if (files.empty()) throw BadInput("no run: name a run.json");
  try {
    if (files.size() > 1) {
      const auto page = full_page(files, format);
      return page ? *page : trend(files, format);
    }
    const Json json = parse_run(files[0].text, files[0].path);
    if (const Kind kind = kind_of(json); kind != Kind::run) return other_document(json, kind, format);
  } catch (const Json::exception& e) {
    throw BadInput("{}: it lacks what it should hold: {}", files[0].path, e.what());
  }
  return report(files[0].text, files[0].path, format);
}

}  // namespace bitproof
