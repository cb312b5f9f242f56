#include "allocation_count.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

// A sanitizer stands in the allocator's place itself; it calls hooks.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BITPROOF_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define BITPROOF_SANITIZED 1
#endif
#endif

namespace {

std::atomic<std::int64_t> asked{0};

void count() { asked.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

#if defined(BITPROOF_SANITIZED)

// From the runtime; the header that declares it, sanitizer/allocator_interface.h, is clang's alone.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));

namespace {

bool install() {
  return __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t) { count(); },
                                                   [](const volatile void*) {}) != 0;
}

}  // namespace

#elif defined(__GLIBC__)

// glibc's own allocator has these names too, exported for those who stand before it. Definitions in the program come
// first for every library, so that nothing is missed; no look-up at run time, so nothing can recurse.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) {
  count();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) {
  count();
  return __libc_calloc(n, bytes);
}
void* realloc(void* block, std::size_t bytes) {
  count();
  return __libc_realloc(block, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  count();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** block, std::size_t alignment, std::size_t bytes) {
  if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0 || alignment == 0) return EINVAL;
  count();
  void* p = __libc_memalign(alignment, bytes);
  if (!p) return ENOMEM;
  *block = p;
  return 0;
}
void* mmap(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) {
  count();
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}
void* mmap64(void* address, std::size_t bytes, int protection, int flags, int file, off64_t offset) {
  return mmap(address, bytes, protection, flags, file, offset);
}
}  // extern "C"

namespace {

bool install() { return true; }

}  // namespace

#else

namespace {

bool install() { return false; }

}  // namespace

#endif

namespace bitproof {
namespace {

// Through pointers that the compiler cannot see through: a pair of malloc and free is otherwise nothing.
template <class F>
F* opaque(F* f) {
  F* volatile pointer = f;
  return pointer;
}

std::int64_t counted(void* (*allocate)()) {
  const std::int64_t before = asked.load(std::memory_order_relaxed);
  std::free(allocate());
  return asked.load(std::memory_order_relaxed) - before;
}

std::string find_fault() {
  if (!install()) return "no way to stand in the place of this C library's allocator";
  struct Probe {
    const char* name;
    void* (*allocate)();
  };
  // The last one from inside the C library: as other libraries' calls arrive.
  const Probe probes[] = {
      {"malloc", [] { return opaque(std::malloc)(64); }},
      {"calloc", [] { return opaque(std::calloc)(1, 64); }},
      {"realloc", [] { return opaque(std::realloc)(nullptr, 64); }},
      {"aligned_alloc", [] { return opaque(std::aligned_alloc)(64, 64); }},
      {"strdup", [] { return static_cast<void*>(opaque(strdup)("inside the C library")); }},
  };
  for (const Probe& p : probes) {
    if (counted(p.allocate) < 1) return fmt::format("{} went past the count", p.name);
  }
  const std::int64_t before = asked.load(std::memory_order_relaxed);
  ::operator delete(opaque(static_cast<void* (*)(std::size_t)>(::operator new))(64));
  return asked.load(std::memory_order_relaxed) > before ? "" : "operator new went past the count";
}

}  // namespace

const std::string& allocations_why() {
  static const std::string why = find_fault();
  return why;
}

std::optional<std::int64_t> allocations() {
  if (!allocations_why().empty()) return std::nullopt;
  return asked.load(std::memory_order_relaxed);
}

}  // namespace bitproof
