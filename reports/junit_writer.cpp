#include "reports/junit_writer.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "reports/xml.hpp"

namespace bitproof {
namespace {

using Outcome = JunitCase::Outcome;

const char* element(Outcome outcome) {
  return outcome == Outcome::failed ? "failure" : outcome == Outcome::skipped ? "skipped" : "error";
}

std::string counts(const std::vector<JunitCase>& cases) {
  const auto of = [&](Outcome o) { return std::ranges::count(cases, o, &JunitCase::outcome); };
  double seconds = 0;
  for (const JunitCase& c : cases) seconds += c.seconds;
  // The schema takes three digits here.
  return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}" time="{:.3f}")", cases.size(),
                     of(Outcome::failed), of(Outcome::error), of(Outcome::skipped), seconds);
}

std::string xml(const JunitCase& c) {
  const std::string head = fmt::format(R"(    <testcase name="{}" classname="{}" time="{:.9f}")", escape_xml(c.name),
                                       escape_xml(c.class_name), c.seconds);
  if (c.outcome == Outcome::passed) return head + "/>\n";
  return fmt::format("{}>\n      <{} message=\"{}\"/>\n    </testcase>\n", head, element(c.outcome),
                     escape_xml(c.message));
}

}  // namespace

std::string junit_xml(const std::vector<JunitSuite>& suites) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const JunitSuite& s : suites) {
    if (s.cases.empty()) continue;
    out += fmt::format("  <testsuite name=\"{}\" {}>\n", escape_xml(s.name), counts(s.cases));
    for (const JunitCase& c : s.cases) out += xml(c);
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

}  // namespace bitproof
