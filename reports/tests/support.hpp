// A run of the tiny model and of made-up microbenchmarks, as `bitproof run` puts it together.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "harness/tests/support.hpp"
#include "harness/zoo/made_up_machine.hpp"
#include "reports/attribution_json.hpp"
#include "reports/bench_json.hpp"
#include "reports/json.hpp"
#include "workbench.hpp"

namespace bitproof {

// Reads at 10 GB/s on one thread, behind one cache of 1000 bytes; of the cores only their multiply-adds were measured.
// Nothing was on two threads.
inline CeilingTable made_up_ceilings() {
  CeilingTable table;
  table.caches = {{1, 1000, 1}};
  table.add(made_up_reads(1, 10));
  table.add(made_up_peaks("L1 read", "", 1, 100));
  table.add(made_up_peaks(name(OpKind::multiply_add), "avx2", 1, 64));
  return table;
}

inline BenchResult made_up_result(int threads, double ns, double bytes) {
  return {.id = "ternary_matmul/scalar",
          .benchmark = "decode",
          .kind = "kernel",
          .c = "rows=8",
          .threads = threads,
          .cold = true,
          .ns = estimate({ns, ns, ns}),
          .cost = {.ops = 2 * bytes, .bytes = bytes},
          .work = {.read_bytes = bytes, .cycle_bytes = 1e9 * bytes},
          .ping_pong_ns = 100.0};
}

inline BenchResult without_number(const std::string& why, bool skipped) {
  BenchResult r{.id = "ternary_matmul/scalar", .benchmark = "decode", .kind = "kernel", .c = "rows=8"};
  r.failure = why;
  r.skipped = skipped;
  return r;
}

// Two recipes that every machine has, two rounds; again where other work tore both tokens of a recipe apart, which is
// the machine's doing and not what writers of reports are tested for.
inline std::unique_ptr<Workbench> measured_workbench() {
  const std::vector<ArmSpec> specs = {arm_of(kNoTechniques, 1), arm_of(parse_recipe("kv_cache"), 1)};
  for (int tries = 1;; ++tries) {
    auto bench = std::make_unique<Workbench>(WorkbenchOptions{.model = "tiny"}, specs, shared_clearance());
    run_rounds(bench->arms(), bench->prompt(), bench->prefix(), {.depth = 0, .rounds = 2, .fill_s = 0}, {}, {});
    const bool sound = std::ranges::all_of(bench->arms(), [](const auto& arm) { return arm->ledger_fault().empty(); });
    if (sound || tries == 10) return bench;
  }
}

inline Json begun_run() {
  return {
      {"schema", kSchema}, {"partial", true}, {"suite", "smoke"},          {"command", "bitproof run --suite smoke"},
      {"seed", 1},         {"depth", 0},      {"failures", Json::array()}, {"machine", to_json(read_machine())}};
}

inline Json finished_run() {
  const auto bench = measured_workbench();
  const CeilingTable ceilings = made_up_ceilings();
  const std::vector<BenchResult> results = {made_up_result(1, 100, 500), without_number("ran out of memory", false)};
  CheckSummary check;
  check.add({"rms_norm/scalar", {.op = "rms_norm"}, Verdict::pass(), "bitproof check rms_norm/scalar --case cols=1"});
  check.add({"rms_norm/avx9", {.op = "rms_norm"}, {Status::skipped, "needs AVX9"}, ""});
  check.add({"rms_norm/bad", {.op = "rms_norm"}, Verdict::failed("output 3 is 1"), "bitproof check rms_norm/bad"});
  Json run = begun_run();
  run["partial"] = false;
  run["failures"] = {"check: 1 of 3 cases did not pass"};
  run["check"] = to_json(check);
  run["ceilings"] = to_json(ceilings);
  run["bench"] = to_json(results, ceilings);
  run["model"] = {{"name", "tiny"}, {"layers", bench->shape().layers}};
  run["arms"] = Json::array();
  for (const auto& arm : bench->arms()) run["arms"].push_back(to_json(*arm, ceilings, 0));
  run["logits"] = to_json(compare_logits(bench->arms()));
  run["attribution"] = to_json(attribute(bench->arms()), 0);
  return run;
}

// One for the whole program: it takes a second to measure.
inline const Json& shared_run() {
  static const Json run = finished_run();
  return run;
}

}  // namespace bitproof
