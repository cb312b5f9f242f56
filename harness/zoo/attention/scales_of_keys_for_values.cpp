#include "attention/plain.hpp"
#include "zoo/rows.hpp"

namespace bitproof::attention {
namespace {

template <bool kFault>
void read(const Call& call, Tile tile, std::byte* scratch) {
  Call seen = call;
  for (kv_cache::Segment& s : seen.kv.segment) s.v_scale = kFault ? s.k_scale : s.v_scale;
  run<std::int8_t>(seen, tile, scratch);
}

constexpr Kernel kRows[] = {
    {planted("int8 values are read with the scales of their keys"), Element::q8, scores_bytes, read<true>},
    {clean(), Element::q8, scores_bytes, read<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::attention
