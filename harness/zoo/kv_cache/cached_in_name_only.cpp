#include "kv_cache/one_layer.hpp"
#include "zoo/rows.hpp"

namespace bitproof::kv_cache {
namespace {
constexpr Kernel kRows[] = {
    one_layer_row(planted("says that it keeps keys and values, and has every position computed anew",
                          techniques(Technique::kv_cache))),
    one_layer_row(clean(techniques()))};
}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
