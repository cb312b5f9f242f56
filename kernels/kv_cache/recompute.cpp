#include "kv_cache/one_layer.hpp"

namespace bitproof::kv_cache {
namespace {
constexpr Kernel kRows[] = {
    one_layer_row({"", "no cache: one layer's room, the whole prefix computed for every token", techniques()})};
}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
