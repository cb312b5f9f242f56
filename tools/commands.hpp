// The sub-commands of `bitproof`: options as parsed, one function each that returns the exit code, and one each that
// puts it on the command line.
//   0 ok    1 a check, gate or comparison failed    2 bad input or usage    130 interrupted
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bitproof {

class CommandLine;
struct Comparison;

inline constexpr int kOk = 0, kFailed = 1, kBadInput = 2, kInterrupted = 130;

struct ExportOptions {
  std::string out;
  std::string model = "tiny", format = "i2_s", act;
  std::int64_t layers = 0;
  std::uint64_t seed = 1;
  bool json = false;
};
int export_command(const ExportOptions&);
void add_export(CommandLine&);

struct EvalOptions {
  std::string model = "tiny", act, tokens_file;
  std::int64_t tokens = 0, context = 0, reference = 0, layers = 0;  // 0: see the help
  std::string recipe = "best", against;
  double max_kld = 0;  // 0: none
  int threads = 0;
  std::uint64_t seed = 1;
  bool json = false;
};
int eval_command(const EvalOptions&);
void add_eval(CommandLine&);

struct ImportOptions {
  std::string file, beside, model;
  bool here = false, json = false;
};
int import_command(const ImportOptions&);
void add_import(CommandLine&);

struct ListOptions {
  std::string by = "op";  // op | technique
  bool json = false;
};
int list_command(const ListOptions&);
void add_list(CommandLine&);

struct CheckOptions {
  std::string filter;
  std::vector<std::string> suites;      // names in suites/ or paths
  std::optional<std::int64_t> random;   // cases of each op; neither suites nor random: the default of both
  std::uint64_t seed = 1;               // of the random cases
  std::optional<std::string> one_case;  // needs a filter that names a variant; nothing else is run
  bool here = false, json = false;
};
int check_command(const CheckOptions&);
void add_check(CommandLine&);

struct SelftestOptions {
  std::string filter;
  int repeat = 1;
  std::uint64_t first_seed = 1;
  bool json = false, markdown = false;
};
int selftest_command(const SelftestOptions&);
void add_selftest(CommandLine&);

struct LoopOptions {
  std::string recipe = "best", kv;
  std::vector<std::string> slots;
  std::int64_t tokens = 8, depth = 16, prefill = 0, batch = 1;
  std::int64_t layers = 0;  // 0: the model's
  int threads = 0;          // 0: all physical cores
  int samples = 3, ceiling_rounds = 5;
  bool oversubscribe = false, by_depth = false;
  std::string model = "7b", act;
  std::string prompt, prompt_ids;  // text, or ids or a file of them, in place of depth + 1 random tokens
  double temperature = 0;
  std::int64_t top_k = 0;
  std::uint64_t seed = 1;
  bool json = false;
};
int loop_command(const LoopOptions&);
void add_loop(CommandLine&);

struct BenchOptions {
  std::string filter;
  std::string suite = "micro";
  std::vector<std::string> google;  // --benchmark_* flags, passed through
  std::vector<std::string> axes;    // "rows=1024,4096"
  double width = 2;                 // percent
  std::string budget = "1s";        // of a benchmark
  int threads = 0, ceiling_rounds = 3;
  bool json = false;
};
int bench_command(const BenchOptions&);
void add_bench(CommandLine&);

struct AttributeOptions {
  std::string model = "7b", act, cells = "auto", lattice, resume, depths;
  std::int64_t depth = -1;
  int rounds = 0, threads = 0, ceiling_rounds = 4;
  std::string budget = "5m";
  std::uint64_t seed = 1;
  bool predict = false, markdown = false, json = false;
};
int attribute_command(const AttributeOptions&);
void add_attribute(CommandLine&);

struct WhatIfOptions {
  std::string op, faster = "2x", recipe = "best", model = "7b";
  std::int64_t depth = 16;
  int rounds = 8, threads = 0, ceiling_rounds = 3;
  std::uint64_t seed = 1;
  bool json = false;
};
int whatif_command(const WhatIfOptions&);
void add_whatif(CommandLine&);

struct RunOptions {
  std::string suite = "quick";
  std::string out = "out";
  std::string model, act;  // of the token loop; empty: the suite's, the model's
  std::uint64_t seed = 1;
  bool json = false;
};
int run_command(const RunOptions&);
void add_run(CommandLine&);

struct CompareOptions {
  std::string a, b;
  std::vector<std::string> cases, of;
  std::string suite = "compare", filter;
  int threads = 0;
  bool hot = false, force = false, json = false;
  std::string model = "tiny";
  std::int64_t depth = 16;
  double smallest_effect = 3, width = 2, delay_percent = 0;  // percent
  std::string budget = "60s";
  std::uint64_t seed = 1;
};
Comparison compare(const CompareOptions&);  // comparison.hpp
int compare_command(const CompareOptions&);
void add_compare(CommandLine&);

struct SampleOptions {
  std::string id, one_case;
  int threads = 1;
  bool hot = false;
  std::string model = "tiny";
  std::int64_t depth = 16;
  double delay_percent = 0;
};
int sample_command(const SampleOptions&);
void add_sample(CommandLine&);

struct ReportOptions {
  std::vector<std::string> runs;
  bool compare = false;
  std::string format = "md";
  std::string output;
};
int report_command(const ReportOptions&);
void add_report(CommandLine&);

struct AuditOptions {
  std::vector<std::string> claims;  // files
  std::string machines;             // empty: suites/machines/cpus.toml
  std::string against;              // the report that a claims file transcribes
  bool machine = false, json = false, markdown = false, summary = false, reproduce = false;
};
int audit_command(const AuditOptions&);
void add_audit(CommandLine&);

struct HistoryOptions {
  std::string filter;  // a case, or a part of its name; empty: the names of all
  std::string db = "bitproof.db";
  std::vector<std::string> add;  // run files
  bool json = false;
};
int history_command(const HistoryOptions&);
void add_history(CommandLine&);

struct BaselineOptions {
  std::string action;  // save | check
  std::string base;    // a run file, or of check also a bitproof binary
  std::string suite = "compare", filter;
  int threads = 0, ceiling_rounds = 3;
  double smallest_effect = 3, width = 2;  // percent
  std::string budget = "60s";
  std::string ambiguous = "warn";
  std::string markdown, junit;  // files
  std::uint64_t seed = 1;
  bool json = false;
};
int baseline_command(const BaselineOptions&);
void add_baseline(CommandLine&);

struct MachineOptions {
  bool json = false;
};
int machine_command(const MachineOptions&);
void add_machine(CommandLine&);

struct DoctorOptions {
  bool json = false;
};
int doctor_command(const DoctorOptions&);
void add_doctor(CommandLine&);

struct ManualOptions {
  const CommandLine* line = nullptr;
};
int man_command(const ManualOptions&);
void add_man(CommandLine&);

struct CompletionOptions {
  const CommandLine* line = nullptr;
  std::string shell = "bash";
};
int completion_command(const CompletionOptions&);
void add_completion(CommandLine&);

struct ReplayOptions {
  std::string repro;
};
int replay_command(const ReplayOptions&);
void add_replay(CommandLine&);

// argv without the program's name; used by main and by replay.
int dispatch(const std::vector<std::string>& arguments);

}  // namespace bitproof
