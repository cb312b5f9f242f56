// What `bitproof selftest` found, as JSON and as the kill table of the README.
#pragma once

#include <string>

#include "reports/json.hpp"
#include "zoo/selftest.hpp"

namespace bitproof {

// planted, killed, survivors, skipped, clean_twins, clean_runs, false_alarms, alarms, faults. Planted counts what this
// machine could run; what it could not is under skipped, with the reason.
Json to_json(const zoo::SelftestResult& result);

std::string markdown(const zoo::SelftestResult& result);

}  // namespace bitproof
