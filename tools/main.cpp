// bitproof: is it right, how fast is it alone, did it run inside the token loop, what did it buy in tokens per second?
#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>

#include "check.hpp"
#include "commands.hpp"
#include "error.hpp"
#include "interrupt.hpp"
#include "nearest.hpp"
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

void require_known_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments[0].starts_with('-')) return;
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  if (arguments.empty()) throw BadInput("no command: one of {}; see `bitproof --help`", fmt::join(names, ", "));
  if (std::find(names.begin(), names.end(), arguments[0]) != names.end()) return;
  throw BadInput("no command is named '{}'; did you mean {}? See `bitproof --help`", arguments[0],
                 nearest(arguments[0], names));
}

}  // namespace

int dispatch(const std::vector<std::string>& given) {
  std::vector<std::string> arguments = given;
  CLI::App app("Honest benchmarks and checks for ternary LLM kernels", "bitproof");
  app.require_subcommand(1);
  std::function<int()> command;
  app.get_formatter()->column_width(36);
  const auto between = [](int low, int high) { return CLI::Range(low, high).description(""); };
  const CLI::Validator threads = between(1, 64), positions = between(0, 1'000'000),
                       at_least_one = between(1, 1'000'000);

  const auto add_command = [&](const char* name, const char* what, auto run) {
    CLI::App* sub = app.add_subcommand(name, what);
    sub->callback([&command, run] { command = run; });
    return sub;
  };
  const auto add_json = [](CLI::App* sub, bool& json) {
    sub->add_flag("--json", json, "one JSON object on standard output instead of text");
  };

  ListOptions list;
  auto* list_app =
      add_command("list", "every variant: what it is, and whether it runs here", [&] { return list_command(list); });
  list_app->add_option("--by", list.by, "group by")->check(CLI::IsMember({"op", "technique"}))->capture_default_str();
  add_json(list_app, list.json);

  CheckOptions check;
  auto* check_app = add_command("check", "variants against the Eigen oracles", [&] { return check_command(check); });
  check_app->add_option("filter", check.filter, "a variant id, or part of several");
  check_app->add_option("--suite", check.suites, "suite name or file; may be repeated")
      ->allow_extra_args(false)
      ->capture_default_str();
  check_app->add_option("--case", check.one_case, "one case, as a repro line has it: rows=8,cols=64,...");
  add_json(check_app, check.json);

  SelftestOptions selftest;
  auto* selftest_app = add_command("selftest", "the harness against its zoo of planted faults",
                                   [&] { return selftest_command(selftest); });
  selftest_app->add_option("filter", selftest.filter, "part of a fault's name");
  selftest_app->add_option("--repeat", selftest.repeat, "runs of each clean twin, each with other inputs")
      ->check(at_least_one)
      ->capture_default_str();
  add_json(selftest_app, selftest.json);
  selftest_app->add_flag("--markdown", selftest.markdown, "the kill table in Markdown")->excludes("--json");

  BenchOptions bench;
  auto* bench_app = add_command("bench", "microbenchmarks; --benchmark_* flags go to Google Benchmark",
                                [&] { return bench_command(bench); });
  bench_app->add_option("filter", bench.filter, "part of a benchmark's name, variant or case");
  bench_app->add_option("--suite", bench.suite, "suite name or file with [[benchmarks]]")->capture_default_str();
  bench_app->add_option("--threads", bench.threads, "most threads (default: physical cores)")->check(threads);
  add_json(bench_app, bench.json);

  LoopOptions loop;
  auto* loop_app = add_command("loop", "the full token loop with one recipe", [&] { return loop_command(loop); });
  loop_app->add_option("--recipe", loop.recipe, "none, all, best, or techniques joined by commas")
      ->capture_default_str();
  loop_app->add_option("--slot", loop.slots, "op=variant; may be repeated")->allow_extra_args(false);
  loop_app->add_option("--tokens", loop.tokens, "tokens a sample")->check(at_least_one)->capture_default_str();
  loop_app->add_option("--depth", loop.depth, "positions in the cache before the first timed token")
      ->check(positions)
      ->capture_default_str();
  loop_app->add_option("--prefill", loop.prefill, "also time a prefill of this many positions")->check(at_least_one);
  loop_app->add_option("--samples", loop.samples, "timed repetitions")->check(at_least_one)->capture_default_str();
  loop_app->add_option("--layers", loop.layers, "layers (default: the model's); fewer is said in every output")
      ->check(at_least_one);
  loop_app->add_option("--threads", loop.threads, "threads (default: physical cores)")->check(threads);
  loop_app->add_flag("--oversubscribe", loop.oversubscribe, "allow more threads than cores");
  loop_app->add_option("--model", loop.model, "7b or tiny")->capture_default_str();
  loop_app->add_option("--seed", loop.seed, "of weights and prompt")->capture_default_str();
  add_json(loop_app, loop.json);

  AttributeOptions attribute;
  auto* attribute_app =
      add_command("attribute", "what each technique buys in tok/s", [&] { return attribute_command(attribute); });
  attribute_app->add_option("--model", attribute.model, "7b or tiny")->capture_default_str();
  attribute_app->add_option("--depth", attribute.depth, "positions before the timed token")
      ->check(positions)
      ->capture_default_str();
  attribute_app->add_option("--rounds", attribute.rounds, "interleaved rounds")
      ->check(at_least_one)
      ->capture_default_str();
  attribute_app->add_option("--budget", attribute.budget, "no round is begun past it: 90s, 5m, 1h")
      ->capture_default_str();
  attribute_app->add_option("--threads", attribute.threads, "of the threading technique (default: physical cores)")
      ->check(threads);
  attribute_app->add_option("--seed", attribute.seed, "of weights, prompt and order")->capture_default_str();
  add_json(attribute_app, attribute.json);

  RunOptions run;
  auto* run_app = add_command("run", "everything in one go, to <out>/<time>/run.json and report.md",
                              [&] { return run_command(run); });
  run_app->add_option("--suite", run.suite, "how much")
      ->check(CLI::IsMember({"smoke", "quick", "full"}))
      ->capture_default_str();
  run_app->add_option("--out", run.out, "folder for the results")->capture_default_str();
  run_app->add_option("--seed", run.seed, "of weights, prompt and order")->capture_default_str();
  add_json(run_app, run.json);

  ReportOptions report;
  auto* report_app = add_command("report", "a report from a run.json", [&] { return report_command(report); });
  report_app->add_option("run", report.run, "run.json")->required();
  report_app->add_option("--format", report.format, "of the report")
      ->check(CLI::IsMember({"md", "json"}))
      ->capture_default_str();
  report_app->add_option("-o,--output", report.output, "file (default: standard output)");

  bool machine_json = false;
  auto* machine_app =
      add_command("machine", "what this machine is and does at best", [&] { return machine_command(machine_json); });
  add_json(machine_app, machine_json);

  std::string repro;
  auto* replay_app = add_command("replay", "runs a repro line of a report", [&] { return replay_command(repro); });
  replay_app->add_option("repro", repro, "the line, quoted")->required();

  require_known_command(app, arguments);
  bench.google = take_google_flags(arguments);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes a stack
  try {
    app.parse(arguments);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    const auto parsed = app.get_subcommands();
    throw BadInput("{}; see `bitproof {}--help`", e.what(), parsed.empty() ? "" : parsed[0]->get_name() + " ");
  }
  if (!bench.google.empty() && !bench_app->parsed()) {
    throw BadInput("{} is for `bitproof bench`", bench.google[0]);
  }
  return command();
}

namespace {

int guarded(const std::vector<std::string>& arguments) {
  const auto refuse = [](int code, const std::string& why) {
    note("bitproof: " + why);
    return code;
  };
  try {
    return dispatch(arguments);
  } catch (const BadInput& e) {
    return refuse(kBadInput, e.what());
  } catch (const NotCleared& e) {
    return refuse(kFailed, std::string("not cleared: ") + e.what());
  } catch (const Interrupted&) {
    return kInterrupted;
  } catch (const std::bad_alloc&) {
    return refuse(kBadInput, "out of memory: use a smaller --model, --depth or fewer recipes");
  } catch (const std::runtime_error& e) {  // the system refused memory, threads or standard output
    if (std::ferror(stdout) != 0) return kBadInput;
    return refuse(kBadInput,
                  fmt::format("{}; raise the limits of this process (ulimit -a) or use a smaller --model", e.what()));
  } catch (const std::exception& e) {
    return refuse(kFailed, fmt::format("a fault of bitproof itself: {}", e.what()));
  }
}

}  // namespace
}  // namespace bitproof

int main(int argc, char** argv) {
  bitproof::catch_interrupts();
  std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of write, like a full disk
  const int code = bitproof::guarded({argv + 1, argv + argc});
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    bitproof::note("bitproof: standard output cannot be written: free space there, or write somewhere else");
    return bitproof::kBadInput;
  }
  return bitproof::interrupted() ? bitproof::kInterrupted : code;
}
