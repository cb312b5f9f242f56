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

std::int64_t count(const Json& zoo, const char* key) { return zoo.at(key).get<std::int64_t>(); }

std::string header_of_selftest(const Json& zoo) {
  const bool good = kills_all(zoo);
  return fmt::format(
      "<h1>bitproof selftest</h1>\n<p class=\"origin\">The harness against its zoo of planted faults</p>\n"
      "<p class=\"banner {}\"><span aria-hidden=\"true\">{}</span> {}</p>\n",
      good ? "good" : "bad", good ? "\u2713" : "\u2717", escape(kills_sentence(zoo)));
}

}  // namespace

bool kills_all(const Json& zoo) {
  return count(zoo, "planted") > 0 && count(zoo, "killed") == count(zoo, "planted") && count(zoo, "false_alarms") == 0;
}

std::string kills_sentence(const Json& zoo) {
  return fmt::format("{} of {} planted faults killed; {} false alarms in {} runs of {} clean twins; {} skipped here.",
                     count(zoo, "killed"), count(zoo, "planted"), count(zoo, "false_alarms"), count(zoo, "clean_runs"),
                     count(zoo, "clean_twins"), zoo.at("skipped").size());
}

std::string kills_section(const Json& zoo) {
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
  return markup(kills);
}

std::string selftest_page(const Json& zoo, const std::string& library) {
  try {
    return document({"bitproof selftest", header_of_selftest(zoo), {{"kills", "What was planted", kills_section(zoo)}}},
                    library);
  } catch (const Json::exception& e) {
    throw BadInput("not what `bitproof selftest --json` prints: {}", e.what());
  }
}

}  // namespace bitproof::html
