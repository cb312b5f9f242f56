// The ring with a lock-free hand-over: one producer appends, one consumer views, on threads of their own. Each layer of
// each sequence has a count of positions that are whole; the producer stores it with release after the rows, the
// consumer loads it with acquire before them, and sees no position beyond it. Slots are taken again: a producer must
// stay less than the capacity ahead of what the consumer still reads.
//
//   [layer][sequence] counts, a cache line each, then the ring's own storage
#include <type_traits>

#include "kv_cache/wrapped.hpp"

namespace bitproof::kv_cache {
namespace {

std::int64_t counts_bytes(const Shape& s) { return s.layers * s.sequences * kLine; }

template <class Byte>
auto count_of(const Shape& s, Byte* storage, std::int64_t layer, std::int64_t sequence) {
  using Count = std::conditional_t<std::is_const_v<Byte>, const std::int64_t, std::int64_t>;
  return reinterpret_cast<Count*>(storage + (layer * s.sequences + sequence) * kLine);
}

template <Element E>
std::size_t bytes(Shape s) {
  const std::size_t ring = storage_bytes<E>(s);
  return ring > SIZE_MAX / 2 ? SIZE_MAX : ring + static_cast<std::size_t>(counts_bytes(s));
}

template <Element E>
bool append(Shape s, std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t position,
            std::int64_t count, const float* k, const float* v) {
  if (!append_ring<E>(s, storage + counts_bytes(s), layer, sequence, position, count, k, v)) return false;
  __atomic_store_n(count_of(s, storage, layer, sequence), position + count, __ATOMIC_RELEASE);
  return true;
}

template <Element E>
View view(Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence, std::int64_t end) {
  const std::int64_t whole = __atomic_load_n(count_of(s, storage, layer, sequence), __ATOMIC_ACQUIRE);
  const std::int64_t seen = end < whole ? end : whole;
  return view_ring<E>(s, storage + counts_bytes(s), layer, sequence, seen > 0 ? seen : 0);
}

template <Element E>
constexpr Kernel row(const char* note) {
  return {kept_as<E>({"", note, techniques(Technique::kv_cache)}), true, bytes<E>, append<E>, view<E>, E};
}

constexpr Kernel kRows[] = {
    row<Element::f32>("the ring, handed over by acquire and release: one producer, one consumer, no lock"),
    row<Element::f16>("the same in half floats; NMSE 2^-22: half an ulp of 11 bits"),
    row<Element::q8>("the same in int8, a scale a head row; NMSE of Gaussian rows 3.6e-5"),
};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
