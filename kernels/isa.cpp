#include "isa.hpp"

#include "registry.hpp"

namespace bitproof {
namespace {

struct NamedFeature {
  Feature feature;
  const char* name;
  bool (*supported)();
};

// libgcc's CPU test also asks XCR0 whether the operating system saves ymm and zmm registers.
#define BITPROOF_FEATURE(id, gcc_name)                                          \
  NamedFeature {                                                                \
    Feature::id, gcc_name, [] { return __builtin_cpu_supports(gcc_name) != 0; } \
  }
const NamedFeature kFeatures[] = {
    BITPROOF_FEATURE(sse3, "sse3"),
    BITPROOF_FEATURE(ssse3, "ssse3"),
    BITPROOF_FEATURE(sse4_1, "sse4.1"),
    BITPROOF_FEATURE(sse4_2, "sse4.2"),
    BITPROOF_FEATURE(popcnt, "popcnt"),
    BITPROOF_FEATURE(avx, "avx"),
    BITPROOF_FEATURE(avx2, "avx2"),
    BITPROOF_FEATURE(fma, "fma"),
    BITPROOF_FEATURE(f16c, "f16c"),
    BITPROOF_FEATURE(bmi, "bmi"),
    BITPROOF_FEATURE(bmi2, "bmi2"),
    BITPROOF_FEATURE(lzcnt, "lzcnt"),
    BITPROOF_FEATURE(avx512f, "avx512f"),
    BITPROOF_FEATURE(avx512bw, "avx512bw"),
    BITPROOF_FEATURE(avx512cd, "avx512cd"),
    BITPROOF_FEATURE(avx512dq, "avx512dq"),
    BITPROOF_FEATURE(avx512vl, "avx512vl"),
    BITPROOF_FEATURE(avx512vnni, "avx512vnni"),
    BITPROOF_FEATURE(avx512vbmi, "avx512vbmi"),
    BITPROOF_FEATURE(avx512vbmi2, "avx512vbmi2"),
    BITPROOF_FEATURE(avx512bitalg, "avx512bitalg"),
    BITPROOF_FEATURE(avx512vpopcntdq, "avx512vpopcntdq"),
    BITPROOF_FEATURE(avx512ifma, "avx512ifma"),
    BITPROOF_FEATURE(avx512bf16, "avx512bf16"),
    BITPROOF_FEATURE(avx512fp16, "avx512fp16"),
    BITPROOF_FEATURE(avxvnni, "avxvnni"),
    BITPROOF_FEATURE(gfni, "gfni"),
    BITPROOF_FEATURE(vpclmulqdq, "vpclmulqdq"),
};
#undef BITPROOF_FEATURE

}  // namespace

Features machine_features() {
  static const Features set = [] {
    __builtin_cpu_init();
    Features found = 0;
    for (const NamedFeature& f : kFeatures) {
      if (f.supported()) found |= static_cast<Features>(f.feature);
    }
    return found;
  }();
  return set;
}

std::vector<std::string> feature_names(Features set) {
  std::vector<std::string> names;
  for (const NamedFeature& f : kFeatures) {
    if (set & static_cast<Features>(f.feature)) names.emplace_back(f.name);
  }
  return names;
}

}  // namespace bitproof
