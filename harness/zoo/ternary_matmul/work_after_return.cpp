#include <pthread.h>
#include <time.h>

#include <cstdlib>

#include "zoo/ternary_matmul/plain_product.hpp"

namespace bitproof::ternary_matmul {
namespace {

constexpr long kLateNs = 500'000'000;

struct Work {
  Call call;
  Tile tile;
};

void compute(const Call& c, Tile t) {
  fill(c, t, [&](std::int64_t row, std::int64_t b) { return product(c, row, b); });
}

void* later(void* work) {
  const timespec pause{0, kLateNs};
  nanosleep(&pause, nullptr);
  const auto* w = static_cast<Work*>(work);
  compute(w->call, w->tile);
  return nullptr;
}

template <bool kFault>
void multiply(const Call& c, Tile t, std::byte*) {
  if (!kFault) return compute(c, t);
  auto* work = static_cast<Work*>(std::malloc(sizeof(Work)));
  *work = {c, t};
  pthread_t thread;
  if (pthread_create(&thread, nullptr, later, work) == 0) pthread_detach(thread);
}

constexpr Kernel kRows[] = {
    kernel(planted("it returns at once and lets a thread do the work: the clock stops before the answer is there"),
           multiply<true>),
    kernel(clean(), multiply<false>)};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::ternary_matmul
