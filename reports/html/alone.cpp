// Each variant alone: the distribution of its repetitions, by benchmark.
#include <map>

#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {
namespace {

Dataset results_table(const std::vector<const Json*>& results) {
  const Json& from = look(*results[0], {"provenance"});
  Dataset d{"results",
            "Median [95 % interval; for fewer than 6 samples, their range]",
            {{"variant", "variant"},
             {"case", "case"},
             {"threads", "threads", Form::number, kSetting},
             {"memory", "memory"},
             {"us", "µs", Form::interval, words(from, "median_ns", "measured")},
             {"n", "samples", Form::number, kCounted},
             {"gb_per_s", "GB/s", Form::number, words(from, "gb_per_s", "derived")},
             {"gop_per_s", "Gop/s", Form::number, words(from, "gop_per_s", "derived")},
             {"fraction", "of the read ceiling", Form::percent, words(from, "fraction_of_ceiling", "derived")},
             {"state", "placement"},
             {"physics", "physics", Form::mark, words(from, "physics", "derived")}}};
  for (const Json* b : results) {
    Json row{{"variant", words(*b, "id")},
             {"case", words(*b, "case")},
             {"threads", look(*b, {"threads"})},
             {"memory", words(*b, "temperature")}};
    if (look(*b, {"median_ns"}).is_number()) {
      row["us"] = b->at("median_ns").get<double>() * 1e-3;
      row["us_low"] = b->at("ci_low_ns").get<double>() * 1e-3;
      row["us_high"] = b->at("ci_high_ns").get<double>() * 1e-3;
      row["n"] = look(*b, {"n"});
      row["state"] = words(*b, "state");
      row["physics"] = words(look(*b, {"physics"}), "verdict", "not judged");
    } else {
      row["us"] = nullptr;
      row["us_why"] = words(*b, "median_ns_why", "not measured");
    }
    for (const char* key : {"gb_per_s", "gop_per_s"}) row[key] = look(*b, {key});
    row["fraction"] = look(*b, {"fraction_of_ceiling"});
    d.rows.push_back(std::move(row));
  }
  return d;
}

Dataset samples_table(const std::vector<const Json*>& results) {
  Dataset d{"samples",
            "Samples",
            {{"label", "variant"},
             {"threads", "threads", Form::number, kSetting},
             {"sample", "sample", Form::number, kCounted},
             {"us", "µs", Form::number, "measured"}}};
  bool one_case = true;
  for (const Json* b : results)
    one_case &= look(*b, {"case"}) == look(*results[0], {"case"}) &&
                look(*b, {"temperature"}) == look(*results[0], {"temperature"});
  for (const Json* b : results) {
    if (!look(*b, {"median_ns"}).is_number()) continue;
    std::string label = words(*b, "id");
    if (!one_case) label += fmt::format(", {}, {}", words(*b, "case"), words(*b, "temperature"));
    int n = 0;
    for (const Json& ns : b->at("samples")) {
      d.rows.push_back(
          {{"label", label}, {"threads", look(*b, {"threads"})}, {"sample", ++n}, {"us", ns.get<double>() * 1e-3}});
    }
  }
  return d;
}

}  // namespace

std::string alone_section(const Json& run) {
  std::vector<std::string> names;
  std::map<std::string, std::vector<const Json*>> groups;
  for (const Json& b : look(run, {"bench"})) {
    const std::string name = words(b, "benchmark", "benchmark");
    if (!groups.contains(name)) names.push_back(name);
    groups[name].push_back(&b);
  }
  if (names.empty()) return paragraph("No microbenchmark was run.");
  std::string out = paragraph(
      "Google Benchmark, repetitions interleaved at random; outputs checked again after timing. A dot is one "
      "repetition.");
  int n = 0;
  for (const std::string& name : names) {
    const Dataset samples = samples_table(groups.at(name));
    out += markup(Figure{.id = fmt::format("alone-{}", ++n),
                         .title = name,
                         .caption = fmt::format("Time of one operation, {} results.", groups.at(name).size()),
                         .chart = samples.rows.empty() ? "" : "samples",
                         .data = {results_table(groups.at(name)), samples},
                         .folded = true});
  }
  return out;
}

}  // namespace bitproof::html
