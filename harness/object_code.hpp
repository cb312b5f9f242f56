// What the machine code behind a function pointer is made of, by disassembly in this process. Code is read, never run:
// that of another machine can be judged too.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bitproof {

enum class Width : std::uint8_t { xmm, ymm, zmm };
inline constexpr int kWidths = 3;
inline constexpr const char* kWidthNames[kWidths] = {"xmm", "ymm", "zmm"};

using ByWidth = std::array<std::int64_t, kWidths>;

// All instructions that some functions can reach: both sides of every branch, and direct calls and jumps, within the
// module (program or shared library) that the functions belong to. A call is taken to return, but for those to the
// functions of other modules that are known not to.
struct Census {
  std::int64_t instructions = 0, bytes = 0;
  // Packed arithmetic. Moves, shuffles and bitwise logic are not: scalar code copies structures, clears registers and
  // takes absolute values with them. A register compared with or subtracted from itself is a constant.
  ByWidth packed{};
  ByWidth vector{};         // VEX and EVEX instructions of any kind
  std::int64_t scalar = 0;  // arithmetic of general registers (addresses and counters too) and of single floats
  std::map<std::string, std::int64_t> notable;  // by mnemonic: dot products, permutes, look-ups, prefetches
  std::set<std::int64_t> constants;             // immediates and displacements
  std::string packed_example;                   // the first packed arithmetic: "vpaddd"
  std::set<std::string> imports;                // called functions of other modules, by the linker's name
  std::vector<std::string> unfollowed;          // indirect jumps and calls, and bytes that are no instruction

  std::int64_t packed_total() const { return packed[0] + packed[1] + packed[2]; }
  std::int64_t operator[](Width w) const { return packed[static_cast<int>(w)]; }
  // Notable instructions whose mnemonic begins so, with or without the v of VEX.
  std::int64_t count(std::string_view mnemonic_prefix) const;
};

// Functions of one module. A null pointer is unfollowed.
Census census(std::span<const void* const> functions);

// "12 vpdpbusd, 34 zmm arithmetic"; "no packed arithmetic".
std::string summary(const Census&);

}  // namespace bitproof
