// The pool on pages of 2 MiB: a token's activations (some 0.3 MB, 64 times that in prefill) then need a handful of TLB
// entries, and its first touch is one page fault where 4 KiB pages take 512.
#include <sys/mman.h>

#include <cstdint>

#include "memory/arena.hpp"

namespace bitproof::memory {
namespace {

constexpr std::size_t kPage = std::size_t{2} << 20;

constexpr std::size_t whole_pages(std::size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

void* map(std::size_t bytes, int flags) {
  void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
  return start == MAP_FAILED ? nullptr : start;
}

// Aligned to kPage, so that the first page can be huge: what was reserved too much on either side is given back.
void* map_transparent(std::size_t bytes) {
  auto* start = static_cast<std::byte*>(map(bytes + kPage, MAP_NORESERVE));
  if (!start) return nullptr;
  const std::size_t before = (kPage - reinterpret_cast<std::uintptr_t>(start) % kPage) % kPage;
  if (before) munmap(start, before);
  munmap(start + before + bytes, kPage - before);
  madvise(start + before, bytes, MADV_HUGEPAGE);  // where the kernel has none, pages are small
  return start + before;
}

template <bool kExplicit>
void* create(std::size_t capacity_bytes) {
  const std::size_t arena = arena_bytes(capacity_bytes);
  if (arena == 0) return nullptr;
  void* self = kExplicit ? map(whole_pages(arena), MAP_HUGETLB) : nullptr;
  if (!self) self = map_transparent(whole_pages(arena));
  if (self) *static_cast<Pool*>(self) = {block_bytes(capacity_bytes), 0, 0};
  return self;
}

void destroy(void* self) { munmap(self, whole_pages(arena_bytes(static_cast<Pool*>(self)->capacity))); }

constexpr Techniques kPool = techniques(Technique::memory_pool);
constexpr Kernel kRows[] = {
    {{"", "the pool on transparent huge pages (madvise)", kPool}, create<false>, destroy, allocate, release, usage},
    {{"explicit", "the pool on huge pages set aside (vm.nr_hugepages); transparent ones where those do not suffice",
      kPool},
     create<true>,
     destroy,
     allocate,
     release,
     usage},
};

}  // namespace
BITPROOF_VARIANTS(kRows)
}  // namespace bitproof::memory
