// Small functions of known machine code. They are disassembled, and most are never run.
#pragma once

#include <immintrin.h>
#include <omp.h>

#include <cstdint>
#include <cstdlib>

#include "claim.hpp"

namespace bitproof::planted_code {

using Function = void (*)(int* p);

[[gnu::noipa]] inline void plain(int* p) { *p = *p * 3 + 1; }
[[gnu::noipa, gnu::target("avx2")]] inline void ymm(int* p) {
  auto* v = reinterpret_cast<__m256i*>(p);
  _mm256_storeu_si256(v, _mm256_add_epi32(_mm256_loadu_si256(v), _mm256_set1_epi32(*p)));
}
[[gnu::noipa]] inline void xmm(int* p) {
  auto* v = reinterpret_cast<__m128i*>(p);
  _mm_storeu_si128(v, _mm_madd_epi16(_mm_loadu_si128(v), _mm_loadu_si128(v + 1)));
}
[[gnu::noipa, gnu::target("avx512f")]] inline void zmm(int* p) {
  _mm512_storeu_si512(p, _mm512_add_epi32(_mm512_loadu_si512(p), _mm512_set1_epi32(*p)));
}
[[gnu::noipa, gnu::target("avx512f")]] inline void moves_zmm(int* p) {
  _mm512_storeu_si512(p, _mm512_loadu_si512(p + 16));
}
[[gnu::noipa, gnu::target("avx")]] inline void moves_ymm(int* p) {
  auto* f = reinterpret_cast<float*>(p);
  _mm256_storeu_ps(f, _mm256_loadu_ps(f + 8));
}
[[gnu::noipa]] inline void moves_xmm(int* p) {
  auto* v = reinterpret_cast<__m128i*>(p);
  _mm_storeu_si128(v, _mm_loadu_si128(v + 1));
}
[[gnu::noipa, gnu::target("avx512f,avx512vnni")]] inline void dot(int* p) {
  const __m512i x = _mm512_loadu_si512(p);
  _mm512_storeu_si512(p, _mm512_dpbusd_epi32(x, x, x));
}
[[gnu::noipa, gnu::target("avx512f,avx512bw,avx512vbmi")]] inline void permute_bytes(int* p) {
  const __m512i x = _mm512_loadu_si512(p);
  _mm512_storeu_si512(p, _mm512_add_epi8(x, _mm512_maskz_permutexvar_epi8(*p, x, x)));
}
[[gnu::noipa, gnu::target("avx2")]] inline void looks_up(int* p) {
  auto* v = reinterpret_cast<__m256i*>(p);
  const __m256i x = _mm256_loadu_si256(v);
  _mm256_storeu_si256(v, _mm256_add_epi8(x, _mm256_shuffle_epi8(x, x)));
}
[[gnu::noipa]] inline void prefetches(int* p) {
  __builtin_prefetch(p + 128);  // 8 lines of 64 bytes
  *p += 1;
}
[[gnu::noipa]] inline void allocates(int* p) {
  void* volatile block = std::malloc(static_cast<std::size_t>(*p));
  std::free(block);
}
[[gnu::noipa]] inline void allocates_with_new(int* p) {
  int* volatile block = new int[static_cast<std::size_t>(*p)];
  delete[] block;
}
[[gnu::noipa]] inline void asks_for_threads(int* p) { *p = omp_get_max_threads(); }
[[gnu::noipa]] inline void calls_a_pointer(int* p) {
  Function f = nullptr;
  __builtin_memcpy(&f, p, sizeof f);
  f(p);
  *p += 1;
}

// Hidden behind a branch that is never taken here, and behind a call.
[[gnu::noipa]] inline void zmm_in_a_callee(int* p) {
  if (*p == 42) zmm(p);
  *p += 1;
}

inline EntryPoints entry(Function work, Function rest = nullptr) {
  EntryPoints e{{reinterpret_cast<const void*>(work)}, {}};
  if (rest) e.rest.push_back(reinterpret_cast<const void*>(rest));
  return e;
}
inline Census census_of_code(Function f) { return census(entry(f).work); }

}  // namespace bitproof::planted_code
