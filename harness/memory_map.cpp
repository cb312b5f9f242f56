#include "memory_map.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "round_up.hpp"

namespace bitproof {
namespace {

std::size_t page_size() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

std::byte* align_up(std::byte* p, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + (round_up(address, alignment) - address);
}

// Mappings that are done with, by size. A check asks for hundreds of thousands of buffers of few sizes, and a fresh one
// costs system calls and page faults.
class SparePages {
 public:
  Mapping take(std::size_t bytes) {
    std::vector<Mapping>& spare = spare_[bytes];
    if (spare.empty()) return Mapping(bytes, Pages::small, kFence);
    Mapping map = std::move(spare.back());
    spare.pop_back();
    held_ -= map.reserved().size();
    return map;
  }
  void give(Mapping map) {
    if (held_ + map.reserved().size() > kMostHeld) return;
    held_ += map.reserved().size();
    spare_[map.size()].push_back(std::move(map));
  }

 private:
  static constexpr std::size_t kFence = std::size_t{64} << 10;
  static constexpr std::size_t kMostHeld = std::size_t{128} << 20;  // of address space

  std::map<std::size_t, std::vector<Mapping>> spare_;
  std::size_t held_ = 0;
};

SparePages& spare_pages() {
  thread_local SparePages pages;
  return pages;
}

bool filled_with(std::uint16_t pattern, std::span<const std::byte> bytes) {
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 2); ++i) {
    if (bytes[i] != static_cast<std::byte>(i & 1 ? pattern >> 8 : pattern & 0xff)) return false;
  }
  return bytes.size() <= 2 || std::memcmp(bytes.data(), bytes.data() + 2, bytes.size() - 2) == 0;
}

[[noreturn]] void fail(std::size_t bytes, int error) {
  throw std::runtime_error(fmt::format("cannot map {} bytes: {}", bytes, std::strerror(error)));
}

// "VmHWM:     2212 kB" in /proc/self/status.
std::optional<std::int64_t> status_bytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(key + ":")) return std::stoll(line.substr(key.size() + 1)) * 1024;
  }
  return std::nullopt;
}

}  // namespace

// One inaccessible reservation, opened in the middle: what stays closed is the fence, and keeps the kernel from merging
// this mapping with a neighbour, which would spoil huge_bytes().
Mapping::Mapping(std::size_t bytes, Pages pages, std::size_t alignment) {
  if (bytes > SIZE_MAX / 4) fail(bytes, ENOMEM);
  const std::size_t page = pages == Pages::huge ? kAlignment : page_size();
  const std::size_t open_bytes = round_up(bytes ? bytes : 1, page);
  const std::size_t reserved_bytes = open_bytes + 3 * alignment;

  void* reservation = mmap(nullptr, reserved_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reservation == MAP_FAILED) fail(bytes, errno);
  reservation_ = static_cast<std::byte*>(reservation);
  data_ = align_up(reservation_ + 1, alignment);
  if (mprotect(data_, open_bytes, PROT_READ | PROT_WRITE) != 0) {
    const int error = errno;
    munmap(reservation_, reserved_bytes);
    fail(bytes, error);
  }
  // Refused by kernels without transparent huge pages: all pages are small there, which huge_bytes() reports.
  madvise(data_, open_bytes, pages == Pages::huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  reserved_bytes_ = reserved_bytes;
  bytes_ = bytes;
}

Mapping::Mapping(Mapping&& other) noexcept { *this = std::move(other); }

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(reservation_, other.reservation_);
  std::swap(reserved_bytes_, other.reserved_bytes_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

Mapping::~Mapping() {
  if (reservation_) munmap(reservation_, reserved_bytes_);
}

// In bytes, from the kernel's own account of this mapping.
std::size_t Mapping::kernel_count(std::string_view key) const {
  std::ifstream smaps("/proc/self/smaps");
  const std::string head = fmt::format("{:x}-", reinterpret_cast<std::uintptr_t>(data_));
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.starts_with(head)) inside = true;
    if (inside && line.starts_with(key)) return std::stoull(line.substr(key.size())) * 1024;
  }
  return 0;
}

std::size_t Mapping::huge_bytes() const { return kernel_count("AnonHugePages:"); }
std::size_t Mapping::resident_bytes() const { return kernel_count("Rss:"); }

GuardedBuffer::GuardedBuffer(std::size_t bytes, Fence fence, std::size_t alignment, std::size_t offset) {
  if (!std::has_single_bit(alignment) || offset >= alignment || alignment > page_size()) {
    throw std::invalid_argument(fmt::format("guarded buffer: offset {} modulo alignment {}", offset, alignment));
  }
  map_ = spare_pages().take(round_up(bytes + alignment, page_size()));
  pages_ = {map_.data(), map_.size()};
  const std::size_t room = pages_.size() - bytes;
  const std::size_t start = fence == Fence::before ? offset : room - (room - offset) % alignment;
  data_ = pages_.subspan(start, bytes);
  poison();
}

GuardedBuffer::~GuardedBuffer() {
  if (map_.data()) spare_pages().give(std::move(map_));
}

std::uint16_t GuardedBuffer::pattern_from(const std::byte* p) const {
  return (p - data()) & 1 ? static_cast<std::uint16_t>(pattern_ >> 8 | pattern_ << 8) : pattern_;
}

void fill_with(std::uint16_t pattern, std::span<std::byte> bytes) {
  constexpr std::size_t kBlock = 4096;  // copied from a nearest cache
  for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 2); ++i) {
    bytes[i] = static_cast<std::byte>(i & 1 ? pattern >> 8 : pattern & 0xff);
  }
  for (std::size_t filled = 2, n; filled < bytes.size(); filled += n) {
    n = std::min({filled, kBlock, bytes.size() - filled});
    std::memcpy(&bytes[filled], bytes.data(), n);
  }
}

void GuardedBuffer::poison(std::uint16_t pattern) {
  pattern_ = pattern;
  fill_with(pattern_from(pages_.data()), pages_);
}

bool GuardedBuffer::margins_intact() const {
  return filled_with(pattern_from(before().data()), before()) && filled_with(pattern_from(after().data()), after());
}

bool GuardedBuffer::fences(const void* address) const {
  const std::byte* p = static_cast<const std::byte*>(address);
  const std::span<const std::byte> all = map_.reserved();
  return !std::less<>{}(p, all.data()) && std::less<>{}(p, all.data() + all.size());
}

ProcessMemory process_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  ProcessMemory m{status_bytes("VmRSS"), status_bytes("VmHWM"), "", usage.ru_minflt, usage.ru_majflt};
  if (!m.rss_bytes || !m.peak_rss_bytes) m.why = "/proc/self/status has no VmRSS or no VmHWM";
  return m;
}

double page_fault_ns() {
  static const double ns = [] {
    constexpr std::size_t kPages = 4096;
    const std::size_t page = page_size();
    const Mapping fresh(kPages * page, Pages::small);
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < kPages; ++i) *const_cast<volatile std::byte*>(fresh.data() + i * page) = std::byte{1};
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / kPages;
  }();
  return ns;
}

std::int64_t page_faults() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_minflt + usage.ru_majflt;
}

}  // namespace bitproof
