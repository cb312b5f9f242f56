#include "kv_cache/linear.hpp"

namespace bitproof::kv_cache {
namespace {

template <Element E>
constexpr Kernel row(const char* note) {
  return {kept_as<E>({"", note, techniques(Technique::kv_cache)}),
          true,
          storage_bytes<E>,
          append_linear<E>,
          view_linear<E>,
          E};
}

constexpr Kernel kRows[] = {
    row<Element::f32>("position p in slot p, full at the capacity"),
    row<Element::f16>("the same in half floats; NMSE 2^-22: half an ulp of 11 bits"),
    row<Element::q8>("the same in int8, a scale a head row; NMSE of Gaussian rows 3.6e-5"),
};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::kv_cache
