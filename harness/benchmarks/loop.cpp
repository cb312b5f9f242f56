// End-to-end: tokens of the full loop, one an operation, through Google Benchmark like everything else.
#include "microbench.hpp"
#include "token_physics.hpp"
#include "workbench.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kTokens = 64;  // decoded before the loop goes back to its prefix

Timed timed_loop(const ArmSpec& spec, const std::string& model, std::int64_t depth, Clearance& clearance) {
  const auto bench =
      std::make_shared<Workbench>(WorkbenchOptions{.model = model, .depth = depth, .tokens = kTokens}, std::vector{spec}, clearance);
  Decoder* loop = &bench->arms()[0]->loop();
  const auto token = std::make_shared<std::int32_t>(0);
  Ledger first;  // of the cheapest token: the one after the prefix
  add_expected(first, bench->shape(), loop->weight_bytes(), Decode{depth, 1, loop->keeps_past(), loop->capacity()});
  const auto begin = [=] {
    const auto prompt = bench->prompt();
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
      .verify =
          [=]() -> std::string {
            Ledger want;
            const Decode decode{depth, loop->length() - depth, loop->keeps_past(), loop->capacity()};
            add_expected(want, bench->shape(), loop->weight_bytes(), decode);
            return difference(loop->ledger(), want);
          },
      .count = {},
      .cost = {},
      .work = token_work(first, traits_of(bench->shape(), spec.names)),
      .period = kTokens,
  };
}

}  // namespace

std::vector<Group> loop_groups(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance) {
  Techniques set = parse_recipe(spec.recipe);
  if (options.cores == 1) set = set.without(Technique::threading);  // one thread is what threading off is
  const ArmSpec arm = arm_of(set, options.cores, spec.recipe);
  const std::string text =
      fmt::format("one token of model {}, all layers, depth {} to {}", spec.model, spec.depth, spec.depth + kTokens - 1);
  return {{{{.id = "loop/" + spec.recipe, .benchmark = spec.name, .kind = spec.kind, .c = text, .threads = arm.threads,
             .cold = true},
            [&clearance, arm, model = spec.model, depth = spec.depth] { return timed_loop(arm, model, depth, clearance); }}}};
}

}  // namespace bitproof
