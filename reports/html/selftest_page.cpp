// The kill table: what the harness caught of the faults that were planted in it, and what it called a fault that was
// none.
#include "error.hpp"
#include "reports/html/html.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

Dataset kill_table(const Json& zoo) {
  Dataset d{
      "faults",
      "Planted faults",
      {{"name", "fault", Form::code},
       {"lie", "how it lies"},
       {"verdict", "verdict", Form::mark, "measured: planted, and put through the door that real ones go through"},
       {"killed_by", "killed by"}}};
  for (const Json& f : zoo.at("faults")) {
    d.rows.push_back({{"name", words(f, "name")},
                      {"lie", words(f, "lie", "")},
                      {"verdict", look(f, {"killed_by"}).is_string() ? "killed" : "SURVIVED"},
                      {"killed_by", words(f, "killed_by", "nothing")}});
  }
  return d;
}

// Faults or twins by name, with what was said of them.
Dataset told(const std::string& name, const std::string& title, const Json& items) {
  Dataset d{name, title, {{"name", "fault", Form::code}, {"reason", "reason"}}};
  for (const Json& i : items) {
    const std::string check = words(i, "check", "");
    d.rows.push_back(
        {{"name", words(i, "name")}, {"reason", (check.empty() ? "" : check + ": ") + words(i, "reason", "")}});
  }
  return d;
}

std::string header_of_selftest(const Json& zoo) {
  const auto count = [&](const char* key) { return zoo.at(key).get<std::int64_t>(); };
  const bool ran = count("planted") > 0;
  const bool good = ran && count("killed") == count("planted") && count("false_alarms") == 0;
  std::string out = "<h1>bitproof selftest</h1>\n";
  out += "<p class=\"origin\">The harness against its zoo of planted faults</p>\n";
  out += fmt::format(
      "<p class=\"banner {}\"><span aria-hidden=\"true\">{}</span> {} of {} planted faults killed; {} false "
      "alarms in {} runs of {} clean twins; {} skipped here.</p>\n",
      good ? "good" : "bad", good ? "\u2713" : "\u2717", count("killed"), count("planted"), count("false_alarms"),
      count("clean_runs"), count("clean_twins"), zoo.at("skipped").size());
  return out;
}

}  // namespace

std::string selftest_page(const Json& zoo, const std::string& library) {
  try {
    Figure kills{.id = "faults",
                 .title = "Kill table",
                 .caption =
                     "A checker is untested until it has rejected a fault. Each fault has a clean twin, the same code "
                     "with the fault off, which must raise nothing.",
                 .data = {kill_table(zoo)}};
    Dataset reasons = told("reasons", "What the check said", zoo.at("faults"));
    reasons.folded = true;
    kills.data.push_back(reasons);
    for (const Dataset& d : {told("alarms", "False alarms of clean twins", zoo.at("alarms")),
                             told("skipped", "Skipped on this machine", zoo.at("skipped"))}) {
      if (!d.rows.empty()) kills.data.push_back(d);
    }
    return document({"bitproof selftest", header_of_selftest(zoo), {{"kills", "What was planted", markup(kills)}}},
                    library);
  } catch (const Json::exception& e) {
    throw BadInput("not what `bitproof selftest --json` prints: {}", e.what());
  }
}

}  // namespace bitproof::html
