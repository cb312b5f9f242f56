// Where the claims of a run are gathered, part by part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/audit/claims.hpp"
#include "reports/audit/run_machine.hpp"

namespace bitproof::audit {

struct RunCollector {
  const Json& run;
  const RunMachine& machine;
  Report& report;

  // Null when there is no such number; else to be completed before the next one is added.
  Claim* add(const std::string& id, const std::string& path, std::optional<double> value, const char* metric,
             const char* unit);

  // A rate of operations in values of one byte, or in floats; held against the peaks where there are some to hold it
  // against.
  void op_rate(const std::string& id, const std::string& path, std::optional<double> ops_per_s, bool floats,
               std::int64_t threads, const std::set<std::string>& states, const char* scope);
};

// An arm that was measured, and what expressions call its claims: "arm3".
struct NamedArm {
  const Json* json;
  std::size_t i;
};
std::optional<NamedArm> find_arm(const Json& run, const std::string& recipe);
std::string arm_id(std::size_t i);

// Each adds what its part of the run says. An arm: its rate and what that reads and computes, its ledger by op.
void collect_check(RunCollector& collect, const Json& check);
void collect_arm(RunCollector& collect, const Json& arm, std::size_t i);
void collect_bench(RunCollector& collect, const Json& result, std::size_t i);
// A ratio of two recipes is of their samples, round by round: over another baseline it is another. `of` has it under
// `key`, in detail.
void collect_ratio(RunCollector& collect, const Json& of, const std::string& key, const std::string& path,
                   const std::string& with, const std::string& without);
void collect_attribution(RunCollector& collect, const Json& attribution);

}  // namespace bitproof::audit
