// bitproof: is it right, how fast is it alone, did it run inside the token loop, what did it buy in tokens per second?
#include <CLI/CLI.hpp>

#include <exception>
#include <functional>

#include "check.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

// Google Benchmark's own flags are not ours to parse: they are set aside, in order.
std::vector<std::string> take_google_flags(std::vector<std::string>& arguments) {
  std::vector<std::string> google;
  std::erase_if(arguments, [&](const std::string& a) {
    const bool theirs = a.starts_with("--benchmark_");
    if (theirs) google.push_back(a);
    return theirs;
  });
  return google;
}

}  // namespace

int dispatch(const std::vector<std::string>& given) {
  std::vector<std::string> arguments = given;
  CLI::App app("Honest benchmarks and checks for ternary LLM kernels", "bitproof");
  app.require_subcommand(1);
  std::function<int()> command;

  ListOptions list;
  auto* list_app = app.add_subcommand("list", "every variant: what it is, and whether it runs here");
  list_app->add_option("--by", list.by, "group by")->check(CLI::IsMember({"op", "technique"}));
  list_app->add_flag("--json", list.json);
  list_app->callback([&] { command = [&] { return list_command(list); }; });

  CheckOptions check;
  auto* check_app = app.add_subcommand("check", "variants against the Eigen oracles");
  check_app->add_option("filter", check.filter, "a variant id, or part of several");
  check_app->add_option("--suite", check.suites, "suite name or file; may be repeated");
  check_app->add_option("--case", check.one_case, "one case, as a repro line has it: rows=8,cols=64,...");
  check_app->add_flag("--json", check.json);
  check_app->callback([&] { command = [&] { return check_command(check); }; });

  BenchOptions bench;
  auto* bench_app = app.add_subcommand("bench", "microbenchmarks; --benchmark_* flags go to Google Benchmark");
  bench_app->add_option("filter", bench.filter, "part of a benchmark's name");
  bench_app->add_option("--suite", bench.suite, "suite name or file with [[benchmarks]]");
  bench_app->add_option("--threads", bench.threads, "most threads (default: physical cores)")->check(CLI::PositiveNumber);
  bench_app->add_flag("--json", bench.json);
  bench_app->callback([&] { command = [&] { return bench_command(bench); }; });

  LoopOptions loop;
  auto* loop_app = app.add_subcommand("loop", "the full token loop with one recipe");
  loop_app->add_option("--recipe", loop.recipe, "none, all, best, or techniques joined by commas");
  loop_app->add_option("--slot", loop.slots, "op=variant; may be repeated");
  loop_app->add_option("--tokens", loop.tokens, "tokens a sample");
  loop_app->add_option("--depth", loop.depth, "positions in the cache before the first timed token");
  loop_app->add_option("--prefill", loop.prefill, "also time a prefill of this many positions");
  loop_app->add_option("--samples", loop.samples, "timed repetitions");
  loop_app->add_option("--layers", loop.layers, "layers (default: the model's); fewer is said in every output");
  loop_app->add_option("--threads", loop.threads, "threads (default: physical cores)");
  loop_app->add_flag("--oversubscribe", loop.oversubscribe, "allow more threads than cores");
  loop_app->add_option("--model", loop.model, "7b or tiny");
  loop_app->add_option("--seed", loop.seed, "of weights and prompt");
  loop_app->add_flag("--json", loop.json);
  loop_app->callback([&] { command = [&] { return loop_command(loop); }; });

  AttributeOptions attribute;
  auto* attribute_app = app.add_subcommand("attribute", "what each technique buys in tok/s");
  attribute_app->add_option("--model", attribute.model, "7b or tiny");
  attribute_app->add_option("--depth", attribute.depth, "positions before the timed token");
  attribute_app->add_option("--rounds", attribute.rounds, "interleaved rounds");
  attribute_app->add_option("--budget", attribute.budget, "no round is begun past it: 90s, 5m");
  attribute_app->add_option("--threads", attribute.threads, "threads of the threading technique");
  attribute_app->add_option("--seed", attribute.seed, "of weights, prompt and order");
  attribute_app->add_flag("--json", attribute.json);
  attribute_app->callback([&] { command = [&] { return attribute_command(attribute); }; });

  RunOptions run;
  auto* run_app = app.add_subcommand("run", "everything in one go, to out/<time>/run.json and report.md");
  run_app->add_option("--suite", run.suite, "smoke, quick or full")->check(CLI::IsMember({"smoke", "quick", "full"}));
  run_app->add_option("--out", run.out, "folder for the results");
  run_app->add_option("--seed", run.seed, "of weights, prompt and order");
  run_app->add_flag("--json", run.json);
  run_app->callback([&] { command = [&] { return run_command(run); }; });

  ReportOptions report;
  auto* report_app = app.add_subcommand("report", "a report from a run.json");
  report_app->add_option("run", report.run, "run.json")->required();
  report_app->add_option("--format", report.format, "md or json")->check(CLI::IsMember({"md", "json"}));
  report_app->add_option("-o,--output", report.output, "file (default: standard output)");
  report_app->callback([&] { command = [&] { return report_command(report); }; });

  bool machine_json = false;
  auto* machine_app = app.add_subcommand("machine", "what this machine is and does at best");
  machine_app->add_flag("--json", machine_json);
  machine_app->callback([&] { command = [&] { return machine_command(machine_json); }; });

  std::string repro;
  auto* replay_app = app.add_subcommand("replay", "runs a repro line of a report");
  replay_app->add_option("repro", repro, "the line, quoted")->required();
  replay_app->callback([&] { command = [&] { return replay_command(repro); }; });

  bench.google = take_google_flags(arguments);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a stack
  try {
    app.parse(arguments);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    note(fmt::format("bitproof: {}; see `bitproof {}--help`", e.what(),
                     app.get_subcommands().empty() ? "" : app.get_subcommands()[0]->get_name() + " "));
    return kBadInput;
  }
  if (!bench.google.empty() && !bench_app->parsed()) {
    throw BadInput("{} is for `bitproof bench`", bench.google[0]);
  }
  return command();
}

}  // namespace bitproof

int main(int argc, char** argv) {
  bitproof::catch_interrupts();
  try {
    const int code = bitproof::dispatch({argv + 1, argv + argc});
    return bitproof::interrupted() ? bitproof::kInterrupted : code;
  } catch (const bitproof::BadInput& e) {
    bitproof::note(std::string("bitproof: ") + e.what());
    return bitproof::kBadInput;
  } catch (const bitproof::NotCleared& e) {
    bitproof::note(std::string("bitproof: not cleared: ") + e.what());
    return bitproof::kFailed;
  } catch (const std::bad_alloc&) {
    bitproof::note("bitproof: out of memory: use a smaller --model, --depth or fewer recipes");
    return bitproof::kBadInput;
  } catch (const std::exception& e) {
    bitproof::note(std::string("bitproof: ") + e.what());
    return bitproof::kBadInput;
  }
}
