// A run.json and what other commands print with --json as self-contained HTML pages: the answer first, then the
// evidence, then what is not shown. Pure functions of their input. `library`: chart_library(), or "" for tables alone.
#pragma once

#include <string>

#include "reports/html/page.hpp"
#include "reports/json.hpp"

namespace bitproof::html {

// Throws BadInput on what is no run of this schema.
std::string run_page(const Json& run, const std::string& library);

// What `attribute --json`, `attribute --depths --json` and `selftest --json` printed; null: not given.
struct Companions {
  Json lattice{}, depths{}, selftest{};
};

// The full report: the lattice's credit stands in the place of the run's own. Throws BadInput also where a companion is
// of another machine or model.
std::string run_page(const Json& run, const Companions& with, const std::string& library);

// Of what `compare --json` printed.
std::string comparison_page(const Json& comparison, const std::string& library);

// Of what `audit --json` printed.
std::string audit_page(const Json& audit, const std::string& library);

// Of what `attribute --json` printed, with --depths or without.
std::string attribution_page(const Json& attribute, const std::string& library);

// Of what `selftest --json` printed.
std::string selftest_page(const Json& selftest, const std::string& library);

// Of what `history CASE --json` printed.
std::string history_page(const Json& history, const std::string& library);

}  // namespace bitproof::html
