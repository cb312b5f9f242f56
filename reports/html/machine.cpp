// The machine and the build that every number of the run belongs to, and what the run does not show.
#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"
#include "reports/limits.hpp"

namespace bitproof::html {

std::string machine_section(const Json& run) {
  const Json& m = look(run, {"machine"});
  Dataset d{"facts", "Machine and build", {{"fact", "fact"}, {"value", "value"}}};
  for (const auto& [key, value] : m.items()) {
    if (key.ends_with("_why") || key == "caches" || key == "provenance") continue;
    const Json& why = look(m, {(key + "_why").c_str()});
    std::string text = words(m, key.c_str());
    if (value.is_array()) {
      text.clear();
      for (const Json& v : value)
        text += (text.empty() ? "" : ", ") + (v.is_string() ? v.get<std::string>() : v.dump());
      if (text.empty()) text = "none";
    }
    d.rows.push_back({{"fact", key}, {"value", text + (why.is_string() ? " (" + why.get<std::string>() + ")" : "")}});
  }
  return markup(
      Figure{.id = "facts", .title = "Machine and build", .caption = words(m, "provenance", ""), .data = {d}});
}

std::string limits_section(const Json& run) {
  Dataset replay{"replay", "Replay", {{"command", "command", Form::repro}, {"seed", "seed"}}};
  replay.rows.push_back({{"command", words(run, "command")}, {"seed", words(run, "seed")}});
  return list(limits(run)) + markup(Figure{.id = "replay",
                                           .title = "Run it again",
                                           .caption = "The same seed gives the same weights, prompt and order.",
                                           .data = {replay}});
}

}  // namespace bitproof::html
