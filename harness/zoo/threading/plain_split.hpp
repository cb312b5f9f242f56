// Rows in equal parts over OpenMP threads, to plant faults in.
#pragma once

#include <omp.h>

#include "threading/contract.hpp"
#include "zoo/rows.hpp"

namespace bitproof::threading {
namespace {

struct Members {
  int threads;
};

inline void session(int threads, SessionBody body, void* context) {
  Members team{threads};
  body(context, reinterpret_cast<Team*>(&team));
}

inline int threads_of(Team* team) { return reinterpret_cast<Members*>(team)->threads; }

inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// In units of `multiple` rows.
inline std::int64_t units(const Space& s, std::int64_t multiple) { return (s.rows + multiple - 1) / multiple; }

// Part p of `parts`, cut at multiples of `multiple`.
inline Tile part(const Space& s, std::int64_t multiple, std::int64_t p, std::int64_t parts) {
  const std::int64_t n = units(s, multiple);
  return {smaller(n * p / parts * multiple, s.rows), smaller(n * (p + 1) / parts * multiple, s.rows), 0, s.batch};
}

constexpr Techniques kThreads = techniques(Technique::threading);

}  // namespace
}  // namespace bitproof::threading
