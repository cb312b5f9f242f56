#include "reports/history.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "reports/file.hpp"
#include "reports/sqlite.hpp"
#include "rng.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const std::string kCase = "decode/ternary_matmul/scalar/rows=8/threads:1/cold";

// A run of one result, told from others by its number.
Json small_run(int number, double ns, const std::string& fingerprint = "00000000000000aa") {
  const std::vector<BenchResult> results = {made_up_result(1, ns, 500)};
  static const Json begun = begun_run();
  Json run = begun;
  run["partial"] = false;
  run["started"] = fmt::format("2026-01-01T00-{:02}-{:02}Z", number / 60, number % 60);
  run["machine"]["fingerprint"] = fingerprint;
  run["machine"]["git_revision"] = fmt::format("revision{}", number);
  run["seed"] = number;
  run["bench"] = to_json(results, made_up_ceilings());
  return run;
}

class HistoryFile : public testing::Test {
 protected:
  HistoryFile() {
    std::string pattern = (fs::temp_directory_path() / "bitproof-history-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~HistoryFile() override { fs::remove_all(folder_); }

  std::string db() const { return path("history.db"); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

  std::set<std::string> revisions() const {
    std::set<std::string> all;
    for (const HistorySeries& s : History(db(), History::Open::existing).series(kCase)) {
      for (const HistoryPoint& p : s.points) all.insert(p.revision);
    }
    return all;
  }

  std::string integrity() const {
    const Database database(db(), false);
    Statement check(database, "PRAGMA integrity_check");
    check.step();
    return check.text(0);
  }

  fs::path folder_;
};

TEST_F(HistoryFile, KeepsWhatARunSays) {
  {
    History history(db(), History::Open::create);
    EXPECT_TRUE(history.add(shared_run()));
  }
  const History history(db(), History::Open::existing);
  const auto cases = run_cases(shared_run());
  EXPECT_THAT(history.case_names(), SizeIs(cases.size()));
  for (const RunCase& c : cases) {
    const auto series = history.series(c.name);
    ASSERT_THAT(series, SizeIs(1)) << c.name;
    EXPECT_EQ(series[0].fingerprint, shared_run()["machine"]["fingerprint"]);
    EXPECT_EQ(series[0].state, c.state);
    ASSERT_THAT(series[0].points, SizeIs(1));
    const HistoryPoint& p = series[0].points[0];
    EXPECT_EQ(p.n, c.samples.size());
    EXPECT_EQ(p.why, c.why);
    ASSERT_EQ(p.ns.has_value(), c.ns.has_value());
    if (!p.ns) continue;
    EXPECT_EQ(p.ns->median, c.ns->median);
    EXPECT_EQ(p.ns->ci_low, c.ns->ci_low);
    EXPECT_EQ(p.ns->p95, c.ns->p95);
  }
}

TEST_F(HistoryFile, TheSameRunIsKeptOnce) {
  History history(db(), History::Open::create);
  EXPECT_TRUE(history.add(small_run(1, 100)));
  EXPECT_FALSE(history.add(small_run(1, 100)));
  EXPECT_TRUE(history.add(small_run(2, 100)));
  EXPECT_EQ(history.runs(), 2);
}

TEST_F(HistoryFile, MachinesAreNeverMixed) {
  History history(db(), History::Open::create);
  for (int i = 0; i < 10; ++i) history.add(small_run(i, i % 2 ? 100 : 200, i % 2 ? "aa" : "bb"));
  const auto series = history.series(kCase);
  ASSERT_THAT(series, SizeIs(2));
  for (const HistorySeries& s : series) {
    EXPECT_THAT(s.points, SizeIs(5));
    EXPECT_THAT(s.changes(), IsEmpty());
    for (const HistoryPoint& p : s.points) EXPECT_EQ(p.ns->median, s.fingerprint == "aa" ? 100 : 200);
  }
}

// Runs come in any order; the trend is by the time they began. A run without a number counts as a point, not as a time.
TEST_F(HistoryFile, AChangeIsToldByTheRunThatMadeIt) {
  History history(db(), History::Open::create);
  Rng rng(1);
  for (int i = 29; i >= 0; --i) {
    Json run = small_run(i, (i < 20 ? 100 : 110) * (1 + 0.002 * rng.gaussian()));
    if (i == 5) {
      run["bench"][0]["median_ns"] = nullptr;
      run["bench"][0]["median_ns_why"] = "skipped";
    }
    history.add(run);
  }
  const auto series = history.series(kCase);
  ASSERT_THAT(series, SizeIs(1));
  EXPECT_EQ(series[0].points[5].why, "skipped");
  const auto changes = series[0].changes();
  ASSERT_THAT(changes, SizeIs(1));
  EXPECT_EQ(series[0].points[changes[0].first].revision, "revision20");
  EXPECT_NEAR(changes[0].ratio(), 1.1, 0.01);
}

TEST_F(HistoryFile, WhatIsNoHistoryIsRefusedAndLeftAlone) {
  write_file(path("text"),
             "this is no database, and it is long enough to have a header of one hundred bytes or more: "
             "so SQLite looks at it, and does not take it for a new file");
  EXPECT_THAT(refusal([&] { History(path("text"), History::Open::create); }),
              AllOf(StartsWith(path("text") + ": "), HasSubstr("not an SQLite file"), HasSubstr("--db")));
  Database(path("other"), true).execute("CREATE TABLE somebody(elses TEXT)");
  const std::string before = read_file(path("other"));
  EXPECT_THAT(refusal([&] { History(path("other"), History::Open::create); }), HasSubstr("no history of bitproof"));
  EXPECT_EQ(read_file(path("other")), before);
  History(db(), History::Open::create);
  Database(db(), false).execute("PRAGMA user_version=9");
  EXPECT_THAT(refusal([&] { History(db(), History::Open::create); }), HasSubstr("version 9"));
  EXPECT_THAT(refusal([&] { History(path("absent"), History::Open::existing); }),
              AllOf(StartsWith(path("absent")), HasSubstr("history --add")));
  EXPECT_FALSE(fs::exists(path("absent")));
  EXPECT_THAT(refusal([&] { History(path("no/such/folder.db"), History::Open::create); }), HasSubstr("--db"));
}

TEST_F(HistoryFile, ABrokenRunLeavesNothing) {
  History history(db(), History::Open::create);
  Json run = small_run(1, 100);
  run["bench"][0]["samples"][0] = -1;
  EXPECT_NE(refusal([&] { history.add(run); }), "");
  EXPECT_EQ(history.runs(), 0);
}

// One program that adds runs for ever, told apart by their numbers, and reports each when add() has returned.
class Writer {
 public:
  Writer(const std::string& db, int first, int last = 1 << 30) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    child_ = fork();
    if (child_ == 0) {
      close(ends[0]);
      add_all(db, first, last, ends[1]);
    }
    close(ends[1]);
    reports_ = ends[0];
  }

  ~Writer() { close(reports_); }

  // Some time after its first report, so that there is something to lose.
  void kill_after(std::chrono::microseconds more) {
    take_report();
    std::this_thread::sleep_for(more);
    kill(child_, SIGKILL);
    killed_ = true;
  }

  // What it reported, once it has ended. Exit code 0, if it was not killed.
  std::vector<std::string> reported() {
    while (take_report()) {
    }
    int status = 0;
    waitpid(child_, &status, 0);
    EXPECT_TRUE(killed_ || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return reported_;
  }

 private:
  bool take_report() {
    int number = 0;
    if (read(reports_, &number, sizeof number) != sizeof number) return false;
    reported_.push_back(fmt::format("revision{}", number));
    return true;
  }

  [[noreturn]] static void add_all(const std::string& db, int first, int last, int to) {
    try {
      for (int i = first; i < last; ++i) {
        History(db, History::Open::create).add(small_run(i, 100));
        if (write(to, &i, sizeof i) != sizeof i) _exit(3);
      }
      _exit(0);
    } catch (const std::exception&) {
      _exit(4);
    }
  }

  pid_t child_ = -1;
  int reports_ = -1;
  bool killed_ = false;
  std::vector<std::string> reported_;
};

TEST_F(HistoryFile, KilledAHundredTimesItLosesNothingThatWasReported) {
  std::set<std::string> promised;
  Rng rng(1);
  constexpr int kKills = 100;
  for (int i = 0; i < kKills; ++i) {
    Writer writer(db(), i * 100'000);
    writer.kill_after(std::chrono::microseconds(rng.below(20'000)));
    for (const std::string& revision : writer.reported()) promised.insert(revision);
  }
  EXPECT_GE(promised.size(), kKills);
  EXPECT_EQ(integrity(), "ok");
  const std::set<std::string> kept = revisions();
  EXPECT_TRUE(std::ranges::includes(kept, promised));
  EXPECT_LE(kept.size(), promised.size() + kKills) << "one may be saved and its writer killed before it said so";
}

TEST_F(HistoryFile, WritersAtOnceLoseNothing) {
  constexpr int kWriters = 4, kRuns = 10;
  std::vector<std::unique_ptr<Writer>> writers;
  for (int w = 0; w < kWriters; ++w) writers.push_back(std::make_unique<Writer>(db(), 1000 * w, 1000 * w + kRuns));
  writers.push_back(std::make_unique<Writer>(db(), 1'000'000));
  writers.back()->kill_after(std::chrono::milliseconds(20));
  std::set<std::string> promised;
  for (const auto& writer : writers) {
    for (const std::string& revision : writer->reported()) promised.insert(revision);
  }
  EXPECT_GE(promised.size(), kWriters * kRuns);
  EXPECT_EQ(integrity(), "ok");
  EXPECT_TRUE(std::ranges::includes(revisions(), promised));
}

// The planted fault: a writer that reports before it commits is caught by the same question.
TEST_F(HistoryFile, ARunThatWasNotCommittedIsNotThere) {
  History history(db(), History::Open::create);
  history.add(small_run(1, 100));
  const pid_t child = fork();
  if (child == 0) {
    const Database database(db(), false);
    const Transaction transaction(database);
    database.execute("UPDATE runs SET revision = 'lost'");
    kill(getpid(), SIGKILL);
  }
  waitpid(child, nullptr, 0);
  EXPECT_THAT(revisions(), ElementsAre("revision1"));
  EXPECT_EQ(integrity(), "ok");
}

}  // namespace
}  // namespace bitproof
