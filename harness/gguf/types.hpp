// The tensor types that are read, and what a tensor of each takes.
// Source: ggml's type ids and block structures; facts of I2_S from microsoft/BitNet.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace bitproof::gguf {

enum class Type : std::uint32_t { f32 = 0, f16 = 1, q8_0 = 8, q6_k = 14, tq1_0 = 34, tq2_0 = 35, i2_s = 36 };

struct TypeInfo {
  const char* name;
  std::int64_t block;  // weights
  std::int64_t block_bytes;
  std::int64_t trailer;    // bytes after the last block: I2_S keeps its scale there
  bool blocks_cross_rows;  // the tensor is one run of blocks; otherwise a row is whole blocks
};
const TypeInfo& info(Type);

std::optional<Type> type_of(std::uint32_t id);
std::optional<Type> type_named(const std::string& name);  // "i2_s"

// Bytes of a tensor of `count` weights in rows of `cols`; none where they are no whole blocks, or over 2^62.
std::optional<std::int64_t> tensor_bytes(Type, std::int64_t cols, std::int64_t count);

}  // namespace bitproof::gguf
