// The sub-commands of `bitproof`: options as parsed, and one function each that returns the exit code.
//   0 ok    1 a check, gate or comparison failed    2 bad input or usage    130 interrupted
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bitproof {

inline constexpr int kOk = 0, kFailed = 1, kBadInput = 2, kInterrupted = 130;

struct ListOptions {
  std::string by = "op";  // op | technique
  bool json = false;
};
int list_command(const ListOptions&);

struct CheckOptions {
  std::string filter;
  std::vector<std::string> suites = {"edges", "seed_shapes"};  // names in suites/ or paths
  std::optional<std::string> one_case;                         // needs a filter that names a variant
  bool json = false;
};
int check_command(const CheckOptions&);

struct SelftestOptions {
  std::string filter;
  int repeat = 1;
  bool json = false, markdown = false;
};
int selftest_command(const SelftestOptions&);

struct LoopOptions {
  std::string recipe = "best";
  std::vector<std::string> slots;
  std::int64_t tokens = 8, depth = 16, prefill = 0, layers = 0;  // layers 0: the model's
  int threads = 0;                                               // 0: all physical cores
  int samples = 3;
  bool oversubscribe = false;
  std::string model = "7b";
  std::uint64_t seed = 1;
  bool json = false;
};
int loop_command(const LoopOptions&);

struct BenchOptions {
  std::string filter;
  std::string suite = "micro";
  std::vector<std::string> google;  // --benchmark_* flags, passed through
  int threads = 0;
  bool json = false;
};
int bench_command(const BenchOptions&);

struct AttributeOptions {
  std::string model = "7b";
  std::int64_t depth = 4;
  int rounds = 4;
  std::string budget = "10m";
  int threads = 0;
  std::uint64_t seed = 1;
  bool json = false;
};
int attribute_command(const AttributeOptions&);

struct RunOptions {
  std::string suite = "quick";
  std::string out = "out";
  std::uint64_t seed = 1;
  bool json = false;
};
int run_command(const RunOptions&);

struct ReportOptions {
  std::string run;
  std::string format = "md";
  std::string output;
};
int report_command(const ReportOptions&);

int machine_command(bool json);
int replay_command(const std::string& repro);

// argv without the program's name; used by main and by replay.
int dispatch(const std::vector<std::string>& arguments);

}  // namespace bitproof
