// Ways to read memory as fast as this CPU can: the widest vectors, some streams side by side, with or without software
// prefetch. What is read is summed, so that no read can be left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace bitproof {

using ReadWord = std::uint64_t;

inline constexpr std::size_t kMostStreams = 8;
// A reading is a multiple of this: of the lines that a pattern takes of all its streams in turn.
inline constexpr std::size_t kReadStep = 64 * 16;

struct ReadPattern {
  // Sum of the words of data[0, bytes), over `passes` passes. data is 64-byte aligned.
  using Read = ReadWord (*)(const std::byte* data, std::size_t bytes, std::int64_t passes);

  const char* name;  // "4 streams line by line, prefetch 2048 B"
  bool prefetches;
  Read sse2, avx2, avx512;

  Read read() const;  // the widest that this CPU has
};

std::span<const ReadPattern> read_patterns();

}  // namespace bitproof
