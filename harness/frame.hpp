// The buffers of one call of a kernel, by what the call may do with each: read it, write it, or use it up. When
// checking, every buffer is fenced and poisoned and the frame finds what the call did beyond that; when timing, it is
// plain memory of the model's page policy.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "memory_map.hpp"
#include "tile.hpp"
#include "trap.hpp"
#include "verdict.hpp"

namespace bitproof {

// Where the buffers of a checked call lie and what they hold before anything is written.
struct Placement {
  static constexpr int kFlush = -1;

  Fence fence = Fence::after;
  // kFlush: against the fence. Else the first buffer is at this address modulo 64 and the others at further ones, as
  // far as the contracts allow: multiples of 4 for float, always 0 for packed bytes.
  int offset = kFlush;
  std::uint16_t poison = kPoison;
  // Rows have a few poisoned columns more than the call may know of. Without, they stand row to row, as in a timed
  // call.
  bool row_gap = true;
};

// How tiles cover an output: row r of batch element b is the `unit` elements from b * stride + r * unit.
struct Layout {
  std::int64_t batch, rows, unit, stride;
};

// Bytes, fenced or plain.
class Store {
 public:
  // At most a page is promised as alignment; nth tells the buffers of a frame apart.
  Store(std::size_t bytes, std::size_t alignment, const std::optional<Placement>& placement, std::size_t nth);

  std::span<std::byte> bytes() const { return bytes_; }
  void poison(std::uint16_t pattern);  // all of it, and the margins of a fenced one
  bool margins_intact() const { return !guard_ || guard_->margins_intact(); }
  const GuardedBuffer* guard() const { return guard_ ? &*guard_ : nullptr; }

 private:
  struct Free {
    void operator()(void* p) const;
  };

  std::optional<GuardedBuffer> guard_;
  Mapping mapping_;
  std::unique_ptr<void, Free> small_;
  std::span<std::byte> bytes_;
};

class Frame {
 public:
  enum class Handle : std::size_t {};

  explicit Frame(const std::optional<Placement>& placement) : placement_(placement) {}  // none: for timing

  // Of rows of an activation.
  std::int64_t stride(std::int64_t cols) const { return placement_ && placement_->row_gap ? cols + kCanaries : cols; }

  // Only read by the call. values is [values.size() / cols x cols], and row b starts at b * stride.
  template <class T>
  Handle input(const char* name, std::span<const T> values, std::int64_t cols, std::int64_t stride) {
    return add_input(name, std::as_bytes(values), sizeof(T), cols, stride);
  }
  template <class T>
  Handle input(const char* name, std::span<const T> values) {
    return input(name, values, std::ssize(values), std::ssize(values));
  }
  // Written by the call, tile by tile.
  template <class T>
  Handle output(const char* name, const Layout& layout) {
    return add_output(name, kind<T>(), layout, {});
  }
  // Likewise, over an input: values are [batch x rows * unit].
  template <class T>
  Handle in_place(const char* name, std::span<const T> values, const Layout& layout) {
    return add_output(name, kind<T>(), layout, std::as_bytes(values));
  }
  // 64-byte aligned bytes. Weights are packed into a constant once, and settle()d; an intermediate is written and
  // settled within each call; scratch is for the call to use up.
  Handle constant(const char* name, std::size_t bytes) { return add(name, Role::constant, bytes, 64, {}); }
  Handle intermediate(const char* name, std::size_t bytes) { return add(name, Role::intermediate, bytes, 64, {}); }
  Handle scratch(const char* name, std::size_t bytes) { return add(name, Role::scratch, bytes, 64, {}); }

  template <class T>
  T* at(Handle h) const {
    return reinterpret_cast<T*>(entry(h).store.bytes().data());
  }
  std::span<std::byte> bytes(Handle h) const { return entry(h).store.bytes(); }

  // Outputs, intermediates and scratch become poison; what is changed in place is restored.
  void poison();
  void poison(Handle h, std::uint16_t pattern) { entry(h).store.poison(pattern); }
  // From here on h is only read.
  void settle(Handle h);

  // ---- checking

  bool checking() const { return placement_.has_value(); }
  // Part of the call. When checking, a signal ends it and nothing more is run.
  template <class Body>
  void run(Body&& body) {
    if (!checking()) return body();
    if (crashed()) return;
    const unsigned mode = floating_point_mode();
    if (const auto crash = trapped(body)) note(*crash);
    if (floating_point_mode() != mode) note_mode(mode);
  }
  bool crashed() const { return crashed_.load(std::memory_order_relaxed); }

  // One tile at a time: what the call writes outside it is found even where the value is right.
  void begin_tiles();
  void begin_tile();
  void end_tile(const Tile& tile);
  void end_tiles();

  // Reverses the elements of every input: other inputs, as valid. A second time restores them.
  void reverse_inputs();

  // What the call did that no call may do: everything but the values of its outputs.
  Verdict inspect() const;
  void reject(Verdict v);  // found by others; inspect() tells the first

  // What the outputs hold, widened; every NaN is the same one.
  std::vector<double> outputs() const;
  template <class T>
  std::vector<T> values(Handle h) const {
    std::vector<T> all;
    const Layout& l = entry(h).layout;
    for (std::int64_t b = 0; b < l.batch; ++b)
      all.insert(all.end(), at<T>(h) + b * l.stride, at<T>(h) + b * l.stride + l.rows * l.unit);
    return all;
  }
  std::uint64_t constants() const;  // fingerprint of all

 private:
  static constexpr std::int64_t kCanaries = 5;

  enum class Role : std::uint8_t { input, constant, intermediate, scratch, output };
  enum class Kind : std::uint8_t { i8, i32, i64, f32 };

  struct Entry {
    const char* name;
    Role role;
    Store store;
    std::size_t element = 1;
    Kind kind = Kind::i8;
    Layout layout{};                               // of an output
    std::vector<std::byte> original{};             // of an output that is an input: what it holds before the call
    std::vector<std::byte> primed{}, assembled{};  // of an output: before a tile; the tiles so far
    bool settled = false;
    std::uint64_t print = 0;  // when settled
  };

  template <class T>
  static constexpr Kind kind() {
    return std::is_same_v<T, float> ? Kind::f32 : sizeof(T) == 1 ? Kind::i8 : sizeof(T) == 4 ? Kind::i32 : Kind::i64;
  }
  static std::size_t size_of(Kind k) { return k == Kind::i8 ? 1 : k == Kind::i64 ? 8 : 4; }

  Handle add(const char* name, Role role, std::size_t bytes, std::size_t alignment, std::span<const std::byte> content);
  Handle add_input(const char* name, std::span<const std::byte> values, std::size_t element, std::int64_t cols,
                   std::int64_t stride);
  Handle add_output(const char* name, Kind kind, const Layout& layout, std::span<const std::byte> values);
  Entry& entry(Handle h) { return entries_[static_cast<std::size_t>(h)]; }
  const Entry& entry(Handle h) const { return entries_[static_cast<std::size_t>(h)]; }
  std::uint16_t pattern() const { return placement_ ? placement_->poison : kPoison; }

  void note(const Crash& crash);
  void note_mode(unsigned before);

  std::optional<Placement> placement_;
  std::deque<Entry> entries_;
  std::atomic<bool> crashed_{false};
  std::mutex found_mutex_;
  Verdict found_;
};

}  // namespace bitproof
