// A check on several processes at a time.
#pragma once

#include "check.hpp"

namespace bitproof {

// What check() returns, sooner. What crashes a process, or holds it up for half an hour, fails the cases that it had;
// what it throws is thrown here, as a std::runtime_error. When interrupted, the cases of processes that had not come to
// their end are not counted.
//
// The caller must not have started threads (isolate.hpp).
CheckSummary check_in_processes(std::span<const Case> cases, const std::string& filter, int width,
                                const std::function<void(std::size_t done, std::size_t total)>& progress = {});

}  // namespace bitproof
