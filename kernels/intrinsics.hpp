// <immintrin.h> without the false alarms of GCC 12.0 to 12.2: their AVX-512 header initialises "undefined" vectors with
// themselves, and inlining carries the warning into the including file (https://gcc.gnu.org/PR105593).
#pragma once

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
