// The process that `bitproof compare` starts for each arm of a launch. One JSON object a line on standard output, one
// word a line on standard input:
//   (start)  {"name", "fingerprint", "git_revision"}      cleared, packed and ready
//   warm     {"call_ns", "calls", "chunks", ...}          calibrated: asked of one process at a time, for it measures
//   take     {"ns": [...], "state": {...}}                one batch
// The end of the input ends it. Outputs that are wrong after a batch end it with exit code 1.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>

#include "command_line.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "reports/comparison_json.hpp"
#include "sampler.hpp"
#include "subject.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

void say(const Json& j) {
  fmt::print("{}\n", j.dump());
  std::fflush(stdout);
}

// "" at the end of the input, or when interrupted.
std::string next_word() {
  std::string word;
  for (char c; !interrupted();) {
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return "";
    if (c == '\n') return word;
    word += c;
  }
  return "";
}

Subject subject_from(const SampleOptions& o) {
  return {.id = o.id, .one_case = o.one_case, .threads = o.threads, .hot = o.hot, .model = o.model, .depth = o.depth};
}

Registered only_one(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance) {
  const std::vector<Group> groups = groups_of(spec, options, clearance);
  if (groups.size() != 1 || groups[0].size() != 1) throw BadInput("sample: one kernel and one case");
  const Registered& one = groups[0][0];
  if (!one.make) throw BadInput("{}: {}", one.head.id, one.head.failure);
  return one;
}

}  // namespace

int sample_command(const SampleOptions& options) {
  Counters counters;  // before any thread is started, so that all are counted
  const Subject subject = subject_from(options);
  const Machine machine = read_machine();
  MicrobenchOptions bench{.cores = choose_threads(options.threads, false)};
  bench.llc_bytes = machine.llc_bytes.value.value_or(bench.llc_bytes);
  Clearance clearance;
  Timed timed = only_one(spec_of(subject), bench, clearance).make();
  say({{"name", name_of(subject)},
       {"fingerprint", machine.fingerprint()},
       {"git_revision", machine.git_revision.value.value_or("unknown")}});

  std::optional<Sampler> sampler;
  for (std::string word = next_word(); !word.empty(); word = next_word()) {
    if (word == "warm") {
      sampler.emplace(timed, SamplerOptions{.delay_share = options.delay_percent / 100}, &counters);
      say({{"call_ns", sampler->call_ns()},
           {"clock_read_ns", sampler->clock_read_ns()},
           {"delay_ns", sampler->delay_ns()},
           {"calls", sampler->plan().calls},
           {"chunks", sampler->plan().chunks}});
    } else if (word == "take" && sampler) {
      std::string fault;
      const TimedBatch batch = sampler->take(fault);
      if (!fault.empty()) throw NotCleared(fmt::format("{}: {}", subject.id, fault));
      say(to_json(batch));
    } else {
      throw BadInput("sample: '{}' is none of warm and, after it, take", word);
    }
  }
  return kOk;
}

void add_sample(CommandLine& line) {
  auto [sub, o] =
      line.add("sample", "samples one kernel or loop for `bitproof compare`, which starts it", sample_command);
  sub.hidden();
  sub.option("id", o.id, "a variant, or loop/<recipe>").required();
  sub.option("--case", o.one_case, "of a kernel");
  sub.option("--threads", o.threads, "threads").threads();
  sub.flag("--hot", o.hot, "one copy of the weights, found in the caches");
  sub.option("--model", o.model, "of a loop");
  sub.option("--depth", o.depth, "of a loop: positions before the first token").positions();
  sub.option("--delay", o.delay_percent, "percent of a call's time, spun away after each: a known slowdown");
}

}  // namespace bitproof
