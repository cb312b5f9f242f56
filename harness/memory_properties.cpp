#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <vector>

#include "properties.hpp"
#include "rng.hpp"

namespace bitproof {
namespace {

using memory::kAlignment;
constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Block {
  std::byte* start;
  std::size_t bytes;

  // Even an empty block has an address of its own.
  std::size_t extent() const { return std::max<std::size_t>(bytes, 1); }
  bool overlaps(const Block& other) const {
    return start < other.start + other.extent() && other.start < start + extent();
  }
};

// One instance of a kernel, used as the contract says: as a stack.
class Stack {
 public:
  Stack(const memory::Kernel& kernel, std::size_t capacity) : kernel_(kernel), self_(kernel.create(capacity)) {}
  ~Stack() {
    while (!live.empty()) pop();
    if (self_) kernel_.destroy(self_);
  }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  bool created() const { return self_; }
  memory::Usage usage() const { return kernel_.usage(self_); }

  bool push(std::size_t bytes) {
    auto* start = static_cast<std::byte*>(kernel_.allocate(self_, bytes));
    if (start) live.push_back({start, bytes});
    return start;
  }
  void pop() {
    kernel_.release(self_, live.back().start, live.back().bytes);
    live.pop_back();
  }

  std::vector<Block> live;

 private:
  const memory::Kernel& kernel_;
  void* self_;
};

std::string misplaced(const std::vector<Block>& live) {
  for (const Block& a : live) {
    if (reinterpret_cast<std::uintptr_t>(a.start) % kAlignment) {
      return fmt::format("a block of {} bytes is not {}-byte aligned", a.bytes, kAlignment);
    }
    for (const Block& b : live) {
      if (&a != &b && a.overlaps(b)) return fmt::format("live blocks of {} and {} bytes overlap", a.bytes, b.bytes);
    }
  }
  return "";
}

std::string placement_fault(Stack& stack) {
  for (const std::size_t bytes : {0, 0, 1, 63, 64, 65, 0, 4096, 4097, 100000}) {
    if (!stack.push(bytes)) return fmt::format("no block of {} bytes although there is room", bytes);
  }
  if (std::string fault = misplaced(stack.live); !fault.empty()) return fault;

  const auto pattern = [&](const Block& b) { return static_cast<int>(&b - stack.live.data()) + 1; };
  for (const Block& b : stack.live) std::memset(b.start, pattern(b), b.bytes);
  for (const Block& b : stack.live) {
    const auto intact = [&](std::byte x) { return x == static_cast<std::byte>(pattern(b)); };
    if (!std::all_of(b.start, b.start + b.bytes, intact)) {
      return fmt::format("a block of {} bytes was overwritten through another", b.bytes);
    }
  }
  return "";
}

// Many times the capacity passes through, never more than three quarters of it at once.
std::string reuse_fault(Stack& stack) {
  if (!stack.push(kMiB / 4)) return "no block although there is room";
  for (int round = 0; round < 100; ++round) {
    for (int i = 0; i < 2; ++i) {
      if (!stack.push(kMiB / 4)) return fmt::format("released room is lost: exhausted in round {}", round);
    }
    if (std::string fault = misplaced(stack.live); !fault.empty()) return fault;
    stack.pop();
    stack.pop();
  }
  return "";
}

std::string exhaustion_fault(Stack& stack) {
  constexpr std::size_t kStep = kMiB / 16;
  if (!stack.push(1)) return "no block although there is room";
  for (const std::size_t bytes : {SIZE_MAX, SIZE_MAX - kAlignment + 1, SIZE_MAX - 2 * kAlignment, SIZE_MAX / 2 + 1}) {
    if (stack.push(bytes)) {
      stack.live.pop_back();  // not to be released: its size is a lie
      return fmt::format("a block of {} bytes, more than any address space holds", bytes);
    }
  }
  stack.pop();

  const std::size_t reserved = stack.usage().reserved_bytes;
  if (reserved == 0) return "";
  std::size_t granted = 0;
  for (const std::size_t bytes : {kStep, kAlignment}) {  // the small ones fill up what the large ones leave
    while (granted <= reserved && stack.push(bytes)) granted += bytes;
  }
  if (granted > reserved) return fmt::format("{} bytes granted out of {} reserved", granted, reserved);
  if (granted < kMiB) return fmt::format("exhausted after {} bytes of the {} asked for", granted, kMiB);
  if (stack.usage().in_use_bytes != granted) return "a refused block is counted as in use";
  stack.pop();
  if (!stack.push(1)) return "exhausted for good: no block after a release";
  return "";
}

// Random pushes and pops against an account of our own.
std::string usage_fault(Stack& stack) {
  const auto rounded = [](std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  const bool reserves = stack.usage().reserved_bytes != 0;
  if (reserves && stack.usage().reserved_bytes < kMiB) return "less reserved than the capacity asked for";
  std::size_t in_use = 0, high_water = 0;
  std::int64_t pushes = 0;
  Rng rng(1);
  for (int step = 0; step < 1000; ++step) {
    if (rng.below(2) == 0 && !stack.live.empty()) {
      in_use -= rounded(stack.live.back().bytes);
      stack.pop();
    } else if (const std::size_t bytes = 1 + rng.below(5000); in_use + rounded(bytes) <= kMiB) {
      if (!stack.push(bytes)) return fmt::format("no block of {} bytes although there is room", bytes);
      in_use += rounded(bytes);
      high_water = std::max(high_water, in_use);
      ++pushes;
    }
    const memory::Usage usage = stack.usage();
    if (usage.in_use_bytes != in_use)
      return fmt::format("usage says {} bytes in use, not {}", usage.in_use_bytes, in_use);
    if (usage.high_water_bytes != high_water) {
      return fmt::format("usage says a high water of {} bytes, not {}", usage.high_water_bytes, high_water);
    }
    const bool plausible =
        reserves ? usage.system_calls == 0 : usage.system_calls <= pushes && (usage.system_calls > 0 || pushes == 0);
    if (!plausible) return fmt::format("usage says {} system calls after {} blocks", usage.system_calls, pushes);
  }
  return "";
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// Capacity is address space: what nobody writes to may not become resident.
std::string resident_fault(const memory::Kernel& kernel) {
  constexpr std::size_t kBytes = 512 * kMiB, kSlack = 8 * kMiB;
  const std::size_t before = resident_bytes();
  Stack stack(kernel, kBytes);
  if (!stack.created() || !stack.push(kBytes / 2)) return "512 MB cannot be reserved";
  const std::size_t after = resident_bytes();
  if (after <= before + kSlack) return "";
  return fmt::format("{} MB became resident of 512 MB that nobody wrote to", (after - before) / kMiB);
}

}  // namespace

std::string memory_fault(const memory::Kernel& kernel) {
  for (const auto property : {placement_fault, reuse_fault, exhaustion_fault, usage_fault}) {
    Stack stack(kernel, kMiB);
    if (!stack.created()) return "1 MB cannot be reserved";
    if (std::string fault = property(stack); !fault.empty()) return fault;
    while (!stack.live.empty()) stack.pop();
    if (stack.usage().in_use_bytes != 0) return "blocks are in use after the last release";
  }
  return resident_fault(kernel);
}

}  // namespace bitproof
