#include "read_patterns.hpp"

#include "registry.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kPrefetchAhead = 2048;

// Reads kStreams equal parts side by side, kLines of each in turn. One definition for each instruction set, because the
// harness itself is built for baseline x86-64; Vec is a GCC vector of words. The empty assembly hides from the compiler
// that each pass reads the same, and keeps the sums in registers.
#define BITPROOF_READER(name, isa, Vec)                                                                       \
  template <std::size_t kStreams, std::size_t kAhead, std::size_t kLines>                                     \
  __attribute__((target(isa))) ReadWord name(const std::byte* data, std::size_t bytes, std::int64_t passes) { \
    constexpr std::size_t kVecs = kLine / sizeof(Vec);                                                        \
    const std::size_t part = bytes / kStreams;                                                                \
    Vec sums[kStreams][kVecs] = {};                                                                           \
    for (; passes > 0; --passes) {                                                                            \
      for (std::size_t i = 0; i < part; i += kLine * kLines) {                                                \
        _Pragma("GCC unroll 8") for (std::size_t s = 0; s < kStreams; ++s) {                                  \
          _Pragma("GCC unroll 4") for (std::size_t line = 0; line < kLines; ++line) {                         \
            const std::byte* p = data + s * part + i + line * kLine;                                          \
            if constexpr (kAhead != 0) __builtin_prefetch(p + kAhead);                                        \
            _Pragma("GCC unroll 4") for (std::size_t v = 0; v < kVecs; ++v) {                                 \
              sums[s][v] += reinterpret_cast<const Vec*>(p)[v];                                               \
            }                                                                                                 \
          }                                                                                                   \
        }                                                                                                     \
      }                                                                                                       \
      asm volatile("" : "+r"(data));                                                                          \
    }                                                                                                         \
    ReadWord total = 0;                                                                                       \
    for (const auto& stream : sums) {                                                                         \
      for (const Vec& sum : stream) {                                                                         \
        for (std::size_t lane = 0; lane < sizeof(Vec) / sizeof(ReadWord); ++lane) total += sum[lane];         \
      }                                                                                                       \
    }                                                                                                         \
    return total;                                                                                             \
  }

using Vec128 = ReadWord __attribute__((vector_size(16), may_alias));
using Vec256 = ReadWord __attribute__((vector_size(32), may_alias));
using Vec512 = ReadWord __attribute__((vector_size(64), may_alias));
BITPROOF_READER(read_sse2, "sse2", Vec128)
BITPROOF_READER(read_avx2, "avx2", Vec256)
BITPROOF_READER(read_avx512, "avx512f", Vec512)
#undef BITPROOF_READER

template <std::size_t kStreams, std::size_t kAhead, std::size_t kLines = 4>
constexpr ReadPattern pattern(const char* name) {
  static_assert(kStreams <= kMostStreams && kReadStep % (kLine * kLines * kStreams) == 0);
  return {name, kAhead != 0, read_sse2<kStreams, kAhead, kLines>, read_avx2<kStreams, kAhead, kLines>,
          read_avx512<kStreams, kAhead, kLines>};
}

static_assert(kPrefetchAhead == 2048, "the names below say so");
constexpr ReadPattern kPatterns[] = {
    pattern<1, 0>("1 stream"),
    pattern<2, 0>("2 streams"),
    pattern<4, 0>("4 streams"),
    pattern<8, 0, 1>("8 streams line by line"),
    pattern<1, kPrefetchAhead>("1 stream, prefetch 2048 B"),
    pattern<2, kPrefetchAhead>("2 streams, prefetch 2048 B"),
    pattern<4, kPrefetchAhead>("4 streams, prefetch 2048 B"),
    pattern<4, kPrefetchAhead, 1>("4 streams line by line, prefetch 2048 B"),
    pattern<8, kPrefetchAhead, 1>("8 streams line by line, prefetch 2048 B"),
};

}  // namespace

ReadPattern::Read ReadPattern::read() const {
  const auto has = [](Feature f) { return (machine_features() & static_cast<Features>(f)) != 0; };
  return has(Feature::avx512f) ? avx512 : has(Feature::avx2) ? avx2 : sse2;
}

std::span<const ReadPattern> read_patterns() { return kPatterns; }

}  // namespace bitproof
