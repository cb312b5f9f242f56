// The reader of suites. What it lets through must be cases that a repro line can carry.
#include "suite.hpp"

#include <algorithm>

#include "refused.hpp"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  using namespace bitproof;
  Suite suite;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (!taken("some.toml:", [&] { suite = parse_suite(text, "some.toml"); })) return 0;
  require(!suite.cases.empty() || !suite.benchmarks.empty());
  for (std::size_t i = 0; i < std::min<std::size_t>(suite.cases.size(), 50); ++i) {
    const Case& c = suite.cases[i];
    require(to_string(parse_case(c.op, to_string(c))) == to_string(c));
  }
  return 0;
}
