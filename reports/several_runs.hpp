// A report of the files that somebody names: one run, two runs compared, many as a trend, what `attribute`, `compare`,
// `history`, `audit` or `selftest` printed with --json, or a run with what `attribute`, `attribute --depths` and
// `selftest` printed of the same machine: the full report.
#pragma once

#include <span>
#include <string>

#include "reports/saved_runs.hpp"

namespace bitproof {

// compare: the first file is the base, the second what is held against it; html, md, json, junit, csv.
// Several without it: a trend of each case, ordered by when the runs started, as html, md or json; csv, jsonl and junit
// are those of the runs, one after the other. The full report is html alone. The other formats hold one run.
// Throws BadInput, naming the path, as sound_run does, and for a format that cannot hold what is asked of it.
std::string report(std::span<const SavedRun> files, const std::string& format, bool compare);

}  // namespace bitproof
