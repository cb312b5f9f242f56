// One problem for one op: its dimensions, how its inputs are filled, and the seed they come from.
#pragma once

#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace bitproof {

// What the inputs are filled with. Integer inputs (quantized activations, weights, tables) know only the first five.
enum class Fill : std::uint8_t {
  random,    // weights as the op's contract has them, activations from the seed
  extreme,   // the largest magnitudes the contract allows, signs from the seed: what overflows
  zero,      // all activations zero
  sparse,    // every other row zero, and three of four columns of the others
  one_hot,   // one element of each row: what is addressed wrongly
  integer,   // small integers as floats: sums are exact, so nothing hides behind their rounding
  denormal,  // below the smallest normal number: what flushes to zero
  huge,      // the largest magnitudes that overflow nowhere in the op
  tiny,      // whose squares underflow
  nan,       // random, with a NaN in every other row; each contract says what comes of it
  inf,       // likewise with an infinity
};

inline constexpr const char* kFillNames[] = {"random",   "extreme", "zero", "sparse", "one_hot", "integer",
                                             "denormal", "huge",    "tiny", "nan",    "inf"};
inline constexpr int kFills = std::size(kFillNames);

// The op has inputs that this fill means something for.
bool has_fill(const std::string& op, Fill fill);

// The dimensions an op reads; an op ignores the others (they stay 1).
//   matmul: rows x cols, batch     rope, attention: rows = heads, cols = head_dim, kv_heads, positions
//   embedding, sampling: rows = vocab     the rest: cols, batch
// mode, where an op has two: gated_ffn SiLU | ReLU^2, rope NEOX | interleaved, dequantize one scale | one a row,
// attention a straight cache | a ring that has wrapped.
struct Case {
  std::string name{};  // from the suite; only for people
  std::string op{};
  std::int64_t rows = 1, cols = 1, batch = 1;
  std::int64_t kv_heads = 1, positions = 1;
  std::int64_t mode = 0;
  Fill fill = Fill::random;
  std::uint64_t seed = 1;
  bool every_offset = false;  // offsets=all: with every buffer at every address modulo 64, under both fences
};

// The dimensions that the op reads, in printing order; throws BadInput for an op that is not there.
std::span<const char* const> dimensions(const std::string& op);
std::int64_t& dimension(Case& c, const std::string& name);
std::int64_t dimension(const Case& c, const std::string& name);

// "rows=4096,cols=11008,batch=1,fill=random,seed=1", and ",offsets=all": unambiguous, and parse_case reads it back.
std::string to_string(const Case& c);
Case parse_case(const std::string& op, const std::string& text);

// Throws BadInput naming `where` when a dimension is out of range for the op, or the fill is none of its.
void validate(const Case& c, const std::string& where);

Fill parse_fill(const std::string& text);

}  // namespace bitproof
