// Instruction-set extensions: what a source file was compiled for and what this machine can run.
#pragma once

#include <cstdint>

namespace bitproof {

// One bit per extension that a variant file may be compiled for. isa.cpp names each and tests for it.
enum class Feature : std::uint32_t {
  sse3 = 1u << 0,
  ssse3 = 1u << 1,
  sse4_1 = 1u << 2,
  sse4_2 = 1u << 3,
  popcnt = 1u << 4,
  avx = 1u << 5,
  avx2 = 1u << 6,
  fma = 1u << 7,
  f16c = 1u << 8,
  bmi = 1u << 9,
  bmi2 = 1u << 10,
  lzcnt = 1u << 11,
  avx512f = 1u << 12,
  avx512bw = 1u << 13,
  avx512cd = 1u << 14,
  avx512dq = 1u << 15,
  avx512vl = 1u << 16,
  avx512vnni = 1u << 17,
  avx512vbmi = 1u << 18,
  avx512vbmi2 = 1u << 19,
  avx512bitalg = 1u << 20,
  avx512vpopcntdq = 1u << 21,
  avx512ifma = 1u << 22,
  avx512bf16 = 1u << 23,
  avx512fp16 = 1u << 24,
  avxvnni = 1u << 25,
  gfni = 1u << 26,
  vpclmulqdq = 1u << 27,
};

using Features = std::uint32_t;  // a set of Feature bits

namespace {
// The extensions the compiler was told it may use in *this* translation unit. Computed from the compiler's own macros,
// so a variant's run-time gate and its compile flags cannot disagree. Unnamed namespace: its value differs by file.
consteval Features features_of_this_file() {
  Features set = 0;
  [[maybe_unused]] const auto add = [&set](Feature f) { set |= static_cast<Features>(f); };
#ifdef __SSE3__
  add(Feature::sse3);
#endif
#ifdef __SSSE3__
  add(Feature::ssse3);
#endif
#ifdef __SSE4_1__
  add(Feature::sse4_1);
#endif
#ifdef __SSE4_2__
  add(Feature::sse4_2);
#endif
#ifdef __POPCNT__
  add(Feature::popcnt);
#endif
#ifdef __AVX__
  add(Feature::avx);
#endif
#ifdef __AVX2__
  add(Feature::avx2);
#endif
#ifdef __FMA__
  add(Feature::fma);
#endif
#ifdef __F16C__
  add(Feature::f16c);
#endif
#ifdef __BMI__
  add(Feature::bmi);
#endif
#ifdef __BMI2__
  add(Feature::bmi2);
#endif
#ifdef __LZCNT__
  add(Feature::lzcnt);
#endif
#ifdef __AVX512F__
  add(Feature::avx512f);
#endif
#ifdef __AVX512BW__
  add(Feature::avx512bw);
#endif
#ifdef __AVX512CD__
  add(Feature::avx512cd);
#endif
#ifdef __AVX512DQ__
  add(Feature::avx512dq);
#endif
#ifdef __AVX512VL__
  add(Feature::avx512vl);
#endif
#ifdef __AVX512VNNI__
  add(Feature::avx512vnni);
#endif
#ifdef __AVX512VBMI__
  add(Feature::avx512vbmi);
#endif
#ifdef __AVX512VBMI2__
  add(Feature::avx512vbmi2);
#endif
#ifdef __AVX512BITALG__
  add(Feature::avx512bitalg);
#endif
#ifdef __AVX512VPOPCNTDQ__
  add(Feature::avx512vpopcntdq);
#endif
#ifdef __AVX512IFMA__
  add(Feature::avx512ifma);
#endif
#ifdef __AVX512BF16__
  add(Feature::avx512bf16);
#endif
#ifdef __AVX512FP16__
  add(Feature::avx512fp16);
#endif
#ifdef __AVXVNNI__
  add(Feature::avxvnni);
#endif
#ifdef __GFNI__
  add(Feature::gfni);
#endif
#ifdef __VPCLMULQDQ__
  add(Feature::vpclmulqdq);
#endif
  return set;
}
}  // namespace

}  // namespace bitproof
