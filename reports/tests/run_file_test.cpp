#include "reports/run_file.hpp"

#include <gmock/gmock.h>

#include "reports/markdown.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string refused(const std::string& text, const std::string& format = "md") {
  return refusal([&] { report(text, "some/run.json", format); });
}

TEST(RunFile, IsTheRunThatWasWritten) {
  const std::string text = shared_run().dump(1) + "\n";
  EXPECT_EQ(report(text, "some/run.json", "md"), markdown(shared_run()));
  EXPECT_EQ(report(text, "some/run.json", "json"), text);
}

TEST(RunFile, IsRefusedByNameWhereverItEnds) {
  const std::string text = shared_run().dump();
  EXPECT_THAT(refused(""), AllOf(StartsWith("some/run.json: not JSON from byte 1 on"), HasSubstr("cut off")));
  for (std::size_t n = 1; n < text.size(); n += 97) {
    EXPECT_THAT(refused(text.substr(0, n)), StartsWith("some/run.json: not JSON from byte")) << n;
  }
}

// Whoever prints JSON recurses: a file must not choose how deep.
TEST(RunFile, OfAnyDepthIsRefused) {
  const std::size_t deep = 1'000'000;
  EXPECT_THAT(refused(std::string(deep, '[') + std::string(deep, ']')), HasSubstr("nested over 32 levels"));
  std::string objects;
  for (std::size_t i = 0; i < deep; ++i) objects += "{\"a\":";
  EXPECT_THAT(refused(objects), HasSubstr("nested over 32 levels"));
}

TEST(RunFile, WithoutWhatItsSchemaPromisesIsRefused) {
  const Json run = shared_run();
  for (const std::string format : {"md", "json"}) {
    for (const char* text :
         {"null", "[]", "1", "\"text\"", "{}", R"({"schema": null})", R"({"schema": "bitproof-run/0"})"}) {
      EXPECT_THAT(refused(text, format), StartsWith("some/run.json: not a run of schema")) << text;
    }
    EXPECT_THAT(refused("1e999", format), StartsWith("some/run.json: "));
    Json odd = run;
    odd["check"]["cases"] = 1e300;
    EXPECT_THAT(refused(odd.dump(), format), StartsWith("some/run.json: the run lacks what its schema promises"))
        << "not an integer";
    odd = run;
    odd["arms"] = 7;
    EXPECT_THAT(refused(odd.dump(), format), StartsWith("some/run.json: the run lacks what its schema promises"));
  }
}

}  // namespace
}  // namespace bitproof
