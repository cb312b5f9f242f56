#include "gates.hpp"

#include <algorithm>

#include "loop_trial.hpp"
#include "reference/bounded.hpp"
#include "token_physics.hpp"

namespace bitproof {

// Not ternary_matmul, dense_matmul, memory and threading: integers are exact, and sums never depend on tiles.
RecipeNames float_slots(const RecipeNames& names) {
  RecipeNames kept = names;
  for (const char* op : {"ternary_matmul", "dense_matmul", "memory", "threading"}) kept.erase(op);
  return kept;
}

std::optional<double> fraction_of_ceiling(const Arm& arm, const CeilingTable& ceilings) {
  std::vector<double> fractions;
  for (const LoopSample& s : arm.samples()) {
    const double gb_per_s = arm.bytes_per_token() * s.tok_per_s() * 1e-9;
    const auto f = ceilings.fraction(gb_per_s, arm.spec().threads, s.ping_pong_ns);
    if (!f) return std::nullopt;  // a median over the others would be of another rate than is printed beside it
    fractions.push_back(*f);
  }
  return fractions.empty() ? std::nullopt : std::optional(median(std::move(fractions)));
}

std::vector<std::string> faults(const Arm& arm, const CeilingTable& ceilings, int cores) {
  if (arm.samples().empty()) return {};
  std::vector<std::string> list;
  const std::string& label = arm.spec().label;
  if (const std::string fault = arm.ledger_fault(); !fault.empty())
    list.push_back(fmt::format("{}: ledger: {}", label, fault));
  if (const std::string fault = arm.dispatch_fault(); !fault.empty()) {
    list.push_back(fmt::format("{}: FALLBACK: {}", label, fault));
  }
  if (const LoopTrial* trial = arm.trial(); trial && !trial->verdict.ok()) {
    list.push_back(fmt::format("{}: {}: {}", label, trial->verdict.check, trial->verdict.reason));
  }
  for (const Witness& w : arm.witnesses()) {
    const bool nothing_to_engage = w.technique == Technique::threading && cores == 1;
    if (w.wanted && !w.engaged && !nothing_to_engage) {
      list.push_back(fmt::format("{}: {} is NOT ENGAGED: {}", label, name(w.technique), w.evidence));
    } else if (!w.wanted && w.engaged) {
      list.push_back(fmt::format("{}: {} was not asked for and is engaged: {}", label, name(w.technique), w.evidence));
    }
  }
  if (const std::string fault = impossible(judge_arm(arm, ceilings)); !fault.empty()) {
    list.push_back(fmt::format("{}: {}", label, fault));
  }
  return list;
}

LogitsAgreement compare_logits(std::span<const std::unique_ptr<Arm>> arms) {
  LogitsAgreement result;
  std::vector<const Arm*> measured;
  for (const auto& arm : arms) {
    if (!arm->logits().empty()) measured.push_back(arm.get());
  }
  for (std::size_t i = 0; i < measured.size(); ++i) {
    const Arm& arm = *measured[i];
    if (i == 0) result.reference = arm.spec().label;
    const std::vector<double> want(measured[0]->logits().begin(), measured[0]->logits().end());
    const std::vector<double> got(arm.logits().begin(), arm.logits().end());
    // The first arm with the same float ops: itself, where there is none before it.
    const auto twin = std::find_if(measured.begin(), measured.end(), [&](const Arm* other) {
      return float_slots(other->spec().names) == float_slots(arm.spec().names);
    });
    if (*twin != &arm) {
      const auto a = (*twin)->fingerprints(), b = arm.fingerprints();
      const auto tokens = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
      const std::ptrdiff_t differs = std::mismatch(a.begin(), a.begin() + tokens, b.begin()).first - a.begin();
      if (differs == tokens) {
        ++result.bit_equal;
        result.tokens_compared += tokens;
      } else {
        result.faults.push_back(
            fmt::format("{}: logits of token {} are not bit-equal to those of {}, with the same float ops and cache",
                        arm.spec().label, differs, (*twin)->spec().label));
      }
    }
    result.largest_kld = std::max(result.largest_kld, reference::kld(want, got));
  }
  return result;
}

}  // namespace bitproof
