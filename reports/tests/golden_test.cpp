// One run in every format, to the byte: golden/run.json against golden/run.<format>. After a change that is meant:
// BITPROOF_GOLDEN=write build/release/reports/reports_tests --gtest_filter='*Golden*', then read the difference.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "reports/file.hpp"
#include "reports/html/html.hpp"
#include "reports/run_file.hpp"

namespace bitproof {
namespace {

const std::string kGolden = BITPROOF_SOURCE_DIR "/reports/tests/golden/";

void expect_written(const std::string& golden, const std::string& text) {
  const char* mode = std::getenv("BITPROOF_GOLDEN");
  if (mode && std::string(mode) == "write") write_file(golden, text);
  ASSERT_TRUE(std::filesystem::exists(golden)) << golden;
  EXPECT_EQ(text, read_file(golden)) << golden;
}

class Golden : public testing::TestWithParam<std::string> {};

// The page without its style, script and library, which are files of their own.
std::string main_part(const std::string& page) {
  const std::size_t begin = page.find("<main>"), end = page.find("</main>");
  return page.substr(begin, end - begin) + "</main>\n";
}

TEST_P(Golden, IsWrittenAsBefore) {
  const std::string path = kGolden + "run.json";
  std::string text = report(read_file(path), path, GetParam());
  if (GetParam() == "html") text = main_part(text);
  const std::string golden = kGolden + "run." + GetParam();
  if (GetParam() == "json") {
    EXPECT_EQ(Json::parse(text), Json::parse(read_file(golden)));
    return;
  }
  expect_written(golden, text);
}

// The gallery's page is of its run.json.
TEST(GoldenExample, IsTheReportOfItsRun) {
  const std::string folder = BITPROOF_SOURCE_DIR "/reports/examples/";
  expect_written(folder + "report.md", report(read_file(folder + "run.json"), folder + "run.json", "md"));
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::erase(name, '-');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Formats, Golden, testing::ValuesIn(report_formats().begin(), report_formats().end()),
                         test_name);

}  // namespace
}  // namespace bitproof
