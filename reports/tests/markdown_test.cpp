#include "reports/markdown.hpp"

#include <gmock/gmock.h>

#include <functional>
#include <sstream>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(Escape, LeavesNothingThatMarkdownOrHtmlWouldRead) {
  EXPECT_EQ(escape_markdown("a|b"), "a\\|b");
  EXPECT_EQ(escape_markdown("<script>"), "\\<script\\>");
  EXPECT_EQ(escape_markdown("[x](y) `z` **w** \\"), "\\[x\\](y) \\`z\\` \\*\\*w\\*\\* \\\\");
  EXPECT_EQ(markdown_code("a | b --filter 'x*[y]'"), "`a | b --filter 'x*[y]'`");
  EXPECT_EQ(markdown_code("a `b``\nc"), "``` a `b`` c ```");
  EXPECT_EQ(escape_markdown("one\ntwo\rthree\t\x1b[31m"), "one two three  \\[31m");
  EXPECT_EQ(escape_markdown("größer 速い"), "größer 速い");
}

TEST(Markdown, PutsTheAnswerFirstAndTheLimitsLast) {
  const std::string report = markdown(shared_run());
  std::size_t at = 0;
  for (const char* section :
       {"# bitproof run", "1 failure(s)", "## Tokens per second: model tiny, 3 layers", "## What each technique bought",
        "## Where a token's time goes", "## Read ceilings", "## Checks against the oracles", "## Each alone",
        "## Machine and build", "## What this run does not show"}) {
    const std::size_t found = report.find(section);
    ASSERT_NE(found, std::string::npos) << section;
    EXPECT_GE(found, at) << section;
    at = found;
  }
}

TEST(Markdown, ShowsSkipsFailuresAndMissingNumbers) {
  EXPECT_THAT(markdown(shared_run()),
              AllOf(HasSubstr("skipped rms_norm/avx9: needs AVX9"), HasSubstr("**FAILED** rms_norm/bad: output 3 is 1"),
                    HasSubstr("replay: `bitproof check rms_norm/bad`"), HasSubstr("**none: ran out of memory**"),
                    HasSubstr("not measured")));
}

TEST(Markdown, SaysThatNoCounterWasReadOnlyWhereNoneWas) {
  Json run = shared_run();
  EXPECT_THAT(markdown(run), HasSubstr("No hardware counters were read"));
  Json& states = run["bench"][0]["sample_states"];
  states = {{{"counters", {{"cycles", nullptr}, {"cycles_why", "no such counter"}}}}};
  EXPECT_THAT(markdown(run), HasSubstr("No hardware counters were read"));
  states[0]["counters"]["instructions"] = 1e9;
  EXPECT_THAT(markdown(run), Not(HasSubstr("No hardware counters were read")));
}

TEST(Markdown, OfAPartialRunSaysSo) {
  const std::string report = markdown(begun_run());
  EXPECT_THAT(report, AllOf(HasSubstr("**Partial: this run did not end.**"), HasSubstr("## Machine and build")));
  EXPECT_THAT(report, AllOf(Not(HasSubstr("## Tokens per second")), Not(HasSubstr("No check"))));
}

TEST(Markdown, OfARunWithoutTheWordPartialIsPartial) {
  Json run = begun_run();
  run.erase("partial");
  EXPECT_THAT(markdown(run), HasSubstr("**Partial"));
}

TEST(Markdown, OfAnArmWithoutASampleSaysWhy) {
  Json run = shared_run();
  const Json& arm = run["arms"][0];
  run["arms"][0] = {
      {"recipe", arm["recipe"]}, {"threads", 1}, {"tok_per_s", nullptr}, {"tok_per_s_why", "interrupted | early"}};
  EXPECT_THAT(markdown(run), HasSubstr("| not measured: interrupted \\| early |"));
}

TEST(Markdown, NamesWhatTheLedgerAndTheWitnessesRejected) {
  Json run = shared_run();
  run["arms"][1]["ledger_ok"] = false;
  run["attribution"]["techniques"][1]["engaged"] = false;
  EXPECT_THAT(markdown(run), AllOf(HasSubstr("**BROKEN**"), HasSubstr("**NOT ENGAGED**")));
}

// Cells of a table row, counted by the bars that are not escaped.
std::size_t bars(const std::string& line) {
  std::size_t n = 0;
  for (std::size_t i = 0; i < line.size(); ++i) n += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
  return n;
}

TEST(Markdown, HostileNamesStayInTheirCells) {
  const std::string hostile = "x | y\n# z <img src=q> `c` [a](javascript:b)";
  Json run = shared_run();
  run["suite"] = run["model"]["name"] = run["arms"][0]["recipe"] = run["bench"][0]["id"] = hostile;
  run["attribution"]["techniques"][0]["evidence"] = run["check"]["failures"][0]["reason"] = hostile;
  run["failures"][0] = run["machine"]["cpu_model"] = hostile;
  const std::string report = markdown(run);
  EXPECT_THAT(report, AllOf(Not(HasSubstr(" <img")), Not(HasSubstr("\n# z")), Not(HasSubstr(" [a]"))));
  std::istringstream lines(report);
  std::size_t width = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("|")) {
      width = 0;
    } else if (width == 0) {
      width = bars(line);
    } else if (!line.starts_with("|--")) {
      EXPECT_EQ(bars(line), width) << line;
    }
  }
}

TEST(Markdown, ShowsTheCeilingsOfTheCores) {
  EXPECT_THAT(markdown(shared_run()), AllOf(HasSubstr("| int8 multiply-add | avx2 | 1 | one state | 64 [64, 64] Gop/s"),
                                            HasSubstr("| L1 read |  | 1 | one state | 100")));
}

TEST(Markdown, OfARunFromBeforeThereWerePeaksIsAReport) {
  Json run = shared_run();
  run["ceilings"].erase("peaks");
  for (Json& arm : run["arms"]) arm.erase("physics");
  for (Json& result : run["bench"]) result.erase("physics");
  EXPECT_THAT(markdown(run), HasSubstr("## Read ceilings"));
}

TEST(Markdown, SaysWhatPhysicsDidNotJudge) {
  Json run = shared_run();
  run["bench"][0]["physics"] = {{"verdict", "not judged"}, {"why", "no ceiling of look-ups"}};
  EXPECT_THAT(markdown(run), HasSubstr("result(s) not held against physics: no ceiling of look-ups."));
}

TEST(Markdown, AnImpossibleCreditIsNoCredit) {
  Json run = shared_run();
  Json& cache = run["attribution"]["techniques"][static_cast<std::size_t>(Technique::kv_cache)];
  cache["most"] = 1.5;
  cache["most_detail"] = {{"verdict", "IMPOSSIBLE"}, {"share", 0.33}, {"by", "positions"}};
  cache["realization"] = nullptr;
  EXPECT_THAT(markdown(run), HasSubstr("**IMPOSSIBLE**, its share of the time allows 1.5 at most | "));
}

TEST(Markdown, RefusesWhatIsNotARun) {
  for (const Json& other :
       {Json(), Json(3), Json::array(), Json::object(), Json{{"schema", "bitproof-run/999"}}, Json{{"schema", 1}}}) {
    EXPECT_THAT(refusal([&] { markdown(other); }), HasSubstr("not a run of schema bitproof-run/1")) << other;
  }
}

// Calls with every place of the document, innermost first.
void each_place(const Json& j, const Json::json_pointer& at,
                const std::function<void(const Json::json_pointer&)>& call) {
  if (j.is_object()) {
    for (const auto& [key, value] : j.items()) each_place(value, at / key, call);
  } else if (j.is_array()) {
    for (std::size_t i = 0; i < j.size(); ++i) each_place(j[i], at / i, call);
  }
  if (!at.empty()) call(at);
}

// Whatever somebody did to a run.json: a report or a refusal, never a crash.
TEST(Markdown, OfADamagedRunIsAReportOrARefusal) {
  int reports = 0, refusals = 0;
  const auto meet = [&](const Json& run) { ++(refusal([&] { markdown(run); }).empty() ? reports : refusals); };
  const Json& whole = shared_run();
  each_place(whole, Json::json_pointer(), [&](const Json::json_pointer& at) {
    for (const Json& instead : {Json(), Json("text"), Json(-1), Json::array(), Json::object()}) {
      Json run = whole;
      run[at] = instead;
      meet(run);
    }
    Json run = whole;
    if (Json& parent = run[at.parent_pointer()]; parent.is_object()) {
      parent.erase(at.back());
      meet(run);
    }
  });
  EXPECT_GT(reports, 0);
  EXPECT_GT(refusals, 0);
}

}  // namespace
}  // namespace bitproof
