#include <fmt/format.h>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "nearest.hpp"
#include "reports/file.hpp"
#include "reports/history_json.hpp"
#include "reports/run_file.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

int add_to_history(const HistoryOptions& options) {
  History history(options.db, History::Open::create);
  Json saved = Json::array(), there = Json::array();
  for (const std::string& path : options.add) {
    const bool added = history.add(sound_run(read_file(path), path));
    (added ? saved : there).push_back(path);
    if (options.json) continue;
    fmt::print("{}: {}\n", added ? "saved" : "already saved", path);
    std::fflush(stdout);  // it is on the disk, so whoever reads this may rely on it
  }
  if (options.json) {
    fmt::print("{}\n", Json{{"saved", saved}, {"already_saved", there}, {"runs", history.runs()}}.dump(2));
  }
  return kOk;
}

// The cases that a text means: one of that name, or all that it is a part of.
std::vector<std::string> cases_of(const History& history, const std::string& text, const std::string& path) {
  const std::vector<std::string> names = history.case_names();
  std::vector<std::string> chosen;
  for (const std::string& name : names) {
    if (name == text) return {name};
    if (name.find(text) != std::string::npos) chosen.push_back(name);
  }
  if (!chosen.empty()) return chosen;
  if (names.empty())
    throw BadInput("{}: holds no case yet: add a run with `bitproof history --add RUN.json --db FILE`", path);
  throw BadInput("{}: no case is '{}'; did you mean {}?", path, text, nearest(text, names));
}

std::string microseconds(double ns) { return fmt::format("{:.6g}", ns * 1e-3); }

void print_series(const HistorySeries& s) {
  fmt::print("machine {} ({}), state {}\n", one_line(s.fingerprint), one_line(s.machine), one_line(s.state));
  const std::vector<ChangePoint> changes = s.changes();
  TextTable table("<<>>>><");
  table.row({"run", "revision", "us", "low", "high", "n", ""});
  auto next = changes.begin();
  for (std::size_t i = 0; i < s.points.size(); ++i) {
    const HistoryPoint& p = s.points[i];
    std::string remark = p.ns ? "" : p.why;
    if (next != changes.end() && next->first == i) {
      remark = fmt::format("<- {:+.1f} % from here on (p = {:.3f})", 100 * (next->ratio() - 1), next->p);
      ++next;
    }
    if (p.partial) remark += " (partial run)";
    table.row({p.started, p.revision.empty() ? "unknown" : p.revision, p.ns ? microseconds(p.ns->median) : "-",
               p.ns ? microseconds(p.ns->ci_low) : "-", p.ns ? microseconds(p.ns->ci_high) : "-", fmt::to_string(p.n),
               remark});
  }
  table.print();
  fmt::print("{}\n\n",
             changes.empty() ? "no change of level shown" : fmt::format("{} change(s) of level", changes.size()));
}

int show(const HistoryOptions& options) {
  const History history(options.db, History::Open::existing);
  const std::vector<std::string> names = cases_of(history, options.filter, options.db);
  if (options.json) {
    fmt::print("{}\n", to_json(history, names).dump(2));
    return kOk;
  }
  for (const std::string& name : names) {
    fmt::print("{}\n", one_line(name));
    if (options.filter.empty()) continue;
    for (const HistorySeries& s : history.series(name)) print_series(s);
  }
  return kOk;
}

}  // namespace

int history_command(const HistoryOptions& options) {
  if (options.add.empty()) return show(options);
  if (!options.filter.empty()) throw BadInput("CASE is for showing, --add for adding: give one of them");
  return add_to_history(options);
}

void add_history(CommandLine& line) {
  auto [sub, o] = line.add("history", "runs over time: the trend of a case and where it changed", history_command);
  sub.option("case", o.filter, "case, or a part of its name (default: list the cases)");
  sub.option("--db", o.db, "SQLite file");
  sub.option("--add", o.add, "add a run.json; may be given again");
  sub.json(o.json);
  sub.examples({"bitproof history --db runs.db --add out/*/run.json", "bitproof history loop/none --db runs.db"});
}

}  // namespace bitproof
