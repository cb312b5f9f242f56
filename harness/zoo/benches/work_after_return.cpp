#include <pthread.h>
#include <time.h>

#include "zoo/bench_door.hpp"
#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr timespec kLate{0, 300'000'000};

Call pending;
Tile pending_tile;
bool running;

void* later(void*) {
  nanosleep(&kLate, nullptr);
  fill(pending, pending_tile, [](std::int64_t row, std::int64_t b) { return product(pending, row, b); });
  return nullptr;
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (!kFault) return fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
  if (running) return;
  pending = c;
  pending_tile = t;
  pthread_t thread;
  running = pthread_create(&thread, nullptr, later, nullptr) == 0;
}

}  // namespace
}  // namespace bitproof::ternary_matmul

namespace bitproof::zoo {
using ternary_matmul::kernel, ternary_matmul::multiply;
BITPROOF_FAULT(.lie = "the call returns at once, and a thread does the work behind the clock",
               .planted = timed_product(kernel(planted(""), multiply<true>)),
               .clean = timed_product(kernel(clean(), multiply<false>)))
}  // namespace bitproof::zoo
