#include "reports/run_file.hpp"

#include "error.hpp"
#include "reports/markdown.hpp"

namespace bitproof {

Json parse_run(const std::string& text, const std::string& path) {
  constexpr int kDeepest = 32;  // a run has 7 levels, and what prints JSON recurses
  const auto shallow = [&](int depth, Json::parse_event_t, Json&) {
    if (depth > kDeepest) throw BadInput("{}: nested over {} levels deep: no run.json is", path, kDeepest);
    return true;
  };
  try {
    return Json::parse(text, shallow);
  } catch (const Json::parse_error& e) {
    throw BadInput("{}: not JSON from byte {} on: cut off, or not the run.json of a `bitproof run`", path, e.byte);
  } catch (const Json::exception& e) {
    throw BadInput("{}: {}", path, e.what());
  }
}

std::string report(const std::string& text, const std::string& path, const std::string& format) {
  const Json run = parse_run(text, path);
  try {
    const std::string page = markdown(run);  // reads all of it: what is not a run ends here, whatever the format
    return format == "json" ? run.dump(1) + "\n" : page;
  } catch (const BadInput& e) {
    throw BadInput("{}: {}", path, e.what());
  }
}

}  // namespace bitproof
