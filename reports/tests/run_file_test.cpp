#include "reports/run_file.hpp"

#include <gmock/gmock.h>

#include <functional>

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

std::string with_change(const std::function<void(Json&)>& change, const std::string& format) {
  Json run = shared_run();
  change(run);
  return refused(run.dump(), format);
}

// Each names the result and what is wrong with it, whatever the format; the run itself is taken by all of them.
TEST(RunFile, OfNoSoundTimesIsRefusedInEveryFormat) {
  const std::string bench = "decode/ternary_matmul/scalar/rows=8/threads:1/cold";
  for (const std::string& format : report_formats()) {
    EXPECT_EQ(refused(shared_run().dump(), format), "") << format;
    EXPECT_THAT(with_change([](Json& r) { r["bench"][0]["median_ns"] = -5; }, format),
                AllOf(StartsWith("some/run.json: median_ns of " + bench + " is -5"), HasSubstr("above 0")));
    EXPECT_THAT(with_change([](Json& r) { r["bench"][0]["ci_low_ns"] = 0; }, format), HasSubstr("ci_low_ns of"));
    EXPECT_THAT(with_change([](Json& r) { r["bench"][0]["samples"][1] = -1; }, format),
                HasSubstr("a sample of " + bench));
    EXPECT_THAT(with_change([](Json& r) { r["bench"][0]["samples"][1] = nullptr; }, format), HasSubstr("is null"));
    EXPECT_THAT(with_change([](Json& r) { r["bench"][0]["samples"] = Json::array(); }, format),
                HasSubstr("no samples"));
    EXPECT_THAT(with_change([](Json& r) { r["bench"][0]["samples"].erase(0); }, format),
                HasSubstr("n = 3 and has 2 samples"));
    EXPECT_THAT(with_change([](Json& r) { r["bench"][0]["ci_high_ns"] = 1; }, format),
                HasSubstr("outside its interval"));
    EXPECT_THAT(with_change([](Json& r) { r["bench"].push_back(r["bench"][0]); }, format),
                HasSubstr("two results are named"));
    EXPECT_THAT(with_change([](Json& r) { r["arms"][0]["samples"] = Json::array(); }, format),
                AllOf(HasSubstr("loop/none/"), HasSubstr("no samples")));
    EXPECT_THAT(with_change([](Json& r) { r["arms"][0]["samples"][0]["wall_ns"] = -1.0; }, format),
                HasSubstr("wall_ns of loop/none"));
    EXPECT_THAT(with_change([](Json& r) { r["arms"][0]["tok_per_s"]["median"] = -1.0; }, format),
                HasSubstr("tok_per_s.median"));
  }
}

// Writers that print NaN exist; JSON has none.
TEST(RunFile, WithNanIsRefusedByName) {
  Json run = shared_run();
  run["bench"][0]["median_ns"] = "HERE";
  for (const char* word : {"NaN", "nan", "Infinity", "-Infinity", "inf"}) {
    std::string text = run.dump();
    text.replace(text.find("\"HERE\""), 6, word);
    EXPECT_THAT(refused(text), AllOf(StartsWith("some/run.json: not JSON from byte"), HasSubstr("finite"))) << word;
  }
}

TEST(RunFile, OfAnotherVersionIsRefusedWithBothVersions) {
  EXPECT_THAT(with_change([](Json& r) { r["schema"] = "bitproof-run/2"; }, "gbench"),
              AllOf(HasSubstr("not a run of schema bitproof-run/1 but of bitproof-run/2"), HasSubstr("measure again")));
}

TEST(RunFile, OfMixedMachinesIsRefused) {
  for (const std::string& format : report_formats()) {
    EXPECT_THAT(with_change([](Json& r) { r["arms"][1]["fingerprint"] = "another"; }, format),
                AllOf(StartsWith("some/run.json: mixed machines"), HasSubstr("another")));
    EXPECT_THAT(with_change(
                    [](Json& r) {
                      r["machine"] = Json::array({r["machine"], r["machine"]});
                    },
                    format),
                HasSubstr("mixed machines: it names 2"));
  }
  EXPECT_EQ(with_change([](Json& r) { r["arms"][1]["fingerprint"] = r["machine"]["fingerprint"]; }, "md"), "");
  const std::string text = shared_run().dump();
  EXPECT_THAT(refused(text + text), HasSubstr("a second document"));
  std::string twice = text;
  twice.insert(1, R"("machine": {}, )");
  EXPECT_THAT(refused(twice), HasSubstr("'machine' is there twice"));
}

}  // namespace
}  // namespace bitproof
