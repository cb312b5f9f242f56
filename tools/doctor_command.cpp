#include <fmt/format.h>

#include <algorithm>

#include "command_line.hpp"
#include "commands.hpp"
#include "doctor.hpp"
#include "reports/json.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

namespace bitproof {
namespace {

// Weights of model 7b in two bits and its head in eight, a copy for each of two layouts, cache and activations.
constexpr std::size_t kNeededBytes = 6'000'000'000;

std::string prognosis(const std::vector<Symptom>& symptoms) {
  const auto has = [&](Fitness f) {
    return std::ranges::any_of(symptoms, [f](const Symptom& s) { return s.fitness == f; });
  };
  if (has(Fitness::unfit)) return "UNFIT: numbers made now would mislead";
  return has(Fitness::watch) ? "FIT, with care" : "FIT";
}

}  // namespace

int doctor_command(const DoctorOptions& options) {
  std::vector<Symptom> symptoms;
  {
    ProgressLine progress("looking at the machine");
    symptoms = diagnose(read_vitals(1, kNeededBytes));
  }
  const bool unfit = std::ranges::any_of(symptoms, [](const Symptom& s) { return s.fitness == Fitness::unfit; });
  if (options.json) {
    Json list = Json::array();
    for (const Symptom& s : symptoms) {
      list.push_back({{"what", s.what}, {"status", name(s.fitness)}, {"found", s.found}, {"advice", s.advice}});
    }
    fmt::print("{}\n", Json{{"fit", !unfit}, {"prognosis", prognosis(symptoms)}, {"checks", list}}.dump(2));
    return unfit ? kFailed : kOk;
  }
  fmt::print("{}\n\n", prognosis(symptoms));
  TextTable table("<<<<");
  table.row({"", "status", "found", "what to do"});
  for (const Symptom& s : symptoms) table.row({s.what, name(s.fitness), s.found, s.advice});
  table.print();
  return unfit ? kFailed : kOk;
}

void add_doctor(CommandLine& line) {
  auto [sub, o] = line.add("doctor", "is this machine fit to measure, and what to do if not", doctor_command);
  sub.examples({"bitproof doctor"});
  sub.json(o.json);
}

}  // namespace bitproof
