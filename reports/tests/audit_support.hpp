// Claims on trial in tests: files made up of a few lines, the real ones, and what was found.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "harness/tests/support.hpp"
#include "reports/audit/audit.hpp"
#include "reports/file.hpp"

namespace bitproof::audit {

inline constexpr Verdict kHolds = Verdict::holds, kUnsupported = Verdict::unsupported,
                         kContradicted = Verdict::contradicted, kWrong = Verdict::wrong,
                         kImpossible = Verdict::impossible;

inline std::string suites() { return std::string(BITPROOF_SOURCE_DIR) + "/suites"; }

inline Cpus known_cpus() {
  const std::string path = suites() + "/machines/cpus.toml";
  return parse_cpus(read_file(path), path);
}

inline Report read_claims(const std::string& path) { return parse_claims(read_file(path), path); }

// The docket stays where it is: verdicts point into it.
struct Trial {
  explicit Trial(std::vector<Report> reports) : docket{std::move(reports), known_cpus()}, verdicts(audit(docket)) {}
  Trial(const Trial&) = delete;

  // That of "id", or of "report/id" where there are several reports.
  const ClaimVerdict& of(const std::string& id) const {
    for (const ClaimVerdict& v : verdicts) {
      if (v.claim->id == id || v.claim->key() == id) return v;
    }
    throw std::runtime_error("no claim " + id);
  }

  // The gravest that a rule found; holds when it found nothing or a note.
  Verdict by(const std::string& rule, const std::string& id) const {
    Verdict worst = Verdict::holds;
    for (const Finding& f : of(id).findings) {
      if (f.rule == rule) worst = std::max(worst, f.verdict);
    }
    return worst;
  }

  const Docket docket;
  const std::vector<ClaimVerdict> verdicts;
};

// A claim in one line: c("speed", "throughput", "56.62", "tok/s", "expression = ...").
inline std::string c(const std::string& id, const std::string& metric, const std::string& value,
                     const std::string& unit, const std::string& more = "") {
  return "[[claims]]\nid = \"" + id + "\"\nline = 1\nquote = \"q\"\nmetric = \"" + metric + "\"\n" +
         (value.empty() ? "" : "value = \"" + value + "\"\n") + "unit = \"" + unit + "\"\n" + more + "\n";
}

inline const std::string kModel7b =
    "[model]\nlayers = 32\nhidden = 4096\nffn = 11008\nheads = 32\ncontext = 2048\nbatch = 1\n"
    "parameters = 7_000_000_000\nweight_bits = \"1.585-2\"\n";
inline const std::string k7730u = "[report]\nsystem = \"s\"\ncpu = \"AMD Ryzen 7 7730U\"\n";

inline Report claims(const std::string& text, const std::string& name = "made_up") {
  return parse_claims(text, name + ".toml");
}

// What one rule finds of one claim of one file.
inline Verdict found(const std::string& rule, const std::string& text, const std::string& id) {
  return Trial({claims(text)}).by(rule, id);
}

}  // namespace bitproof::audit
