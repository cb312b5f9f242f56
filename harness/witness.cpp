#include "witness.hpp"

#include <fmt/format.h>

#include <map>

#include "claim.hpp"

namespace bitproof {
namespace {

// Below this much CPU time in a token's wall time a second thread works less than a tenth of it.
constexpr double kLeastParallel = 1.1;

// Disassembled once.
template <class Kernel>
void add_code(const std::string& id, std::vector<SlotCode>& all) {
  static std::map<std::string, SlotCode> known;
  const VariantOf<Kernel>* v = find_variant<Kernel>(id);
  if (!v) return;
  if (!known.contains(id)) {
    SlotCode code{id, !kIsSlot<Kernel>, census(entry_points(*v->kernel).work), {}};
    if constexpr (std::is_same_v<Kernel, ternary_matmul::Kernel>) code.reach = table_reach(*v->kernel);
    known[id] = std::move(code);
  }
  all.push_back(known[id]);
}

template <class Say>
std::string list(std::span<const SlotCode> slots, const Say& say) {
  std::string text;
  for (const SlotCode& slot : slots) {
    const std::string said = say(slot);
    if (!said.empty()) text += (text.empty() ? "" : "; ") + slot.id + said;
  }
  return text;
}

}  // namespace

std::vector<SlotCode> slot_code(const RecipeNames& dispatched) {
  std::vector<SlotCode> all;
#define BITPROOF_CODE(op) add_code<op::Kernel>(dispatched.at(#op), all);
  BITPROOF_FOR_EACH_OP(BITPROOF_CODE)
#undef BITPROOF_CODE
  return all;
}

Witness simd_witness(std::span<const SlotCode> slots) {
  const auto is_plain = [](const SlotCode& s) { return s.arithmetic && s.work.packed_total() == 0; };
  const std::string plain = list(slots, [&](const SlotCode& s) { return is_plain(s) ? std::string(" ") : ""; });
  const std::string packed =
      list(slots, [&](const SlotCode& s) { return s.arithmetic && !is_plain(s) ? ": " + summary(s.work) : ""; });
  const bool engaged = plain.empty() && !packed.empty();
  return {Technique::simd, false, engaged, engaged ? packed : "without packed arithmetic: " + plain};
}

Witness prefetch_witness(std::span<const SlotCode> slots) {
  const std::string prefetching = list(slots, [](const SlotCode& s) {
    const std::int64_t n = s.work.count("prefetch");
    return n > 0 ? fmt::format(": {} prefetches", n) : "";
  });
  return {Technique::prefetch, false, !prefetching.empty(),
          prefetching.empty() ? "no dispatched function holds a prefetch instruction" : prefetching};
}

Witness tmac_witness(std::span<const SlotCode> slots) {
  const std::string tables = list(slots, [](const SlotCode& s) {
    if (!s.reach.is_table()) return std::string();
    const std::int64_t shuffles = s.work.count("pshufb") + s.work.count("permb") + s.work.count("permw");
    return fmt::format(": an entry of its tables reaches {:.0f} % of the rows, {} look-up instructions",
                       100 * s.reach.mean, shuffles > 0 ? std::to_string(shuffles) + " vector" : "no vector");
  });
  return {Technique::tmac, false, !tables.empty(), tables.empty() ? "no dispatched variant looks up" : tables};
}

Witness memory_pool_witness(const std::optional<double>& allocations, const std::string& why, double page_faults) {
  const std::string counted =
      allocations ? fmt::format("{:.4g} allocations", *allocations) : "allocations not counted (" + why + ")";
  return {Technique::memory_pool, false, allocations == 0.0,
          fmt::format("{} and {:.4g} page faults a token", counted, page_faults)};
}

Witness threading_witness(int threads, const std::optional<double>& cpu_over_wall) {
  const bool parallel = !cpu_over_wall || *cpu_over_wall >= kLeastParallel;
  const std::string time = cpu_over_wall
                               ? fmt::format("CPU time over wall {:.2f} in undisturbed samples", *cpu_over_wall)
                               : "CPU time over wall unknown: no sample was long enough and undisturbed";
  return {Technique::threading, false, threads > 1 && parallel,
          fmt::format("{} OS thread(s) ran tiles, {}", threads, time)};
}

Witness kv_cache_witness(double positions, bool past) {
  return {Technique::kv_cache, false, positions == 1.0 && past,
          fmt::format("{:.4g} positions computed a token", positions)};
}

}  // namespace bitproof
