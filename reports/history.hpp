// Runs over time, in one SQLite file: what was measured, on which machine, of which revision. The file keeps summaries;
// the samples stay in the run files.
//
//   runs      one a run file, known by a hash of its text: adding it again adds nothing
//   machines  fingerprint and facts
//   cases     name, as run_cases gives it
//   results   run x case: state, n and summary in ns; NULL and the reason where there was no number
//
// Any number of processes may add and read at once. A run that add() returned for is on the disk, whatever happens
// afterwards: a rollback journal with synchronous=EXTRA, and no second file that belongs to it once a writer has ended.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "change_points.hpp"
#include "reports/run_cases.hpp"

namespace bitproof {

struct HistoryPoint {
  std::string started, revision;  // "" where the run did not know
  bool partial = false;
  std::int64_t n = 0;  // samples
  std::optional<Summary> ns;
  std::string why;  // why there is no number
};

// One case on one kind of machine and build (fingerprint), in one placement state, oldest run first. Neither is ever
// mixed: a change of machine is no change of the code.
struct HistorySeries {
  std::string fingerprint, machine, state;
  std::vector<HistoryPoint> points;

  // Of the newest kLongestSeries points with a number; `first` counts all points.
  std::vector<ChangePoint> changes() const;
};

class Database;

class History {
 public:
  enum class Open { existing, create };

  // Throws BadInput for what is no history, or one of another version.
  History(const std::string& path, Open how);
  ~History();

  // All of the run or nothing; when it returns, it is saved. `run` is sound (sound_run). False: it was there already.
  bool add(const Json& run);

  std::vector<std::string> case_names() const;  // sorted
  std::int64_t runs() const;
  std::vector<HistorySeries> series(const std::string& case_name) const;

 private:
  std::unique_ptr<Database> database_;
};

}  // namespace bitproof
