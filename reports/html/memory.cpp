// Memory: what a token asks of the allocator, touches for the first time, and reads.
#include "reports/html/page.hpp"
#include "reports/html/sections.hpp"

namespace bitproof::html {

std::string memory_section(const Json& run) {
  Dataset d{
      "arms",
      "Memory by recipe",
      {{"recipe", "recipe"},
       {"allocations", "allocations a token", Form::number, "measured: counted by standing in the allocator's place"},
       {"page_faults", "page faults a token", Form::number, "measured: minor and major, of the process"},
       {"mb", "MB read a token", Form::number, "derived: packed weights and cache bytes booked call by call"}}};
  for (const Json* a : measured_arms(run)) {
    double tokens = 0, faults = 0, allocations = 0;
    bool counted = true;
    for (const Json& s : a->at("samples")) {
      tokens += s.at("tokens").get<double>();
      faults += look(s, {"page_faults"}).is_number() ? s.at("page_faults").get<double>() : 0;
      const Json& n = look(s, {"allocations"});
      counted &= n.is_number();
      allocations += n.is_number() ? n.get<double>() : 0;
    }
    if (!(tokens > 0)) continue;
    Json row{{"recipe", words(*a, "recipe")},
             {"page_faults", faults / tokens},
             {"mb", a->at("bytes_per_token").get<double>() * 1e-6}};
    row["allocations"] = counted ? Json(allocations / tokens) : Json();
    if (!counted) row["allocations_why"] = "not counted";
    d.rows.push_back(std::move(row));
  }
  if (d.rows.empty()) return paragraph("No recipe was measured in the token loop.");
  return markup(Figure{
      .id = "memory-figure",
      .title = "Allocations and page faults",
      .caption =
          "A pool shows as no allocations; fresh memory shows as page faults too. The scale is linear up to 1 and "
          "logarithmic above.",
      .chart = "memory",
      .data = {d}});
}

}  // namespace bitproof::html
