#include "token_physics.hpp"

#include <fmt/format.h>

namespace bitproof {
namespace {

bool is_ternary(LoopOp op) { return std::string(slot_of(op)) == "ternary_matmul"; }

}  // namespace

LoopTraits traits_of(const ModelShape& shape, const RecipeNames& names) {
  const auto* matmul = find_variant<ternary_matmul::Kernel>(names.at("ternary_matmul"));
  const auto* cache = find_variant<kv_cache::Kernel>(names.at("kv_cache"));
  return {shape.layers, matmul && matmul->info->techniques.has(Technique::tmac), cache && cache->kernel->keeps_past};
}

Work op_work(LoopOp op, const Ledger& ledger, const LoopTraits& traits) {
  const double bytes = ledger.a_token(ledger[op].bytes), ops = ledger.a_token(ledger[op].ops);
  Work work;
  if (op == LoopOp::kv_append) {
    work.written_bytes = bytes;
    return work;
  }
  work.read_bytes = bytes;
  // Any cache may hold all it can of just this op's bytes until the next token.
  work.cycle_bytes = op == LoopOp::attention && !traits.keeps_past ? bytes / static_cast<double>(traits.layers) : bytes;
  if (op == LoopOp::attention) {
    work[OpKind::float_multiply_add] = ops;
  } else if (is_ternary(op) && traits.looks_up) {
    // One look-up replaces several multiply-adds, so the peak of those does not bound it. But an index is at most a
    // byte wide, so every packed byte is looked up, for every position anew.
    work[OpKind::look_up] = bytes * ledger.a_token(static_cast<double>(ledger.positions));
  } else {
    work[OpKind::multiply_add] = ops;
  }
  return work;
}

Work token_work(const Ledger& ledger, const LoopTraits& traits) {
  Work total;
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    const Work work = op_work(op, ledger, traits);
    const bool rereads = op == LoopOp::attention && !traits.keeps_past;  // what this very token wrote
    if (!rereads) total.read_bytes += work.read_bytes;
    total.written_bytes += work.written_bytes;
    for (int k = 0; k < kOpKindCount; ++k) total.ops[k] += work.ops[k];
  }
  total.cycle_bytes = total.read_bytes;
  return total;
}

std::vector<NamedJudgement> judge_token(const Ledger& ledger, double token_ns, const LoopTraits& traits, int threads,
                                        const std::set<std::string>& states, const CeilingTable& ceilings) {
  std::vector<NamedJudgement> list;
  list.push_back({"token", judge(token_work(ledger, traits), token_ns, threads, states, ceilings)});
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    const Work work = op_work(op, ledger, traits);
    if (work.nothing()) continue;
    list.push_back({name(op), judge(work, ledger.a_token(ledger[op].ns), threads, states, ceilings)});
  }
  return list;
}

std::set<std::string> states_of(const Arm& arm, const CeilingTable& ceilings) {
  std::vector<std::optional<double>> readings;
  for (const LoopSample& s : arm.samples()) readings.push_back(s.ping_pong_ns);
  return ceilings.states_of(readings);
}

std::vector<NamedJudgement> judge_arm(const Arm& arm, const CeilingTable& ceilings) {
  if (arm.samples().empty()) return {};
  // Of a batch, the step: what it streams comes round once a step, and serves a token of each sequence.
  Ledger steps = arm.ledger();
  steps.tokens /= arm.sequences();
  return judge_token(steps, 1e9 * static_cast<double>(arm.sequences()) / arm.tok_per_s().median,
                     traits_of(arm.shape(), arm.spec().names), arm.spec().threads, states_of(arm, ceilings), ceilings);
}

std::string impossible(const std::vector<NamedJudgement>& list) {
  std::string line;
  int more = -1;
  for (const NamedJudgement& n : list) {
    if (n.judgement.verdict != Physics::impossible) continue;
    if (line.empty()) line = fmt::format("IMPOSSIBLE: {}: {}", n.name, n.judgement.why);
    ++more;
  }
  return more > 0 ? fmt::format("{}; and {} of its parts", line, more) : line;
}

}  // namespace bitproof
