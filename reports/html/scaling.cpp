// Thread scaling of microbenchmarks that ran on several thread counts, and the sweep of prefetch distances.
#include <algorithm>
#include <charconv>
#include <map>

#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

struct Distance {
  std::string kernel;
  int lines;  // 0: no prefetch
};

// "ternary_matmul/direct.avx2:pf8" is 8; without a suffix 0.
std::optional<Distance> distance_of(const std::string& id) {
  const std::size_t colon = id.rfind(':');
  if (colon == std::string::npos) return Distance{id, 0};
  const std::string row = id.substr(colon + 1);
  int lines = 0;
  if (!row.starts_with("pf") ||
      std::from_chars(row.data() + 2, row.data() + row.size(), lines).ptr != row.data() + row.size())
    return {};
  return Distance{id.substr(0, colon), lines};
}

}  // namespace

std::string scaling_section(const Json& run) {
  Dataset d{"points",
            "Speed on several threads over one",
            {{"label", "variant"},
             {"case", "case"},
             {"memory", "weights"},
             {"threads", "threads", Form::number, kSetting},
             {"speedup", "speedup", Form::number, "derived: median on one thread / median"},
             {"efficiency", "efficiency", Form::percent, "derived: speedup / threads"}}};
  for (const Json& b : look(run, {"bench"})) {
    const Json& speedup = look(b, {"speedup"});
    const std::string kind = words(b, "kind");
    if (!speedup.is_number() || (kind != "kernel" && kind != "loop")) continue;  // an empty region has nothing to split
    d.rows.push_back({{"label", words(b, "id")},
                      {"case", words(b, "case")},
                      {"memory", words(b, "temperature")},
                      {"threads", look(b, {"threads"})},
                      {"speedup", speedup},
                      {"efficiency", look(b, {"efficiency"})}});
  }
  if (d.rows.empty())
    return paragraph("No thread scaling: no microbenchmark of this run was on one thread and on several.");
  return markup(Figure{
      .id = "scaling",
      .title = "Thread scaling",
      .caption =
          "How much faster each variant is on more threads than on one, in the same case. The bar is perfect scaling.",
      .chart = "scaling",
      .data = {d},
      .folded = true});
}

std::string prefetch_section(const Json& run) {
  struct Point {
    int lines;
    const Json* result;
  };
  std::map<std::string, std::vector<Point>> sweeps;
  for (const Json& b : look(run, {"bench"})) {
    const auto distance = distance_of(words(b, "id"));
    if (!distance || !look(b, {"median_ns"}).is_number()) continue;
    sweeps[fmt::format("{}, {}, {} thread(s), {}", distance->kernel, words(b, "case"), words(b, "threads"),
                       words(b, "temperature"))]
        .push_back({distance->lines, &b});
  }
  Dataset d{"points",
            "Time by prefetch distance",
            {{"label", "kernel"},
             {"distance", "distance, cache lines (0: none)", Form::number, kSetting},
             {"us", "µs", Form::interval, "measured"},
             {"ratio", "time over none", Form::number, "derived: median / median without prefetch"}}};
  for (const auto& [label, points] : sweeps) {
    const auto none = std::ranges::find(points, 0, &Point::lines);
    if (points.size() < 2 || none == points.end()) continue;
    for (const Point& p : points) {
      const double ns = p.result->at("median_ns").get<double>();
      d.rows.push_back({{"label", label},
                        {"distance", p.lines},
                        {"us", ns * 1e-3},
                        {"us_low", p.result->at("ci_low_ns").get<double>() * 1e-3},
                        {"us_high", p.result->at("ci_high_ns").get<double>() * 1e-3},
                        {"ratio", ns / none->result->at("median_ns").get<double>()}});
    }
  }
  if (d.rows.empty())
    return paragraph("No prefetch sweep: no kernel of this run was timed with and without software prefetch.");
  return markup(Figure{
      .id = "prefetch",
      .title = "Prefetch distance",
      .caption =
          "Time over that of the same kernel without software prefetch: below 1 the prefetch helps. The distance is "
          "that of the variant's name.",
      .chart = "prefetch",
      .data = {d},
      .folded = true});
}

}  // namespace bitproof::html
