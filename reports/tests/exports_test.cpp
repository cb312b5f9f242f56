// Each format as its consumer reads it. Google Benchmark's own writer and its compare.py are the judges of gbench; the
// others are held against their published schema, key by key.
#include "reports/exports.hpp"

#include <benchmark/benchmark.h>
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>

#include "reports/file.hpp"
#include "reports/run_cases.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

namespace fs = std::filesystem;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;
using testing::Not;

constexpr const char* kCompare = "/usr/share/benchmark/compare.py";
const std::string kBench = "decode/ternary_matmul/scalar/rows=8/threads:1/cold";

std::set<std::string> keys(const Json& object) {
  std::set<std::string> all;
  for (const auto& [key, value] : object.items()) all.insert(key);
  return all;
}

std::vector<std::string> names(const Json& list) {
  std::vector<std::string> all;
  for (const Json& j : list) all.push_back(j.at("name").get<std::string>());
  return all;
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

// The run with its first result named by somebody who means harm.
Json run_named(const std::string& id) {
  Json run = shared_run();
  run["bench"][0]["id"] = id;
  return run;
}

// Standard output and the exit code of a command.
std::pair<std::string, int> run_command_line(const std::string& command) {
  std::FILE* pipe = popen(command.c_str(), "r");
  std::string out;
  for (std::array<char, 4096> block; const std::size_t n = std::fread(block.data(), 1, block.size(), pipe);) {
    out.append(block.data(), n);
  }
  return {out, pclose(pipe)};
}

struct Scratch {
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "bitproof-exports-XXXXXX").string();
    folder = mkdtemp(pattern.data());
  }
  ~Scratch() { fs::remove_all(folder); }
  std::string path(const char* name) const { return (folder / name).string(); }
  fs::path folder;
};

// What the library itself writes for three repetitions of a benchmark.
Json written_by_the_library() {
  std::ostringstream out;
  benchmark::ClearRegisteredBenchmarks();
  benchmark::RegisterBenchmark("empty",
                               [](benchmark::State& state) {
                                 for (auto _ : state) benchmark::ClobberMemory();
                               })
      ->Iterations(10)
      ->Repetitions(3);
  benchmark::JSONReporter reporter;
  reporter.SetOutputStream(&out);
  reporter.SetErrorStream(&out);
  benchmark::RunSpecifiedBenchmarks(&reporter);
  benchmark::ClearRegisteredBenchmarks();
  return Json::parse(out.str());
}

TEST(GoogleBenchmarkJson, HasTheKeysAndTypesThatTheLibraryWrites) {
  const Json theirs = written_by_the_library(), ours = Json::parse(google_benchmark(shared_run()));
  std::set<std::string> context = keys(theirs.at("context"));
  for (const char* unread : {"mhz_per_cpu", "load_avg"}) context.erase(unread);
  EXPECT_THAT(keys(ours.at("context")), IsSupersetOf(context));
  EXPECT_EQ(keys(ours.at("context").at("caches").at(0)), keys(theirs.at("context").at("caches").at(0)));
  int compared = 0;
  for (const Json& row : theirs.at("benchmarks")) {
    for (const Json& mine : ours.at("benchmarks")) {
      if (mine.at("run_type") != row.at("run_type")) continue;
      EXPECT_THAT(keys(mine), IsSupersetOf(keys(row)));
      for (const auto& [key, value] : row.items()) {
        EXPECT_EQ(mine.at(key).is_number(), value.is_number()) << key;
        EXPECT_EQ(mine.at(key).is_string(), value.is_string()) << key;
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 0);
}

TEST(GoogleBenchmarkJson, HoldsEverySampleAndTheMedian) {
  const Json ours = Json::parse(google_benchmark(shared_run()));
  for (const RunCase& c : run_cases(shared_run())) {
    std::vector<double> samples;
    std::optional<double> middle;
    for (const Json& row : ours.at("benchmarks")) {
      if (row.at("run_name") != c.name) continue;
      EXPECT_EQ(row.at("time_unit"), "ns");
      if (row.at("run_type") == "iteration") samples.push_back(row.at("real_time"));
      if (row.at("name") == c.name + "_median") middle = row.at("real_time");
    }
    EXPECT_EQ(samples, c.samples) << c.name;
    EXPECT_EQ(middle, c.ns ? std::optional(c.ns->median) : std::nullopt);
  }
  EXPECT_EQ(ours.at("bitproof").at("without_number").size(), 1);
}

// A 2x slower run must come out as +1.0000 in the tool's own table, and its U test must see it.
TEST(GoogleBenchmarkJson, IsReadByCompare) {
  if (!fs::exists(kCompare))
    GTEST_SKIP() << kCompare << " is not here: apt-get install libbenchmark-tools python3-scipy";
  if (run_command_line("/usr/bin/python3 -c 'import scipy' 2>&1").second != 0)
    GTEST_SKIP() << "no scipy: apt-get install python3-scipy";
  Json slower = shared_run();
  Json& b = slower["bench"][0];
  for (const char* key : {"median_ns", "ci_low_ns", "ci_high_ns"}) b[key] = 2 * b[key].get<double>();
  for (Json& s : b["samples"]) s = 2 * s.get<double>();
  const Scratch scratch;
  write_file(scratch.path("old.json"), google_benchmark(shared_run()));
  write_file(scratch.path("new.json"), google_benchmark(slower));
  const auto [out, code] = run_command_line(std::string("/usr/bin/python3 -B ") + kCompare + " --no-color benchmarks " +
                                            scratch.path("old.json") + " " + scratch.path("new.json") + " 2>&1");
  ASSERT_EQ(code, 0) << out;
  EXPECT_THAT(lines(out),
              Contains(testing::AllOf(testing::StartsWith(kBench), HasSubstr("+1.0000"), HasSubstr("200"))));
  EXPECT_THAT(out, HasSubstr(kBench + "_pvalue"));
  EXPECT_THAT(out, HasSubstr("loop/none/model=tiny"));
  const auto [same, same_code] =
      run_command_line(std::string("/usr/bin/python3 -B ") + kCompare + " --no-color benchmarks " +
                       scratch.path("old.json") + " " + scratch.path("old.json") + " 2>&1");
  ASSERT_EQ(same_code, 0) << same;
  EXPECT_THAT(same, Not(HasSubstr("+1.0000")));
}

TEST(GithubBenchmark, IsAListOfNamesUnitsAndValues) {
  const Json smaller = Json::parse(github_smaller(shared_run())), bigger = Json::parse(github_bigger(shared_run()));
  for (const Json* list : {&smaller, &bigger}) {
    ASSERT_TRUE(list->is_array());
    ASSERT_FALSE(list->empty());
    for (const Json& entry : *list) {
      EXPECT_THAT(keys(entry), ElementsAre("extra", "name", "range", "unit", "value"));
      EXPECT_TRUE(entry.at("value").is_number());
      for (const char* key : {"name", "unit", "range", "extra"}) EXPECT_TRUE(entry.at(key).is_string()) << key;
    }
    const auto all = names(*list);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), all.size()) << "a chart a name";
  }
  EXPECT_EQ(smaller.at(0).at("name"), kBench);
  EXPECT_EQ(smaller.at(0).at("value"), 100);
  EXPECT_EQ(smaller.at(0).at("range"), "100 to 100");
  EXPECT_EQ(bigger.at(0).at("name"), kBench + " GB/s");
  EXPECT_DOUBLE_EQ(bigger.at(0).at("value").get<double>(), 5);
  EXPECT_THAT(names(bigger), Contains(testing::EndsWith("tok/s")));
}

TEST(Bencher, IsItsMetricFormat) {
  const Json metrics = Json::parse(bencher(shared_run()));
  EXPECT_EQ(metrics.size(), 3) << "one benchmark with a number, two loops";
  for (const auto& [name, measures] : metrics.items()) {
    EXPECT_LE(name.size(), 1024);
    EXPECT_THAT(keys(measures), ElementsAre("latency", "throughput"));
    for (const auto& [measure, metric] : measures.items()) {
      EXPECT_THAT(keys(metric), ElementsAre("lower_value", "upper_value", "value"));
      EXPECT_LE(metric.at("lower_value").get<double>(), metric.at("value").get<double>());
      EXPECT_LE(metric.at("value").get<double>(), metric.at("upper_value").get<double>());
    }
  }
  EXPECT_EQ(metrics.at(kBench).at("latency").at("value"), 100);
  EXPECT_EQ(metrics.at(kBench).at("throughput").at("value"), 1e7);
}

// Python's csv module reads back what was written, hostile names among it.
TEST(Csv, IsReadBackAndHoldsNoFormula) {
  const std::string evil = "=cmd|' /C calc'!A1,\"two\"\nlines";
  const Scratch scratch;
  write_file(scratch.path("run.csv"), csv(run_named(evil)));
  const auto [out, code] = run_command_line(
      "python3 -c 'import csv,json,sys; print(json.dumps(list(csv.DictReader(open(sys.argv[1], newline=\"\")))))' " +
      scratch.path("run.csv"));
  ASSERT_EQ(code, 0) << out;
  const Json rows = Json::parse(out);
  ASSERT_EQ(rows.size(), 4);
  EXPECT_EQ(rows.at(0).at("variant"), "'=cmd|' /C calc'!A1,\"two\" lines");
  EXPECT_EQ(rows.at(0).at("median_ns"), "100");
  EXPECT_EQ(rows.at(1).at("median_ns"), "");
  EXPECT_EQ(rows.at(1).at("why"), "ran out of memory");
  for (const Json& row : rows) {
    EXPECT_FALSE(row.contains("null")) << "more fields than the header";
    for (const auto& [key, value] : row.items()) {
      const std::string text = value.get<std::string>();
      EXPECT_TRUE(text.empty() || std::string("=+-@\t").find(text[0]) == std::string::npos) << key;
    }
  }
}

TEST(JsonLines, IsOneObjectALine) {
  const auto all = lines(json_lines(run_named("two\nlines")));
  ASSERT_EQ(all.size(), 4);
  for (const std::string& line : all) {
    const Json j = Json::parse(line);
    EXPECT_EQ(j.at("median_ns").is_null(), j.contains("median_ns_why"));
  }
  EXPECT_EQ(Json::parse(all[0]).at("samples_ns"), Json({100, 100, 100}));
}

// An XML parser reads it, counts agree with what is there, and no name became markup.
TEST(Junit, IsReadByAnXmlParser) {
  const std::string evil = "\"/><failure message='x'/>]]>&amp;<!--\x01\xef\xbf\xbf\xc3\xa9";
  const Scratch scratch;
  write_file(scratch.path("run.xml"), junit(run_named(evil)));
  const auto [out, code] = run_command_line(
      "python3 -c 'import json,sys,xml.etree.ElementTree as E\n"
      "root = E.parse(sys.argv[1]).getroot()\n"
      "print(json.dumps([[s.get(\"name\"), [int(s.get(k)) for k in (\"tests\", \"failures\", \"errors\", "
      "\"skipped\")],\n"
      "  [[c.get(\"name\"), [e.tag for e in c], float(c.get(\"time\"))] for c in s]] for s in root]))' " +
      scratch.path("run.xml"));
  ASSERT_EQ(code, 0) << out;
  const Json suites = Json::parse(out);
  EXPECT_EQ(suites.at(0).at(0), "bitproof.check");
  EXPECT_EQ(suites.at(0).at(1), Json({3, 1, 0, 1})) << "passed, failed, skipped";
  EXPECT_EQ(suites.at(1).at(0), "bitproof.bench");
  EXPECT_EQ(suites.at(1).at(1), Json({2, 1, 0, 0})) << "one ran out of memory";
  EXPECT_EQ(suites.at(1).at(2).at(0).at(0),
            "decode/\"/><failure message='x'/>]]>&amp;<!--  \xc3\xa9/rows=8/threads:1/cold");
  EXPECT_THAT(suites.at(1).at(2).at(0).at(1), IsEmpty());
  EXPECT_DOUBLE_EQ(suites.at(1).at(2).at(0).at(2).get<double>(), 100e-9);
  EXPECT_EQ(suites.at(3).at(0), "bitproof.gates");
  EXPECT_EQ(suites.at(3).at(1), Json({1, 1, 0, 0}));
  for (const Json& suite : suites) EXPECT_EQ(suite.at(1).at(0), suite.at(2).size());
}

TEST(Junit, APartialRunIsAnErrorAndAFinishedOneWithoutFailuresPasses) {
  Json run = begun_run();
  EXPECT_THAT(junit(run), HasSubstr("<error message=\"partial"));
  run["partial"] = false;
  EXPECT_THAT(junit(run), HasSubstr(R"(<testsuite name="bitproof.gates" tests="1" failures="0" errors="0")"));
}

// What physics rules out, and what a ledger contradicts, is nobody's number.
TEST(Exports, LeaveOutWhatIsNoEvidence) {
  Json run = shared_run();
  run["bench"][0]["physics"] = {{"verdict", "IMPOSSIBLE"}, {"why", "2 x the read ceiling"}};
  run["arms"][0]["ledger_ok"] = false;
  EXPECT_EQ(Json::parse(bencher(run)).size(), 1);
  EXPECT_EQ(Json::parse(github_smaller(run)).size(), 1);
  EXPECT_EQ(Json::parse(google_benchmark(run)).at("bitproof").at("without_number").size(), 3);
  EXPECT_THAT(junit(run), HasSubstr("IMPOSSIBLE: 2 x the read ceiling"));
  EXPECT_THAT(csv(run), HasSubstr("its ledger does not add up"));
}

}  // namespace
}  // namespace bitproof
