#include <gmock/gmock.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "properties.hpp"
#include "registry.hpp"
#include "variant_names.hpp"

namespace bitproof {
namespace {

using kv_cache::Kernel;

using kv_cache::View;

const Kernel& kernel(const std::string& id) { return *find_variant<Kernel>(id)->kernel; }

constexpr kv_cache::Shape kShapes[] = {
    // layers, kv_heads, head_dim, capacity, sequences
    {1, 1, 1, 1, 1}, {2, 2, 4, 7, 2}, {1, 5, 100, 3, 1}, {3, 2, 16, 8, 3}, {2, 1, 128, 17, 1},
};

class KvCache : public testing::TestWithParam<std::string> {};

TEST_P(KvCache, HasNoFault) {
  for (const kv_cache::Shape& shape : kShapes) {
    EXPECT_EQ(kv_cache_fault(kernel(GetParam()), shape), "") << "head_dim " << shape.head_dim;
  }
}

TEST_P(KvCache, AsksForMoreThanThereIsWhereTheSizeOverflows) {
  const Kernel& k = kernel(GetParam());
  constexpr std::int64_t kHuge = std::int64_t{1} << 31;
  EXPECT_EQ(k.storage_bytes({1, kHuge, 128, kHuge, 1}), SIZE_MAX);
  EXPECT_EQ(k.storage_bytes({1, 1, INT64_MAX, INT64_MAX, INT64_MAX}), SIZE_MAX);
  EXPECT_EQ(k.storage_bytes({1, 1, INT64_MAX, 1, 1}), SIZE_MAX);
}

TEST_P(KvCache, StartsEveryHeadOnACacheLine) {
  const Kernel& k = kernel(GetParam());
  for (const kv_cache::Shape& shape : kShapes) {
    alignas(64) static std::byte storage[1 << 20];
    ASSERT_LE(k.storage_bytes(shape), sizeof storage);
    for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
      for (std::int64_t sequence = 0; sequence < shape.sequences; ++sequence) {
        const View view = k.view(shape, storage, layer, sequence, 1);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.segment[0].k) % 64, 0u);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.segment[0].v) % 64, 0u);
        EXPECT_EQ(view.head_stride % 16, 0);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Variants, KvCache, testing::ValuesIn(runnable_ids<Kernel>()), test_name);

// The ring with one planted fault. Each takes the right kernel's part and spoils it.
const Kernel& ring() { return kernel("kv_cache/ring"); }
const Kernel& contiguous() { return kernel("kv_cache/contiguous"); }
constexpr kv_cache::Shape kShape{2, 2, 16, 7, 2};

Kernel with_append(Kernel k, decltype(Kernel::append) append) {
  k.append = append;
  return k;
}
Kernel with_view(Kernel k, decltype(Kernel::view) view) {
  k.view = view;
  return k;
}

#define APPEND_ARGUMENTS                                                                                   \
  kv_cache::Shape s, std::byte *storage, std::int64_t layer, std::int64_t sequence, std::int64_t position, \
      std::int64_t count, const float *k, const float *v

TEST(PlantedKvCacheFault, OfAppendIsRejected) {
  const auto fault_of = [](decltype(Kernel::append) append) {
    return kv_cache_fault(with_append(ring(), append), kShape);
  };
  using testing::HasSubstr;
  EXPECT_EQ(
      fault_of([](APPEND_ARGUMENTS) { return ring().append(s, storage, layer, sequence, position, count, k, v); }), "");
  EXPECT_THAT(fault_of([](APPEND_ARGUMENTS) {
                const std::int64_t slot = position < s.capacity ? position : position + 1;
                return ring().append(s, storage, layer, sequence, slot, count, k, v);
              }),
              HasSubstr("not what was stored"))
      << "the wrap is off by one";
  EXPECT_THAT(
      fault_of([](APPEND_ARGUMENTS) { return ring().append(s, storage, 0 * layer, sequence, position, count, k, v); }),
      HasSubstr("not what was stored"))
      << "layers share a place";
  EXPECT_THAT(
      fault_of([](APPEND_ARGUMENTS) { return ring().append(s, storage, layer, 0 * sequence, position, count, k, v); }),
      HasSubstr("not what was stored"))
      << "sequences share a place";
  EXPECT_THAT(
      fault_of([](APPEND_ARGUMENTS) { return ring().append(s, storage, layer, sequence, position, count, v, k); }),
      HasSubstr("not what was stored"))
      << "keys and values are swapped";
  EXPECT_THAT(fault_of([](APPEND_ARGUMENTS) {
                const std::int64_t left = s.capacity - position % s.capacity;
                return ring().append(s, storage, layer, sequence, position, count < left ? count : left, k, v);
              }),
              HasSubstr("not what was stored"))
      << "a batched append stops at the wrap";
  EXPECT_THAT(fault_of([](APPEND_ARGUMENTS) {
                const std::int64_t left = s.capacity - position % s.capacity;
                return count <= left && ring().append(s, storage, layer, sequence, position, count, k, v);
              }),
              HasSubstr("refuses positions"))
      << "a batched append may not wrap";
  static std::int64_t newest;
  Kernel stateful = with_append(ring(), [](APPEND_ARGUMENTS) {
    newest = position + count;
    return ring().append(s, storage, layer, sequence, position, count, k, v);
  });
  stateful.view = [](kv_cache::Shape s, const std::byte* storage, std::int64_t layer, std::int64_t sequence,
                     std::int64_t) { return ring().view(s, storage, layer, sequence, newest); };
  EXPECT_THAT(kv_cache_fault(stateful, kShape), testing::Not("")) << "remembers the last append, of whatever sequence";
  EXPECT_THAT(fault_of([](APPEND_ARGUMENTS) {
                std::memset(storage + ring().storage_bytes(s), 0, sizeof(float));
                return ring().append(s, storage, layer, sequence, position, count, k, v);
              }),
              HasSubstr("outside its storage"));
}

TEST(PlantedKvCacheFault, OfAFullCacheIsRejected) {
  const auto fault_of = [](decltype(Kernel::append) append) {
    return kv_cache_fault(with_append(contiguous(), append), kShape);
  };
  using testing::HasSubstr;
  EXPECT_THAT(fault_of([](APPEND_ARGUMENTS) {
                const bool fits = contiguous().append(s, storage, layer, sequence, position, count, k, v);
                if (!fits) contiguous().append(s, storage, layer, sequence, 0, 1, k, v);
                return fits;
              }),
              HasSubstr("writes although it refuses"));
  EXPECT_THAT(fault_of([](APPEND_ARGUMENTS) {
                return position + count < s.capacity &&
                       contiguous().append(s, storage, layer, sequence, position, count, k, v);
              }),
              HasSubstr("refuses positions"))
      << "full one position early";
  EXPECT_THAT(fault_of([](APPEND_ARGUMENTS) {
                contiguous().append(s, storage, layer, sequence, position, count, k, v);
                return true;
              }),
              HasSubstr("visible"))
      << "drops positions silently";
}

#define VIEW_ARGUMENTS \
  kv_cache::Shape s, const std::byte *storage, std::int64_t layer, std::int64_t sequence, std::int64_t end

TEST(PlantedKvCacheFault, OfTheViewIsRejected) {
  const auto fault_of = [](decltype(Kernel::view) view) { return kv_cache_fault(with_view(ring(), view), kShape); };
  using testing::HasSubstr;
  EXPECT_THAT(fault_of([](VIEW_ARGUMENTS) {
                View view = ring().view(s, storage, layer, sequence, end);
                view.first = 0;
                return view;
              }),
              HasSubstr("oldest visible"));
  EXPECT_THAT(fault_of([](VIEW_ARGUMENTS) {
                View view = ring().view(s, storage, layer, sequence, end);
                if (view.segment[1].count) std::swap(view.segment[0], view.segment[1]);
                return view;
              }),
              HasSubstr("not what was stored"))
      << "newest first";
  EXPECT_THAT(fault_of([](VIEW_ARGUMENTS) {
                View view = ring().view(s, storage, layer, sequence, end);
                view.segment[1] = {};
                return view;
              }),
              HasSubstr("visible"))
      << "the second segment is forgotten";
  EXPECT_THAT(fault_of([](VIEW_ARGUMENTS) {
                View view = ring().view(s, storage, layer, sequence, end);
                view.segment[0].count += view.segment[1].count;
                view.segment[1] = {};
                return view;
              }),
              testing::Not(""))
      << "one segment runs past the wrap";
  EXPECT_THAT(fault_of([](VIEW_ARGUMENTS) {
                View view = ring().view(s, storage, layer, sequence, end);
                view.head_stride *= 2;
                return view;
              }),
              testing::Not(""));
}

TEST(PlantedKvCacheFault, OfTheSizeIsRejected) {
  Kernel k = ring();
  k.storage_bytes = [](kv_cache::Shape s) { return ring().storage_bytes(s) / 2; };
  EXPECT_THAT(kv_cache_fault(k, kShape), testing::HasSubstr("cannot hold"));
  k = ring();
  k.keeps_past = false;
  EXPECT_THAT(kv_cache_fault(k, kShape), testing::HasSubstr("grows with layers"));
}

}  // namespace
}  // namespace bitproof
