// The bytes of the tensor types, both ways. Source: ggml's block structures and reference quantization; I2_S as
// microsoft/BitNet writes it on x86. Written from their definitions, byte-exact against them.
//
// Ternary: canonical trits and apart from them a scale, which is a block's in TQ1_0 and TQ2_0 and a tensor's in I2_S.
// Everything else: floats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gguf/types.hpp"

namespace bitproof::gguf {

inline bool is_packed_ternary(Type type) { return type == Type::i2_s || type == Type::tq1_0 || type == Type::tq2_0; }

// Weights [first, first + count) of a tensor, counted over all its rows; data is the tensor's.
//
// F32, F16, Q8_0, Q6_K. first and count are whole blocks.
void decode(Type, std::span<const std::byte> data, std::int64_t first, std::int64_t count, float* out);
// I2_S, TQ1_0, TQ2_0; what lies in a block of scale zero is zero. The codes must have been found valid. I2_S: any first
// and count; the others: whole blocks.
void decode_trits(Type, std::span<const std::byte> data, std::int64_t first, std::int64_t count, std::int8_t* out);

// The first byte of a tensor that stands for no trits (it has a code of 3), or -1. TQ1_0 has none such.
std::int64_t invalid_code(Type, std::span<const std::byte> data);

float i2s_scale(std::span<const std::byte> data);                          // of the tensor
float block_scale(Type, std::span<const std::byte> data, std::int64_t i);  // TQ1_0, TQ2_0, Q8_0, Q6_K: of block i

// Whole blocks: I2_S without its trailer, TQ1_0, TQ2_0. A scale is rounded to binary16 in the latter.
void encode_trits(Type, std::span<const std::int8_t> trits, float scale, std::byte* out);
// 32 weights of value d * q.
void encode_q8_0(std::span<const std::int8_t> q, float d, std::byte* out);

}  // namespace bitproof::gguf
