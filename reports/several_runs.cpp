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

// What is no run, but was printed by a command of ours with --json.
std::optional<std::string> other_document(const Json& json, const std::string& format) {
  if (!json.is_object() || json.contains("schema")) return {};
  const auto lists = [&](const char* key) { return json.value(key, Json()).is_array(); };
  const bool audit = lists("claims"), comparison = lists("cases") && json.contains("rules"),
             history = lists("cases") && json.contains("runs"), selftest = lists("faults") && json.contains("planted"),
             attribution =
                 (lists("techniques") && json.contains("cells_total")) || json.value("depth_axis", Json()).is_object();
  if (!audit && !comparison && !history && !selftest && !attribution) return {};
  if (format == "json") return json.dump(1) + "\n";
  if (comparison && format == "csv") return comparison_csv(json);
  if (history && format == "md") return trend_markdown(json);
  if (attribution && format == "md") return attribution_report(json);
  if (format != "html") {
    throw cannot_hold(format, "what this command printed",
                      history || attribution ? "html, md, json"
                      : comparison           ? "html, csv, json"
                                             : "html, json");
  }
  const auto page = audit         ? html::audit_page
                    : comparison  ? html::comparison_page
                    : history     ? html::history_page
                    : attribution ? html::attribution_page
                                  : html::selftest_page;
  return page(json, html::installed_charts());
}

}  // namespace

std::string report(std::span<const SavedRun> files, const std::string& format, bool compare) {
  if (compare) return compared(files, format);
  if (files.size() > 1) return trend(files, format);
  if (files.empty()) throw BadInput("no run: name a run.json");
  try {
    if (const auto other = other_document(parse_run(files[0].text, files[0].path), format)) return *other;
  } catch (const Json::exception& e) {
    throw BadInput("{}: it lacks what it should hold: {}", files[0].path, e.what());
  }
  return report(files[0].text, files[0].path, format);
}

}  // namespace bitproof
