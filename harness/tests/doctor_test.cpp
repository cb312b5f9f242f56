#include "doctor.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <map>

namespace bitproof {
namespace {

Vitals healthy() {
  return {.governor = {"performance", ""},
          .transparent_hugepages = {"madvise", ""},
          .smt = {false, ""},
          .hypervisor = {false, ""},
          .foreign_fraction = {0.0, ""},
          .steal_fraction = {0.0, ""},
          .ping_pong_ns = {28, 30, 29},
          .ping_pong_why = "",
          .cores = 2,
          .memory_available_bytes = {16'000'000'000, ""},
          .memory_needed_bytes = 6'000'000'000,
          .clock_low_ghz = {3.0, ""},
          .clock_high_ghz = {3.05, ""},
          .counters_why = ""};
}

std::map<std::string, Fitness> findings(const Vitals& v) {
  std::map<std::string, Fitness> all;
  for (const Symptom& s : diagnose(v)) all[s.what] = s.fitness;
  return all;
}

TEST(Doctor, FindsNothingOnAHealthyMachine) {
  for (const Symptom& s : diagnose(healthy())) {
    EXPECT_EQ(s.fitness, Fitness::good) << s.what << ": " << s.found;
    EXPECT_EQ(s.advice, "") << s.what;
  }
}

TEST(Doctor, FindsEachIllnessAloneAndSaysWhatToDo) {
  struct Illness {
    const char* what;
    Fitness fitness;
    std::function<void(Vitals&)> infect;
  };
  const Illness illnesses[] = {
      {"governor", Fitness::watch, [](Vitals& v) { v.governor.value = "powersave"; }},
      {"huge pages", Fitness::watch, [](Vitals& v) { v.transparent_hugepages.value = "never"; }},
      {"SMT", Fitness::watch, [](Vitals& v) { v.smt.value = true; }},
      {"foreign load", Fitness::watch, [](Vitals& v) { v.foreign_fraction.value = 0.05; }},
      {"foreign load", Fitness::unfit, [](Vitals& v) { v.foreign_fraction.value = 0.5; }},
      {"steal", Fitness::unfit, [](Vitals& v) { v.steal_fraction.value = 0.2; }},
      {"placement", Fitness::watch,
       [](Vitals& v) {
         v.ping_pong_ns = {28, 170};
       }},
      {"clock", Fitness::watch, [](Vitals& v) { v.clock_low_ghz.value = 2.0; }},
      {"memory", Fitness::unfit, [](Vitals& v) { v.memory_available_bytes.value = 1'000'000'000; }},
      {"counters", Fitness::watch, [](Vitals& v) { v.counters_why = "no such counter"; }},
  };
  for (const Illness& illness : illnesses) {
    Vitals v = healthy();
    illness.infect(v);
    std::map<std::string, Fitness> expected = findings(healthy());
    expected.at(illness.what) = illness.fitness;
    EXPECT_EQ(findings(v), expected) << illness.what;
    for (const Symptom& s : diagnose(v)) EXPECT_EQ(s.advice.empty(), s.what != illness.what) << s.what;
  }
}

TEST(Doctor, WhatCannotBeReadIsUnknownNotGood) {
  Vitals v = healthy();
  v.governor = {std::nullopt, "no such file"};
  v.smt = {std::nullopt, "no such file"};
  v.foreign_fraction = {std::nullopt, "too short"};
  v.ping_pong_ns.clear();
  v.ping_pong_why = "a CPU was busy";
  v.memory_available_bytes = {std::nullopt, "no /proc/meminfo"};
  const auto found = findings(v);
  for (const char* what : {"governor", "SMT", "foreign load", "placement", "memory"})
    EXPECT_EQ(found.at(what), Fitness::unknown) << what;
  EXPECT_EQ(found.at("steal"), Fitness::good);
}

TEST(Doctor, OneCoreHasNothingToPlace) {
  Vitals v = healthy();
  v.ping_pong_ns.clear();
  v.cores = 1;
  EXPECT_EQ(findings(v).at("placement"), Fitness::good);
}

}  // namespace
}  // namespace bitproof
