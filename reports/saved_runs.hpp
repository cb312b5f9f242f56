// Two finished runs compared after the fact. Weaker than side by side: what changed between them besides the code is
// not known, so FASTER and SLOWER need the whole interval beyond the smallest effect (judge_unpaired).
#pragma once

#include <string>

#include "comparison.hpp"

namespace bitproof {

struct SavedRun {
  std::string path, text;  // of a run.json, or what `bitproof bench --json` wrote
};

// Every benchmark and recipe whose name holds the filter and that both have, within each state of the machine. What
// only one has is named in the warning. Throws BadInput, naming the path, on a run that is cut short, of another
// schema, has a time that is none, or nothing in common with the other; and for runs of different machines or builds'
// flags (fingerprints) unless forced.
Comparison compare_saved(const SavedRun& a, const SavedRun& b, CompareRules rules, const std::string& filter,
                         bool force);

}  // namespace bitproof
