#include "dispatch.hpp"

#include <fmt/format.h>

namespace bitproof {
namespace {

template <class Kernel>
std::string id_of(const void* address, const std::string& named) {
  if (const auto* v = find_variant<Kernel>(named); v && entry(*v->kernel) == address) return named;
  for (const auto& v : variants<Kernel>()) {
    if (entry(*v.kernel) == address) return v.id;
  }
  return "a function of no variant";
}

}  // namespace

RecipeNames Dispatch::ran(const RecipeNames& names) const {
  RecipeNames ids;
#define BITPROOF_RAN(op)                                                                            \
  {                                                                                                 \
    const Record& r = record_[static_cast<int>(SlotOp::op)];                                        \
    const auto id = [&](const void* address) { return id_of<op::Kernel>(address, names.at(#op)); }; \
    ids[#op] = !r.first ? "nothing" : id(r.first) + (r.other ? " and " + id(r.other) : "");         \
  }
  BITPROOF_FOR_EACH_OP(BITPROOF_RAN)
#undef BITPROOF_RAN
  return ids;
}

std::string Dispatch::difference(const RecipeNames& names) const {
  for (const auto& [op, id] : ran(names)) {
    if (id != names.at(op)) return fmt::format("{}: {} ran in place of {}", op, id, names.at(op));
  }
  return "";
}

}  // namespace bitproof
