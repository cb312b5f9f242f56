// Inputs of a case, from its fill and seed. `stream` tells apart the several inputs of one case.
#pragma once

#include <cstdint>
#include <vector>

#include "case.hpp"

namespace bitproof {

// How large an op's float input may be: in an extreme case, and in one where squares and products come near overflow.
struct FloatRange {
  float extreme, huge;
};

// [count / cols x cols], as the fill says; random is N(0, 1).
std::vector<float> float_inputs(const Case& c, std::uint64_t stream, std::int64_t cols, std::int64_t count,
                                FloatRange range);

// Quantized activations, batch x cols. random: uniform in [-127, 127]; extreme: +-127, the even batch elements all
// +127, so that with the one-signed rows of weight_inputs a sum reaches its largest magnitude.
std::vector<std::int8_t> int8_inputs(const Case& c, std::uint64_t stream);

// Weights are never all zero. extreme: +-1 (or +-127), and every third row all positive, every third all negative;
// sparse: every other row zero, and half of the others' columns; else uniform trits (or int8 in [-127, 127]).
std::vector<std::int8_t> weight_inputs(const Case& c, std::int64_t rows, std::int64_t cols, int largest);

// Strictly positive scales near 1; integer: powers of two; denormal, huge, tiny: so; nan, inf: one of them.
std::vector<float> scale_inputs(const Case& c, std::uint64_t stream, std::int64_t count);

// The same case with random inputs, where the fill changes how large floats are: for the inputs that stay moderate
// while others are huge, since nothing could be said of an output otherwise.
Case moderate(Case c);

// The contract leaves (some) outputs open, so they may depend on anything but memory that is not the call's.
bool leaves_outputs_open(const Case& c);

}  // namespace bitproof
