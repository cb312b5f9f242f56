// One planted fault and its clean twin.
//
// The zoo holds each way in which a benchmark is known to lie, planted in something that the harness judges: a kernel,
// a memory pool, a split over threads, a cache, a timer, a token loop, a comparison. A subject is put through the door
// that real ones go through and nothing else; no check knows that it comes from here.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "verdict.hpp"

namespace bitproof::zoo {

// What the harness said of a subject.
struct Kill {
  std::string check{};  // the check that decided; empty: nothing was found wrong
  std::string reason{};

  bool killed() const { return !check.empty(); }
};

// A verdict without the name of its check, such as MISTRUSTED, names itself.
inline Kill from_verdict(const Verdict& v) {
  return v.ok() ? Kill{} : Kill{v.check.empty() ? name(v.status) : v.check, v.reason};
}

// Runs a subject past the harness, in a process of its own. The seed is that of the inputs, 1 the usual one.
using Subject = std::function<Kill(std::uint64_t seed)>;

struct Fault {
  std::string name;  // "<op or kind>/<file>"
  std::string lie;   // how it lies, in one sentence
  Subject planted, clean;
  bool alone = false;     // it measures time: nothing else runs meanwhile
  std::string skipped{};  // why this machine cannot run it; empty if it can
};

}  // namespace bitproof::zoo

// Ends a file <kind>/<fault>.cpp, inside namespace bitproof::zoo: BITPROOF_FAULT(.lie = ..., .planted = ..., .clean =
// ...). The name, and the function that the list of all faults calls, are set per file by harness/zoo/CMakeLists.txt.
#define BITPROOF_FAULT(...)        \
  Fault BITPROOF_FAULT_FUNCTION(); \
  Fault BITPROOF_FAULT_FUNCTION() { return {.name = BITPROOF_FAULT_NAME, __VA_ARGS__}; }
