#include "reports/audit/reproduction.hpp"

#include <algorithm>
#include <sstream>

#include "error.hpp"
#include "reports/markdown.hpp"

namespace bitproof::audit {
namespace {

constexpr const char* kMeasuring[] = {"attribute", "bench", "check", "loop"};

// What makes them write: Google Benchmark's own flags among it, which `bench` hands on.
constexpr const char* kWriting[] = {"--resume", "--benchmark_out"};

// One part of a path: a key, and of a list the key and the value that choose an item.
struct Step {
  std::string key, chosen_by, chosen;
};

std::vector<Step> steps_of(const std::string& path) {
  std::vector<Step> steps;
  std::size_t at = 0;
  while (at <= path.size()) {
    Step step;
    const std::size_t end = std::min(path.find_first_of(".[", at), path.size());
    step.key = path.substr(at, end - at);
    at = end + 1;
    if (end < path.size() && path[end] == '[') {
      const std::size_t equals = path.find('=', end), close = path.find(']', end);
      if (equals >= close || close == std::string::npos) throw BadInput("'{}': [ is not followed by key=value]", path);
      step.chosen_by = path.substr(end + 1, equals - end - 1);
      step.chosen = path.substr(equals + 1, close - equals - 1);
      if (close + 1 < path.size() && path[close + 1] != '.') throw BadInput("'{}': ] is not followed by a dot", path);
      at = close + 2;
    }
    if (step.key.empty())
      throw BadInput("'{}' names no number: keys with dots between, such as tok_per_s.median", path);
    steps.push_back(std::move(step));
  }
  return steps;
}

bool chosen(const Json& item, const Step& step) {
  if (!item.is_object() || !item.contains(step.chosen_by)) return false;
  const Json& value = item[step.chosen_by];
  return (value.is_string() ? value.get<std::string>() : value.dump()) == step.chosen;
}

const Json* next(const Json& from, const Step& step) {
  if (!from.is_object() || !from.contains(step.key)) return nullptr;
  const Json& value = from[step.key];
  if (step.chosen_by.empty()) return &value;
  if (!value.is_array()) return nullptr;
  const auto item = std::find_if(value.begin(), value.end(), [&](const Json& i) { return chosen(i, step); });
  return item == value.end() ? nullptr : &*item;
}

std::optional<double> over_claimed(const Reproduced& r) {
  const Claim& c = *r.claim;
  if (!r.value || !c.value || c.range().high == 0) return std::nullopt;
  return *r.value / c.range().high;
}

std::string cpu_of_report(const Docket& docket, const Claim& c) {
  const std::string& cpu = docket.report_of(c).cpu;
  return cpu.empty() ? "a machine it does not name" : cpu;
}

// A name as a system gives it: "13th Gen Intel(R) Core(TM) i7-13700H" has the words of "Intel Core i7-13700H" in it.
std::vector<std::string> words_of(std::string cpu) {
  for (const char* mark : {"(R)", "(TM)", "(r)", "(tm)"}) {
    for (std::size_t at = cpu.find(mark); at != std::string::npos; at = cpu.find(mark))
      cpu.erase(at, std::string(mark).size());
  }
  std::istringstream text(cpu);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

bool names(const std::string& here, const std::string& cpu) {
  const auto has = words_of(here), wanted = words_of(cpu);
  return !wanted.empty() && std::search(has.begin(), has.end(), wanted.begin(), wanted.end()) != has.end();
}

// Whether the claim was made on a CPU of this one's model; false where its report names none.
bool made_here(const Docket& docket, const Claim& c, const std::string& here) {
  const std::string& stated = docket.report_of(c).cpu;
  const Cpu* known = docket.cpu_of(c);
  return names(here, stated) ||
         (known && (names(here, known->name) || std::any_of(known->aliases.begin(), known->aliases.end(),
                                                            [&](const std::string& a) { return names(here, a); })));
}

std::string difference(const Docket& docket, const std::vector<Reproduced>& all, const std::string& here) {
  const auto same =
      std::count_if(all.begin(), all.end(), [&](const Reproduced& r) { return made_here(docket, *r.claim, here); });
  if (same == 0) return fmt::format("Here is {}: another machine, so no verdict rests on these.", here);
  if (same == static_cast<std::ptrdiff_t>(all.size()))
    return fmt::format(
        "Here is {}, the CPU that is claimed on; memory and system may differ, so no verdict rests on these.", here);
  return fmt::format(
      "Here is {}: the CPU of {} of these {} claims, and another machine for the rest; no verdict rests on these.",
      here, same, all.size());
}

}  // namespace

std::vector<std::string> arguments_of(const std::string& command) {
  std::istringstream text(command);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  if (words.size() < 2 || words[0] != "bitproof" ||
      std::find(std::begin(kMeasuring), std::end(kMeasuring), words[1]) == std::end(kMeasuring)) {
    throw BadInput("'{}' is no command that measures: bitproof {} ...", command, fmt::join(kMeasuring, ", "));
  }
  // A claims file is somebody else's: it may have numbers measured, and nothing written.
  for (const std::string& word : words) {
    for (const char* option : kWriting) {
      if (word == option || word.starts_with(std::string(option) + "="))
        throw BadInput("'{}': {} writes a file, and a claim may not", command, option);
    }
  }
  words.erase(words.begin());
  words.push_back("--json");
  return words;
}

void require_path(const std::string& path) { steps_of(path); }

std::optional<double> number_at(const Json& printed, const std::string& path) {
  const Json* at = &printed;
  for (const Step& step : steps_of(path)) {
    at = next(*at, step);
    if (!at) return std::nullopt;
  }
  return at->is_number() ? std::optional(at->get<double>()) : std::nullopt;
}

Reproduced reproduced(const Claim& claim, const Json& printed, int exit_code, const std::string& words) {
  const Reproduction& how = *claim.reproduce;
  Reproduced r{.claim = &claim};
  if (exit_code != 0 && arguments_of(how.command)[0] != "check") {
    r.why = "the run failed its own gates: " + words;
    return r;
  }
  if (const auto number = number_at(printed, how.value)) {
    r.value = *number * how.unit.scale;
  } else {
    r.why = fmt::format("the run has no number at {}", how.value);
  }
  return r;
}

std::string reproduction_text(const Docket& docket, const std::vector<Reproduced>& all, const std::string& here) {
  std::string out;
  for (const Reproduced& r : all) {
    const Claim& c = *r.claim;
    const auto times = over_claimed(r);
    out += one_line(fmt::format("{} line {}: {} ({}), claimed on {}{}", c.report, c.line, c.shown(), c.of,
                                cpu_of_report(docket, c), made_here(docket, c, here) ? ", which this is" : "")) +
           "\n";
    out +=
        one_line(r.value ? fmt::format("  measured here: {}{}{}", c.value ? "" : c.reproduce->value + " = ",
                                       with_unit(*r.value, c.unit_text),
                                       times ? fmt::format(", {} of what is claimed", short_number(*times) + "x") : "")
                         : "  not measured here: " + r.why) +
        "\n";
    out += one_line(fmt::format("  by {} ({:.0f} s)", c.reproduce->command, r.seconds)) + "\n";
  }
  if (all.empty()) return "no claim says how to measure it here\n";
  return out + one_line(difference(docket, all, here)) + "\n";
}

Json reproduction_json(const Docket& docket, const std::vector<Reproduced>& all, const std::string& here) {
  Json list = Json::array();
  for (const Reproduced& r : all) {
    const Claim& c = *r.claim;
    const auto times = over_claimed(r);
    Json j{{"id", c.key()},
           {"line", c.line},
           {"claimed", c.shown()},
           {"claimed_on", cpu_of_report(docket, c)},
           {"same_cpu", made_here(docket, c, here)},
           {"measured", r.value ? Json(with_unit(*r.value, c.unit_text)) : Json()},
           {"measured_over_claimed", times ? Json(*times) : Json()},
           {"command", c.reproduce->command},
           {"seconds", r.seconds},
           {"provenance", {{"claimed", "claimed"}, {"measured", "measured"}}}};
    if (!r.value) j["measured_why"] = r.why;
    if (!times) j["measured_over_claimed_why"] = r.value ? "nothing to divide by: the claim is 0 or no number" : r.why;
    list.push_back(std::move(j));
  }
  return {{"reproduced", list}, {"machine", here}};
}

}  // namespace bitproof::audit
