// Loops that do nothing but one arithmetic instruction (or the shortest sequence that does the work of a kernel's inner
// loop), on registers, in enough independent chains: the rate of operations that no kernel of that ISA can pass.
#pragma once

#include <cstdint>
#include <span>

#include "isa.hpp"

namespace bitproof {

// What an operation is, for an op's ledger. Each has its own peak.
enum class OpKind : std::uint8_t {
  multiply_add,        // int8 x int8 into an integer sum: two operations
  look_up,             // one byte of table indices looked up, and its result added
  float_multiply_add,  // float32: two operations
};
inline constexpr int kOpKindCount = 3;
const char* name(OpKind kind);  // "int8 multiply-add"

struct OpLoop {
  OpKind kind;
  const char* isa;           // the word of kernels/CMakeLists.txt
  const char* instructions;  // "vpdpbusd zmm"
  Features needs;
  double ops_per_step;
  void (*run)(std::int64_t steps);

  bool runnable() const;
};

std::span<const OpLoop> op_loops();

}  // namespace bitproof
