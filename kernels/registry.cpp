#include "registry.hpp"

namespace bitproof {

std::string Variant::reason() const {
  std::string missing;
  for (const std::string& f : feature_names(features & ~machine_features())) {
    missing += (missing.empty() ? "" : ", ") + f;
  }
  return missing.empty() ? "" : "this CPU (or its operating system) lacks " + missing;
}

const std::vector<Variant>& all_variants() {
  static const std::vector<Variant> all = [] {
    std::vector<Variant> list;
#define BITPROOF_APPEND(op) \
  for (const auto& v : variants<op::Kernel>()) list.push_back(v);
    BITPROOF_FOR_EACH_OP(BITPROOF_APPEND)
#undef BITPROOF_APPEND
    return list;
  }();
  return all;
}

std::span<const char* const> all_ops() {
#define BITPROOF_NAME(op) #op,
  static const char* const names[] = {BITPROOF_FOR_EACH_OP(BITPROOF_NAME)};
#undef BITPROOF_NAME
  return names;
}

const char* name(Technique t) {
  static const char* const names[kTechniqueCount] = {"memory_pool", "simd", "threading",
                                                     "prefetch",    "tmac", "kv_cache"};
  return names[static_cast<int>(t)];
}

}  // namespace bitproof
