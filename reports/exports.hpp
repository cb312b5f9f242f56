// A finished run in the formats of other tools. Each is a pure function of the run, in a file of its own, and throws as
// run_cases does. Names come from files: each format escapes them, so that none becomes markup or a formula.
#pragma once

#include <string>

#include "reports/json.hpp"

namespace bitproof {

// Google Benchmark's JSON, as written by 1.7 with repetitions: tools/compare.py, github-action-benchmark (googlecpp)
// and Bencher (cpp_google) read it. What has no number is under `bitproof`, for a row without times breaks compare.py.
std::string google_benchmark(const Json& run);

// github-action-benchmark, tool customSmallerIsBetter: medians in ns; and customBiggerIsBetter: tokens and bytes a
// second. https://github.com/benchmark-action/github-action-benchmark. What has no number is not in it.
std::string github_smaller(const Json& run);
std::string github_bigger(const Json& run);

// Bencher Metric Format, for its adapter `json`. https://bencher.dev/docs/reference/bencher-metric-format
std::string bencher(const Json& run);

// RFC 4180 with a header: one line a result, its summary in ns; an empty field was not measured, and `why` says why.
std::string csv(const Json& run);

// Quoted (RFC 4180), on one line, and behind an apostrophe where a spreadsheet would take it for a formula (OWASP: CSV
// injection).
std::string csv_field(const std::string& raw);

// One JSON object a line and result, with its raw samples.
std::string json_lines(const Json& run);

// JUnit XML (Jenkins' junit-10.xsd): checks, microbenchmarks and loops as test cases, and each failed gate as one that
// failed.
std::string junit(const Json& run);

}  // namespace bitproof
