#include "zoo/threading/plain_split.hpp"

namespace bitproof::threading {
namespace {

template <bool kFault>
void for_tiles(Team* team, Space s, TileBody body, void* context) {
  if (s.rows <= 0 || s.batch <= 0) return;
  const std::int64_t parts = smaller(threads_of(team), units(s, s.row_multiple));
  if (parts == 1) return body(context, {0, s.rows, 0, s.batch}, 0);
#pragma omp parallel num_threads(threads_of(team))
  for (std::int64_t p = omp_get_thread_num(); p < parts; p += omp_get_num_threads()) {
    body(context, part(s, s.row_multiple, p, parts), kFault ? 0 : omp_get_thread_num());
  }
}

constexpr Kernel kRows[] = {
    {planted("every tile says it is thread 0: all write into one scratch", kThreads), session, for_tiles<true>},
    {clean(kThreads), session, for_tiles<false>}};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::threading
