// JUnit XML as Jenkins, GitLab and GitHub's reporters read it (Jenkins' junit-10.xsd).
#pragma once

#include <string>
#include <vector>

#include "reports/json.hpp"

namespace bitproof {

struct JunitCase {
  enum class Outcome { passed, failed, skipped, error };

  std::string name, class_name;
  Outcome outcome = Outcome::passed;
  std::string message{};  // why it did not pass, on one line
  double seconds = 0;
};

struct JunitSuite {
  std::string name;
  std::vector<JunitCase> cases;
};

// What `junit` writes of a run.
std::vector<JunitSuite> junit_suites(const Json& run);

// Suites without cases are left out.
std::string junit_xml(const std::vector<JunitSuite>& suites);

}  // namespace bitproof
