// Runs over time as JSON: the one form that trend pages and tables are made from.
#pragma once

#include "reports/history.hpp"
#include "reports/json.hpp"

namespace bitproof {

Json to_json(const HistorySeries& series);

// runs, cases: [{name, series}]; of the cases that are named.
Json to_json(const History& history, const std::vector<std::string>& case_names);

}  // namespace bitproof
