// Inputs of a case, from its fill and seed. `stream` tells apart the several inputs of one case.
#pragma once

#include <cstdint>
#include <vector>

#include "case.hpp"

namespace bitproof {

// random: N(0, 1); extreme: +-magnitude; zero: zeros.
std::vector<float> float_inputs(const Case& c, std::uint64_t stream, std::int64_t count, float magnitude);

// Quantized activations, batch x cols. random: uniform in [-127, 127]; zero: zeros; extreme: +-127, the even batch
// elements all +127, so that with the one-signed rows of weight_inputs a sum reaches its largest magnitude.
std::vector<std::int8_t> int8_inputs(const Case& c, std::uint64_t stream);

// Weights are never all zero. random: uniform trits (or int8 in [-127, 127]); extreme: +-1 (or +-127), and every third
// row all positive, every third all negative.
std::vector<std::int8_t> weight_inputs(const Case& c, std::int64_t rows, std::int64_t cols, int largest);

// Strictly positive scales near 1.
std::vector<float> scale_inputs(const Case& c, std::uint64_t stream, std::int64_t count);

}  // namespace bitproof
