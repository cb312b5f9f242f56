// End-to-end: tokens of the full loop, one an operation, through Google Benchmark like everything else.
#include <set>

#include "loop_trial.hpp"
#include "microbench.hpp"
#include "token_physics.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kTokens = 64;  // decoded before the loop goes back to its prefix

Timed timed_loop(const ArmSpec& spec, const std::string& model, std::int64_t depth, Clearance& clearance) {
  const auto bench = std::make_shared<Workbench>(WorkbenchOptions{.model = model, .depth = depth, .tokens = kTokens},
                                                 std::vector{spec}, clearance);
  Arm* arm = bench->arms()[0].get();
  bench->try_loops();
  if (const LoopTrial* trial = arm->trial(); trial && !trial->verdict.ok()) {
    throw NotCleared(fmt::format("{}: {}: {}", spec.label, trial->verdict.check, trial->verdict.reason));
  }
  Decoder* loop = &arm->loop();
  const auto token = std::make_shared<std::int32_t>(0);
  Ledger first;  // of the cheapest token: the one after the prefix
  add_expected(first, bench->shape(), loop->weight_bytes(), Decode{depth, 1, loop->keeps_past(), loop->capacity()});
  const auto begin = [=] {
    const auto prompt = bench->prompt();
    if (loop->length() < depth) loop->restore(prompt.first(prompt.size() - 1), bench->prefix());
    loop->rewind(depth);
    *token = prompt.back();
  };
  return {
      .begin = begin,
      .operation =
          [=] {
            if (loop->length() == depth + kTokens) begin();
            *token = loop->next(*token);
          },
      .verify = [=]() -> std::string {
        Ledger want;
        const Decode decode{depth, loop->length() - depth, loop->keeps_past(), loop->capacity()};
        add_expected(want, bench->shape(), loop->weight_bytes(), decode);
        const std::string fault = difference(loop->ledger(), want);
        return fault.empty() ? arm->dispatch_fault() : fault;
      },
      .count = {},
      .cost = {},
      .work = token_work(first, traits_of(bench->shape(), spec.names)),
      .period = kTokens,
  };
}

}  // namespace

std::vector<Group> loop_groups(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance) {
  const std::string text = fmt::format("one token of model {}, all layers, depth {} to {}", spec.model, spec.depth,
                                       spec.depth + kTokens - 1);
  std::vector<Group> groups;
  std::set<int> known;  // a recipe without threads has one row
  for (const int threads : thread_counts(spec, options.cores)) {
    Techniques set = parse_recipe(spec.recipe);
    if (threads == 1) set = set.without(Technique::threading);  // one thread is what threading off is
    const ArmSpec arm = arm_of(set, threads, spec.recipe);
    if (!known.insert(arm.threads).second) continue;
    BenchResult head{.id = "loop/" + spec.recipe,
                     .benchmark = spec.name,
                     .kind = spec.kind,
                     .c = text,
                     .threads = arm.threads,
                     .cold = true};
    if (arm.threads > options.cores) {
      head.skipped = true;
      head.failure = fmt::format("skipped: {} threads, {} cores", arm.threads, options.cores);
      groups.push_back({{head, {}}});
      continue;
    }
    groups.push_back({{head, [&clearance, arm, model = spec.model, depth = spec.depth] {
                         return timed_loop(arm, model, depth, clearance);
                       }}});
  }
  return groups;
}

}  // namespace bitproof
