// The physics gate on a token of the loop: as a whole and op by op, from its ledger.
#pragma once

#include <string>
#include <vector>

#include "arm.hpp"
#include "physics.hpp"

namespace bitproof {

// What of a recipe decides which work its ledger stands for.
struct LoopTraits {
  std::int64_t layers;
  bool looks_up;    // ternary products by table look-up
  bool keeps_past;  // the cache does; else one layer's keys and values are rewritten and read in every layer
};
LoopTraits traits_of(const ModelShape& shape, const RecipeNames& names);

// Of one token, on the average of the ledger's.
Work op_work(LoopOp op, const Ledger& ledger, const LoopTraits& traits);
Work token_work(const Ledger& ledger, const LoopTraits& traits);

struct NamedJudgement {
  std::string name;  // "token", or the op's
  Judgement judgement;
};

// The token by its printed rate (the median), then each op that books work by its time.
std::vector<NamedJudgement> judge_token(const Ledger& ledger, double token_ns, const LoopTraits& traits, int threads,
                                        const std::set<std::string>& states, const CeilingTable& ceilings);
std::vector<NamedJudgement> judge_arm(const Arm& arm, const CeilingTable& ceilings);  // empty without samples

// The states of its samples; see CeilingTable::states_of.
std::set<std::string> states_of(const Arm& arm, const CeilingTable& ceilings);

// One line for what is impossible in the list, "" if nothing is: its first entry, and how many more.
std::string impossible(const std::vector<NamedJudgement>& list);

}  // namespace bitproof
