#include "memory_map.hpp"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "round_up.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

std::size_t page_size() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }


std::byte* align_up(std::byte* p, std::size_t alignment) {
  const auto address = reinterpret_cast<std::uintptr_t>(p);
  return p + (round_up(address, alignment) - address);
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
Mapping::Mapping(std::size_t bytes, Pages pages) {
  if (bytes > SIZE_MAX / 4) fail(bytes, ENOMEM);
  const std::size_t page = pages == Pages::huge ? kHugePage : page_size();
  const std::size_t open_bytes = round_up(bytes ? bytes : 1, page);
  const std::size_t reserved_bytes = open_bytes + 3 * kHugePage;

  void* reservation = mmap(nullptr, reserved_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (reservation == MAP_FAILED) fail(bytes, errno);
  reservation_ = static_cast<std::byte*>(reservation);
  data_ = align_up(reservation_ + 1, kHugePage);
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

std::size_t Mapping::huge_bytes() const {
  std::ifstream smaps("/proc/self/smaps");
  const std::string head = fmt::format("{:x}-", reinterpret_cast<std::uintptr_t>(data_));
  bool inside = false;
  for (std::string line; std::getline(smaps, line);) {
    if (line.starts_with(head)) inside = true;
    constexpr std::string_view kKey = "AnonHugePages:";
    if (inside && line.starts_with(kKey)) return std::stoull(line.substr(kKey.size())) * 1024;
  }
  return 0;
}

GuardedBuffer::GuardedBuffer(std::size_t bytes, Fence fence, std::size_t alignment, std::size_t offset)
    : map_(bytes + alignment, Pages::small) {
  if (!std::has_single_bit(alignment) || offset >= alignment || alignment > page_size()) {
    throw std::invalid_argument(fmt::format("guarded buffer: offset {} modulo alignment {}", offset, alignment));
  }
  pages_ = {map_.data(), round_up(bytes + alignment, page_size())};
  const std::size_t room = pages_.size() - bytes;
  const std::size_t start = fence == Fence::before ? offset : room - (room - offset) % alignment;
  data_ = pages_.subspan(start, bytes);
  poison();
}

std::byte GuardedBuffer::poison_at(std::ptrdiff_t i) const {
  return static_cast<std::byte>(i & 1 ? pattern_ >> 8 : pattern_ & 0xff);
}

void GuardedBuffer::poison(std::uint16_t pattern) {
  pattern_ = pattern;
  for (std::byte& b : pages_) b = poison_at(&b - data());
}

bool GuardedBuffer::margins_intact() const {
  const auto intact = [this](const std::byte* begin, const std::byte* end) {
    for (const std::byte* p = begin; p != end; ++p) {
      if (*p != poison_at(p - data())) return false;
    }
    return true;
  };
  return intact(pages_.data(), data()) && intact(data() + size(), pages_.data() + pages_.size());
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

// proc(5): 5 sets the peak resident set size to the current one.
bool reset_peak_rss() {
  std::ofstream clear("/proc/self/clear_refs");
  return static_cast<bool>(clear << 5 << std::flush);
}

}  // namespace bitproof
