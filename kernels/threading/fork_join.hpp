// A session of the variants that start a parallel region for every for_tiles.
#pragma once

#include <omp.h>

#include "threading/grid.hpp"

namespace bitproof::threading {
namespace {

struct ForkJoin {
  int threads;
};

void session(int threads, SessionBody body, void* context) {
  ForkJoin team{threads};
  body(context, reinterpret_cast<Team*>(&team));
}

inline int threads_of(const Team* team) { return reinterpret_cast<const ForkJoin*>(team)->threads; }

}  // namespace
}  // namespace bitproof::threading
