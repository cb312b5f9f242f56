#include "reports/exports.hpp"
#include "reports/junit_writer.hpp"
#include "reports/run_cases.hpp"

namespace bitproof {
namespace {

using Outcome = JunitCase::Outcome;

std::string text_at(const Json& j, const char* key) { return j.at(key).get<std::string>(); }

// A variant that passed is one test case, however many shapes it passed on; each shape that failed is one.
JunitSuite checks(const Json& run) {
  JunitSuite suite{"bitproof.check", {}};
  if (!run.contains("check")) return suite;
  const Json& check = run.at("check");
  for (const auto& [id, n] : check.at("passed_by_variant").items()) suite.cases.push_back({id, suite.name});
  for (const Json& f : check.at("failures")) {
    suite.cases.push_back({text_at(f, "id"), suite.name, Outcome::failed,
                           text_at(f, "verdict") + ": " + text_at(f, "reason") + "; replay: " + text_at(f, "repro")});
  }
  for (const Json& s : check.at("skipped_variants")) {
    suite.cases.push_back({text_at(s, "id"), suite.name, Outcome::skipped, text_at(s, "reason")});
  }
  return suite;
}

JunitSuite results(const Json& run, const std::string& kind) {
  JunitSuite suite{"bitproof." + kind, {}};
  for (const RunCase& c : run_cases(run)) {
    if (c.kind != kind) continue;
    const Outcome outcome = c.ns ? Outcome::passed : c.skipped ? Outcome::skipped : Outcome::failed;
    suite.cases.push_back({c.name, suite.name + "." + c.variant, outcome, c.why, c.ns ? c.ns->median * 1e-9 : 0});
  }
  return suite;
}

JunitSuite gates(const Json& run) {
  JunitSuite suite{"bitproof.gates", {}};
  for (const Json& f : run.at("failures")) {
    suite.cases.push_back({f.get<std::string>(), suite.name, Outcome::failed, f.get<std::string>()});
  }
  if (run.value("partial", true)) {
    suite.cases.push_back(
        {"the run ended", suite.name, Outcome::error, "partial: what it had not measured is missing"});
  } else if (suite.cases.empty()) {
    suite.cases.push_back({"every gate", suite.name});
  }
  return suite;
}

}  // namespace

std::vector<JunitSuite> junit_suites(const Json& run) {
  return {checks(run), results(run, "bench"), results(run, "loop"), gates(run)};
}

std::string junit(const Json& run) { return junit_xml(junit_suites(run)); }

}  // namespace bitproof
