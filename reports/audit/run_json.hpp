// A run's JSON, read without trust: what is missing, null or odd is nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "reports/json.hpp"

namespace bitproof::audit {

const Json& member(const Json& object, const std::string& key);  // null where there is none
std::optional<double> finite(const Json& object, const std::string& key);
std::string word(const Json& object, const std::string& key);
std::optional<std::int64_t> at_least_one(const Json& object, const std::string& key);

template <class Each>
void each(const Json& list, Each&& take) {
  for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) take(list[i], i);
}

// How many samples stand behind an estimate: those that it keeps, or as many as it says. None is none.
std::int64_t samples_of(const Json& estimate);

// A variant that looks products up does not multiply.
bool looks_products_up(const std::string& id);

// The placement states that an arm, a cell or a microbenchmark was measured in.
std::set<std::string> states_of(const Json& measured);

// What `attribute --json` prints as the run that it is: a cell is an arm, with its profile where it has one. Anything
// else as it stands.
Json as_run(const Json& document);

}  // namespace bitproof::audit
