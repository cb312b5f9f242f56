#include <gmock/gmock.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "properties.hpp"
#include "registry.hpp"
#include "variant_names.hpp"

namespace bitproof {
namespace {

using memory::kAlignment;
using memory::Kernel;
using memory::Usage;

class Memory : public testing::TestWithParam<std::string> {};

TEST_P(Memory, HasNoFault) { EXPECT_EQ(memory_fault(*find_variant<Kernel>(GetParam())->kernel), ""); }

INSTANTIATE_TEST_SUITE_P(Variants, Memory, testing::ValuesIn(runnable_ids<Kernel>()), test_name);

TEST(MemoryPool, AsksTheSystemForNothingAndReusesTheSameAddress) {
  const Kernel& pool = *find_variant<Kernel>("memory/pool")->kernel;
  void* self = pool.create(1 << 20);
  void* first = pool.allocate(self, 1000);
  pool.release(self, first, 1000);
  EXPECT_EQ(pool.allocate(self, 500), first);
  EXPECT_EQ(pool.usage(self).system_calls, 0);
  EXPECT_EQ(pool.usage(self).high_water_bytes, 1024u);
  pool.release(self, first, 500);
  pool.destroy(self);
}

TEST(MemoryPool, RefusesCapacitiesThatNoAddressSpaceHolds) {
  const Kernel& pool = *find_variant<Kernel>("memory/pool")->kernel;
  EXPECT_EQ(pool.create(SIZE_MAX), nullptr);
  EXPECT_EQ(pool.create(SIZE_MAX / 2), nullptr);
}

TEST(MemoryMalloc, CountsEveryBlock) {
  const Kernel& heap = *find_variant<Kernel>("memory/malloc")->kernel;
  void* self = heap.create(0);
  for (int i = 0; i < 3; ++i) heap.release(self, heap.allocate(self, 1000), 1000);
  EXPECT_EQ(heap.usage(self).system_calls, 3);
  EXPECT_EQ(heap.usage(self).reserved_bytes, 0u);
  heap.destroy(self);
}

// A pool with one planted fault.
enum class Fault {
  none,
  unaligned,
  overlaps,
  empty_blocks_coincide,
  size_wraps,
  never_exhausted,
  one_line_too_many,
  exhausted_early,
  counts_refused,
  forgets_releases,
  hides_high_water,
  hides_system_calls,
  claims_no_reserve,
  touches_all,
};

template <Fault kFault>
struct Faulty {
  static constexpr bool is(Fault f) { return kFault == f; }
  static constexpr std::size_t rounded(std::size_t bytes) {
    const std::size_t unit = is(Fault::unaligned) ? 16 : kAlignment;
    const std::size_t size = (bytes + unit - 1) / unit * unit;
    return size == 0 && !is(Fault::empty_blocks_coincide) && !is(Fault::size_wraps) ? unit : size;
  }

  static void* create(std::size_t capacity) {
    auto* arena = static_cast<std::byte*>(std::aligned_alloc(kAlignment, capacity));
    if (is(Fault::touches_all)) std::memset(arena, 1, capacity);
    return new Faulty{arena, capacity};
  }
  static void destroy(void* self) {
    std::free(static_cast<Faulty*>(self)->arena);
    delete static_cast<Faulty*>(self);
  }
  static void* allocate(void* self, std::size_t bytes) {
    auto& p = *static_cast<Faulty*>(self);
    const std::size_t size = rounded(bytes);
    if (!is(Fault::size_wraps) && (size < bytes || size > PTRDIFF_MAX)) return nullptr;
    const std::size_t limit = is(Fault::exhausted_early)     ? p.capacity - kAlignment
                              : is(Fault::one_line_too_many) ? p.capacity + kAlignment
                                                             : p.capacity;
    if (p.top + size > limit && !is(Fault::never_exhausted)) {
      if (is(Fault::counts_refused)) p.top += size;
      return nullptr;
    }
    std::byte* block = p.arena + p.top;
    p.top += is(Fault::overlaps) && size > kAlignment ? size - kAlignment : size;
    p.high_water = std::max(p.high_water, p.top);
    return block;
  }
  static void release(void* self, void*, std::size_t bytes) {
    if (!is(Fault::forgets_releases)) static_cast<Faulty*>(self)->top -= rounded(bytes);
  }
  static Usage usage(const void* self) {
    const auto& p = *static_cast<const Faulty*>(self);
    return {is(Fault::claims_no_reserve) ? 0 : p.capacity, p.top, is(Fault::hides_high_water) ? p.top : p.high_water,
            is(Fault::hides_system_calls) ? 7 : 0};
  }
  static constexpr Kernel kKernel{{"", "planted", techniques()}, create, destroy, allocate, release, usage};

  std::byte* arena;
  std::size_t capacity, top = 0, high_water = 0;
};

template <Fault kFault>
std::string fault_of() {
  return memory_fault(Faulty<kFault>::kKernel);
}

TEST(PlantedMemoryFault, IsRejected) {
  using testing::HasSubstr;
  EXPECT_EQ(fault_of<Fault::none>(), "");
  EXPECT_THAT(fault_of<Fault::unaligned>(), HasSubstr("not 64-byte aligned"));
  EXPECT_THAT(fault_of<Fault::overlaps>(), HasSubstr("overlap"));
  EXPECT_THAT(fault_of<Fault::empty_blocks_coincide>(), HasSubstr("0 and 0 bytes overlap"));
  EXPECT_THAT(fault_of<Fault::size_wraps>(), testing::Not(""));
  EXPECT_THAT(fault_of<Fault::never_exhausted>(), HasSubstr("reserved"));
  EXPECT_THAT(fault_of<Fault::one_line_too_many>(), HasSubstr("reserved"));
  EXPECT_THAT(fault_of<Fault::exhausted_early>(), HasSubstr("exhausted after"));
  EXPECT_THAT(fault_of<Fault::counts_refused>(), HasSubstr("refused block"));
  EXPECT_THAT(fault_of<Fault::forgets_releases>(), testing::Not(""));
  EXPECT_THAT(fault_of<Fault::hides_high_water>(), HasSubstr("high water"));
  EXPECT_THAT(fault_of<Fault::hides_system_calls>(), HasSubstr("system calls"));
  EXPECT_THAT(fault_of<Fault::claims_no_reserve>(), HasSubstr("system calls"));
  EXPECT_THAT(fault_of<Fault::touches_all>(), HasSubstr("became resident"));
}

}  // namespace
}  // namespace bitproof
