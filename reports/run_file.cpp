#include "reports/run_file.hpp"

#include <set>
#include <vector>

#include "error.hpp"
#include "reports/exports.hpp"
#include "reports/html/html.hpp"
#include "reports/markdown.hpp"
#include "reports/run_cases.hpp"

namespace bitproof {
namespace {

struct Format {
  std::string name;
  std::string (*write)(const Json& run);
};

const std::vector<Format>& formats() {
  static const std::vector<Format> all = {
      {"md", markdown},
      {"html", [](const Json& run) { return html::run_page(run, html::installed_charts()); }},
      {"json", [](const Json& run) { return run.dump(1) + "\n"; }},
      {"gbench", google_benchmark},
      {"bmf", bencher},
      {"gha", github_smaller},
      {"gha-bigger", github_bigger},
      {"csv", csv},
      {"jsonl", json_lines},
      {"junit", junit},
  };
  return all;
}

// Why the text is no JSON from byte `at` (counted from 1) on.
std::string why_not_json(const std::string& text, std::size_t at, const std::string& parser) {
  if (parser.find("; expected end of input") != std::string::npos) {
    return fmt::format("a second document at byte {}: runs mixed into one file", at);
  }
  const std::string near = text.substr(at < 3 ? 0 : at - 3, 12);
  for (const char* word : {"NaN", "nan", "Infinity", "inf"}) {
    if (near.find(word) != std::string::npos) {
      return fmt::format("not JSON from byte {} on: {} there, and every time is a finite number", at, word);
    }
  }
  return fmt::format("not JSON from byte {} on: cut off, or not the run.json of a `bitproof run`", at);
}

Json parse_json(const std::string& text, const std::string& path) {
  constexpr int kDeepest = 32;  // a run has 7 levels, and what prints JSON recurses
  std::set<std::string> keys;
  const auto sane = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth > kDeepest) throw BadInput("{}: nested over {} levels deep: no run.json is", path, kDeepest);
    if (depth == 1 && event == Json::parse_event_t::key && !keys.insert(value.get<std::string>()).second) {
      throw BadInput("{}: '{}' is there twice: runs mixed into one file", path, value.get<std::string>());
    }
    return true;
  };
  try {
    return Json::parse(text, sane);
  } catch (const Json::parse_error& e) {
    throw BadInput("{}: {}", path, why_not_json(text, e.byte, e.what()));
  } catch (const Json::exception& e) {
    throw BadInput("{}: {}", path, e.what());
  }
}

void require_schema(const Json& run) {
  const Json schema = run.is_object() ? run.value("schema", Json()) : Json();
  if (schema == kSchema) return;
  if (!schema.is_string()) throw BadInput("not a run of schema {}: not the run.json of a `bitproof run`", kSchema);
  throw BadInput("not a run of schema {} but of {}: read it with the bitproof that made it, or measure again", kSchema,
                 schema.get<std::string>());
}

void require_fingerprint(const Json& node, const Json& expected) {
  if (!node.is_structured()) return;
  if (node.is_object() && node.contains("fingerprint") && node.at("fingerprint") != expected) {
    throw BadInput("mixed machines: fingerprint {} beside {}; a run is of one machine and one build",
                   node.at("fingerprint").dump(), expected.dump());
  }
  for (const Json& child : node) require_fingerprint(child, expected);
}

void require_one_machine(const Json& run) {
  const Json& machine = run.at("machine");
  if (machine.is_array()) throw BadInput("mixed machines: it names {}; a run is of one", machine.size());
  require_fingerprint(run, Json(machine.at("fingerprint").get_ref<const std::string&>()));
}

// What a step has to say of the run, with the path before it.
template <class Step>
auto told_of(const std::string& path, Step step) {
  try {
    return step();
  } catch (const BadInput& e) {
    throw BadInput("{}: {}", path, e.what());
  } catch (const Json::exception& e) {
    throw BadInput("{}: the run lacks what its schema promises: {}", path, e.what());
  }
}

}  // namespace

Json parse_run(const std::string& text, const std::string& path) {
  Json run = parse_json(text, path);
  told_of(path, [&] {
    // What other commands print names its machine by fingerprint alone, if at all.
    if (run.is_object() && run.contains("machine") && !run.at("machine").is_string()) require_one_machine(run);
  });
  return run;
}

Json sound_run(const std::string& text, const std::string& path) {
  Json run = parse_run(text, path);
  told_of(path, [&] {
    require_schema(run);
    require_one_machine(run);
    run_cases(run);
  });
  return run;
}

std::span<const std::string> report_formats() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> list;
    for (const Format& f : formats()) list.push_back(f.name);
    return list;
  }();
  return names;
}

std::string report(const std::string& text, const std::string& path, const std::string& format) {
  const Json run = sound_run(text, path);
  return told_of(path, [&] {
    const std::string page = markdown(run);  // reads all of it: what is not a run ends here, whatever the format
    for (const Format& f : formats()) {
      if (f.name == format && format != "md") return f.write(run);
    }
    return page;
  });
}

}  // namespace bitproof
