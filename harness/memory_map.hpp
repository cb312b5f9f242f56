// Memory straight from the kernel: big buffers with a stated page policy, buffers fenced for checking, and what the
// process holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace bitproof {

enum class Pages : std::uint8_t {
  small,  // 4 KiB, also where the system's policy is "always huge"
  huge,   // transparent 2 MiB pages: a wish, and Mapping::huge_bytes() says what came of it
};

// The policy of model weights and of the bandwidth ceilings: one constant, so that they cannot differ.
inline constexpr Pages kModelPages = Pages::huge;

// Zeroed private memory with at least an inaccessible page before and after it, which costs up to three alignments of
// address space. Move only.
class Mapping {
 public:
  static constexpr std::size_t kAlignment = std::size_t{2} << 20;  // of a huge page

  Mapping() = default;
  Mapping(std::size_t bytes, Pages pages, std::size_t alignment = kAlignment);  // throws std::runtime_error
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  std::byte* data() const { return data_; }
  std::size_t size() const { return bytes_; }                                              // as asked for
  std::span<const std::byte> reserved() const { return {reservation_, reserved_bytes_}; }  // with the fences
  std::size_t huge_bytes() const;      // backed by huge pages now; 0 before first touch
  std::size_t resident_bytes() const;  // in memory now, whatever their pages

 private:
  std::size_t kernel_count(std::string_view key) const;

  std::byte* reservation_ = nullptr;
  std::size_t reserved_bytes_ = 0;
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

enum class Fence : std::uint8_t { before, after };

// Poison in every 16 bits: NaN as f16, bf16, float and double, and 2147450879 as int32. The other poison differs from
// it in every byte, and is a large finite number of every type: what a maximum or a comparison that skips NaN would
// hide.
inline constexpr std::uint16_t kPoison = 0x7fff, kOtherPoison = 0x4b3c;

// Over and over, its low byte first.
void fill_with(std::uint16_t pattern, std::span<std::byte> bytes);

// An electric fence: bytes whose neighbour on one side is a page that faults on any access. The address is `offset`
// modulo `alignment` and as near to the fence as that allows; alignment 1 is flush. The margins, the rest of the
// pages outside the data, are poisoned like the data: a stray write there is found by margins_intact(), a stray read
// by comparing the results under two poisons. Pages are reused within a thread, and never seen zeroed. Move only.
class GuardedBuffer {
 public:
  GuardedBuffer(std::size_t bytes, Fence fence, std::size_t alignment = 1, std::size_t offset = 0);
  GuardedBuffer(GuardedBuffer&&) noexcept = default;
  ~GuardedBuffer();

  std::byte* data() const { return data_.data(); }
  std::size_t size() const { return data_.size(); }
  template <class T>
  T* as() const {
    return reinterpret_cast<T*>(data());
  }

  void poison(std::uint16_t pattern = kPoison);  // data and margins
  bool margins_intact() const;
  bool fences(const void* address) const;  // a fault at this address hit a fence of this buffer

 private:
  std::span<std::byte> before() const { return {pages_.data(), data_.data()}; }
  std::span<std::byte> after() const { return {data_.data() + data_.size(), pages_.data() + pages_.size()}; }
  std::uint16_t pattern_from(const std::byte* p) const;  // the poison as it reads from p on

  Mapping map_;
  std::span<std::byte> pages_;  // everything accessible
  std::span<std::byte> data_;
  std::uint16_t pattern_ = kPoison;
};

// The kernel sums resident pages from per-CPU counters that it does not flush for us: sizes are good to some 100 KiB.
struct ProcessMemory {
  std::optional<std::int64_t> rss_bytes, peak_rss_bytes;
  std::string why;  // a value is missing
  std::int64_t minor_faults, major_faults;
};

ProcessMemory process_memory();
double page_fault_ns();      // of one first touch of a 4 KiB page, measured once on first use
std::int64_t page_faults();  // minor and major, of this process so far

}  // namespace bitproof
