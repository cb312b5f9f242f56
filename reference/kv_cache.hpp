// What a cache keeps of keys and values, to the bit, and what a reader is to make of it; the contract of kv_cache pins
// both. The error against what was given: half an ulp of 11 bits for f16; for a q8 row scale / 2, and the rounding of
// x / scale, which moves a tie by less than 2^-16 of that.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "kv_cache/contract.hpp"

namespace bitproof::reference {

// Of rows of head_dim floats.
struct Kept {
  std::vector<std::byte> elements;  // [rows x head_dim]
  std::vector<float> scales;        // [rows]; q8 only
  std::vector<float> values;        // [rows x head_dim], as read: exact, every one is a float
};

Kept kept(kv_cache::Element, std::int64_t head_dim, std::span<const float> rows);

// The values alone.
std::vector<float> as_kept(kv_cache::Element, std::int64_t head_dim, std::span<const float> rows);

// Reads the row of head_dim elements that begins `row` elements from `start`, its scale at scales[scale].
void append_row(std::vector<float>& to, kv_cache::Element, const void* start, std::int64_t row, std::int64_t head_dim,
                const float* scales, std::int64_t scale);

}  // namespace bitproof::reference
