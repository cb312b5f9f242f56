#include "gguf/types.hpp"

#include <array>
#include <utility>

namespace bitproof::gguf {
namespace {

constexpr std::array<std::pair<Type, TypeInfo>, 7> kTypes = {{
    {Type::f32, {"f32", 1, 4, 0, false}},
    {Type::f16, {"f16", 1, 2, 0, false}},
    {Type::q8_0, {"q8_0", 32, 34, 0, false}},
    {Type::q6_k, {"q6_k", 256, 210, 0, false}},
    {Type::tq1_0, {"tq1_0", 256, 54, 0, false}},
    {Type::tq2_0, {"tq2_0", 256, 66, 0, false}},
    {Type::i2_s, {"i2_s", 128, 32, 32, true}},
}};

}  // namespace

const TypeInfo& info(Type type) {
  for (const auto& [known, about] : kTypes) {
    if (known == type) return about;
  }
  __builtin_unreachable();
}

std::optional<Type> type_of(std::uint32_t id) {
  for (const auto& [known, about] : kTypes) {
    if (static_cast<std::uint32_t>(known) == id) return known;
  }
  return std::nullopt;
}

std::optional<Type> type_named(const std::string& name) {
  for (const auto& [known, about] : kTypes) {
    if (about.name == name) return known;
  }
  return std::nullopt;
}

std::optional<std::int64_t> tensor_bytes(Type type, std::int64_t cols, std::int64_t count) {
  const TypeInfo& t = info(type);
  constexpr std::int64_t kMost = std::int64_t{1} << 62;
  if ((t.blocks_cross_rows ? count : cols) % t.block != 0) return std::nullopt;
  const std::int64_t blocks = count / t.block;
  if (blocks > (kMost - t.trailer) / t.block_bytes) return std::nullopt;
  return blocks * t.block_bytes + t.trailer;
}

}  // namespace bitproof::gguf
