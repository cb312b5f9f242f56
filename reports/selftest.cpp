#include "reports/selftest.hpp"

#include <fmt/format.h>

#include "reports/markdown.hpp"

namespace bitproof {

Json to_json(const zoo::SelftestResult& result) {
  Json survivors = Json::array(), skipped = Json::array(), alarms = Json::array(), faults = Json::array();
  for (const zoo::Outcome& o : result.outcomes) {
    if (!o.skipped.empty()) {
      skipped.push_back({{"name", o.name}, {"reason", o.skipped}});
      continue;
    }
    if (!o.kill.killed()) survivors.push_back(o.name);
    for (const zoo::Kill& a : o.alarms) alarms.push_back({{"name", o.name}, {"check", a.check}, {"reason", a.reason}});
    Json killed_by = nullptr;
    if (o.kill.killed()) killed_by = o.kill.check;
    faults.push_back({{"name", o.name},
                      {"lie", o.lie},
                      {"killed_by", killed_by},
                      {"reason", o.kill.reason},
                      {"false_alarms", o.alarms.size()}});
    if (!o.kill.killed()) faults.back()["killed_by_why"] = "no check found anything wrong";
  }
  return {{"planted", result.planted()},
          {"killed", result.killed()},
          {"survivors", survivors},
          {"skipped", skipped},
          {"clean_twins", result.planted()},
          {"clean_runs", result.planted() * result.repeat},
          {"false_alarms", result.false_alarms()},
          {"alarms", alarms},
          {"faults", faults}};
}

std::string markdown(const zoo::SelftestResult& result) {
  std::string out =
      fmt::format("Killed {} of {}; {} false alarms in {} runs of {} clean twins.\n\n", result.killed(),
                  result.planted(), result.false_alarms(), result.planted() * result.repeat, result.planted());
  for (const zoo::Outcome& o : result.outcomes) {
    for (const zoo::Kill& a : o.alarms) {
      out += fmt::format("- False alarm of the clean twin of {}, by {}: {}\n", escape_markdown(o.name), a.check,
                         escape_markdown(a.reason));
    }
  }
  if (result.false_alarms() > 0) out += "\n";
  out += "| planted fault | how it lies | killed by |\n|---|---|---|\n";
  for (const zoo::Outcome& o : result.outcomes) {
    const std::string by = !o.skipped.empty() ? "skipped: " + o.skipped
                           : o.kill.killed()  ? o.kill.check
                                              : "**nothing: it survived**";
    out += fmt::format("| {} | {} | {} |\n", escape_markdown(o.name), escape_markdown(o.lie), by);
  }
  return out;
}

}  // namespace bitproof
