// The roofline: what memory and cores of this machine delivered at best in this run, and where each variant stands.
#include <algorithm>
#include <map>

#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

Dataset variants_under_the_roof(const Json& run) {
  Dataset d{"points",
            "Variants",
            {{"variant", "variant"},
             {"case", "case"},
             {"threads", "threads", Form::number, kSetting},
             {"memory", "weights"},
             {"intensity", "operations a byte", Form::number, "derived: operations over compulsory bytes"},
             {"gop_per_s", "Gop/s", Form::number, "derived: operations (a multiply-add is two) / median"},
             {"gb_per_s", "GB/s", Form::number, "derived: compulsory bytes / median"},
             {"bound", "of its bound", Form::percent,
              "derived: the least time that the measured ceilings allow over the median"},
             {"by", "bound by"}}};
  for (const Json& b : look(run, {"bench"})) {
    const Json &gop = look(b, {"gop_per_s"}), &gb = look(b, {"gb_per_s"});
    if (!gop.is_number() || !gb.is_number() || gb.get<double>() <= 0 || gop.get<double>() <= 0) continue;
    d.rows.push_back({{"variant", words(b, "id")},
                      {"case", words(b, "case")},
                      {"threads", look(b, {"threads"})},
                      {"memory", words(b, "temperature")},
                      {"intensity", gop.get<double>() / gb.get<double>()},
                      {"gop_per_s", gop},
                      {"gb_per_s", gb},
                      {"bound", look(b, {"physics", "fraction"})},
                      {"by", words(look(b, {"physics"}), "bound_by", "not judged")}});
  }
  return d;
}

// The ceilings of memory, by thread count and state, and the best rate of arithmetic at each thread count.
Dataset roofs(const Json& run, double left, double right) {
  Dataset d{"roofs",
            "Roofs: ends of the lines",
            {{"roof", "roof"},
             {"threads", "threads", Form::number, kSetting},
             {"intensity", "operations a byte", Form::number,
              "setting: ends of the lines; derived: peak over bandwidth, where they meet"},
             {"gop_per_s", "Gop/s", Form::number,
              "derived: the lower of bandwidth times operations a byte and the best loop of arithmetic, measured in "
              "the same run"}}};
  std::map<int, double> flat;
  for (const Json& p : look(run, {"ceilings", "peaks"})) {
    const Json& rate = look(p, {"gop_per_s", "median"});
    if (rate.is_number() && words(p, "what") == "int8 multiply-add") {
      double& best = flat[p.at("threads").get<int>()];
      best = std::max(best, rate.get<double>());
    }
  }
  for (const Json& c : look(run, {"ceilings", "by_threads"})) {
    const int threads = c.at("threads").get<int>();
    const double gb_per_s = c.at("gb_per_s").at("median").get<double>();
    const std::string name =
        fmt::format("memory, {} thread(s), {}: {} GB/s", threads, words(c, "state"), number(gb_per_s));
    const double most = flat.contains(threads) ? flat.at(threads) : gb_per_s * right;
    const double ridge = std::min(right, most / gb_per_s);
    for (const double x : {left, ridge, right}) {
      d.rows.push_back(
          {{"roof", name}, {"threads", threads}, {"intensity", x}, {"gop_per_s", std::min(most, x * gb_per_s)}});
    }
  }
  return d;
}

Dataset ceilings(const Json& run) {
  Dataset d{"ceilings",
            "Ceilings measured in this run: median [95 % interval]",
            {{"what", "what"},
             {"isa", "ISA"},
             {"threads", "threads", Form::number, kSetting},
             {"state", "placement"},
             {"rate", "rate", Form::interval, "measured"},
             {"unit", "unit"},
             {"pattern", "best pattern"}}};
  const auto add = [&](const Json& c, const std::string& what) {
    const char* unit = c.contains("gb_per_s") ? "gb_per_s" : "gop_per_s";
    const Json& e = look(c, {unit});
    d.rows.push_back({{"what", what},
                      {"isa", words(c, "isa", "")},
                      {"threads", look(c, {"threads"})},
                      {"state", words(c, "state")},
                      {"rate", look(e, {"median"})},
                      {"rate_low", look(e, {"ci_low"})},
                      {"rate_high", look(e, {"ci_high"})},
                      {"unit", c.contains("gb_per_s") ? "GB/s" : "Gop/s"},
                      {"pattern", words(c, "pattern")}});
  };
  for (const Json& c : look(run, {"ceilings", "by_threads"})) add(c, "memory read");
  for (const Json& c : look(run, {"ceilings", "peaks"})) add(c, words(c, "what"));
  return d;
}

}  // namespace

std::string roofline_section(const Json& run) {
  if (!run.contains("ceilings"))
    return paragraph("No ceiling was measured: no result is held against what this machine can do.");
  const Dataset points = variants_under_the_roof(run);
  std::string out;
  if (points.rows.empty() || look(run, {"ceilings", "by_threads"}).empty()) {
    out += paragraph(
        "No roofline: " + words(run.at("ceilings"), "why", "no microbenchmark has both bytes and operations") + ".");
  } else {
    double left = 1e9, right = 0;
    for (const Json& p : points.rows) {
      left = std::min(left, p.at("intensity").get<double>());
      right = std::max(right, p.at("intensity").get<double>());
    }
    out += markup(Figure{
        .id = "roofline",
        .title = "Roofline",
        .caption =
            "Slopes are read bandwidth, flats the best integer multiply-add rate, both measured in this run by thread "
            "count and placement. A look-up kernel does other work than multiply-adds; its operations are those of "
            "the product it stands for. Points from caches may lie above the slope of memory.",
        .chart = "roofline",
        .data = {points, roofs(run, left / 4, right * 64)},
        .folded = true});
  }
  return out + markup(Figure{.id = "ceilings",
                             .title = "Ceilings",
                             .caption = "A result above the fastest sample of the best of these in its placement, by 5 "
                                        "% (memory) or 25 % (caches and cores), "
                                        "is IMPOSSIBLE, and fails the run.",
                             .data = {ceilings(run)},
                             .folded = true});
}

}  // namespace bitproof::html
