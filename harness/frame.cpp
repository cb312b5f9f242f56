#include "frame.hpp"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "fingerprint.hpp"
#include "round_up.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kLine = 64;

// The address modulo 64 of the nth buffer. The step is odd in units of 4 bytes, so that no two of 16 are alike.
std::size_t offset_of(int first, std::size_t nth, std::size_t alignment) {
  return (static_cast<std::size_t>(first) + 20 * nth) % kLine / alignment * alignment;
}

GuardedBuffer fenced(std::size_t bytes, std::size_t alignment, const Placement& p, std::size_t nth) {
  if (p.offset == Placement::kFlush || alignment >= kLine) return GuardedBuffer(bytes, p.fence, alignment);
  return GuardedBuffer(bytes, p.fence, kLine, offset_of(p.offset, nth, alignment));
}

// [rows x cols] as [rows x stride], what lies between left alone.
void copy_rows(std::span<const std::byte> from, std::size_t cols, std::size_t stride, std::span<std::byte> to) {
  if (cols == 0) return;
  for (std::size_t i = 0; i < from.size() / cols; ++i) std::memcpy(&to[i * stride], &from[i * cols], cols);
}

// f(offset, bytes) for each part of a tile that is contiguous in an output.
template <class F>
void for_parts(const Layout& l, std::size_t element, const Tile& t, F&& f) {
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    f(static_cast<std::size_t>(b * l.stride + t.row0 * l.unit) * element,
      static_cast<std::size_t>((t.row1 - t.row0) * l.unit) * element);
  }
}

// What a signal at an address means to somebody who reads a report.
struct Cause {
  const char* check;
  std::string what;
};

Cause cause_of(const Crash& crash) {
  if (crash.signal == SIGILL) return {"illegal instruction", "ran an instruction that this CPU has not"};
  if (crash.signal == SIGFPE) return {"arithmetic trap", "divided an integer by zero, or overflowed the quotient"};
  if (crash.signal == SIGSEGV && crash.code != SEGV_MAPERR && crash.code != SEGV_ACCERR) {
    return {"alignment", "faulted without an address: an aligned access to what is not aligned, or a wild pointer"};
  }
  return {"guard pages", fmt::format("touched {}, which is in no buffer of the call", fmt::ptr(crash.address))};
}

}  // namespace

void Store::Free::operator()(void* p) const { std::free(p); }

Store::Store(std::size_t bytes, std::size_t alignment, const std::optional<Placement>& placement, std::size_t nth) {
  constexpr std::size_t kBig = std::size_t{1} << 20;
  std::byte* data = nullptr;
  if (placement) {
    guard_.emplace(fenced(bytes, alignment, *placement, nth));
    data = guard_->data();
  } else if (bytes >= kBig) {
    mapping_ = Mapping(bytes, kModelPages);
    data = mapping_.data();
  } else {
    small_.reset(std::aligned_alloc(kLine, round_up(bytes + 1, kLine)));
    data = static_cast<std::byte*>(small_.get());
  }
  bytes_ = {data, bytes};
}

void Store::poison(std::uint16_t pattern) {
  if (guard_) return guard_->poison(pattern);
  fill_with(pattern, bytes_);
}

Frame::Handle Frame::add(const char* name, Role role, std::size_t bytes, std::size_t alignment,
                         std::span<const std::byte> content) {
  entries_.push_back({name, role, Store(bytes, alignment, placement_, entries_.size())});
  Store& store = entries_.back().store;
  if (checking() || (role != Role::input && role != Role::constant)) store.poison(pattern());
  if (!content.empty()) std::memcpy(store.bytes().data(), content.data(), content.size());
  return static_cast<Handle>(entries_.size() - 1);
}

Frame::Handle Frame::add_input(const char* name, std::span<const std::byte> values, std::size_t element,
                               std::int64_t cols, std::int64_t stride) {
  const std::size_t row = static_cast<std::size_t>(cols) * element, step = static_cast<std::size_t>(stride) * element;
  const std::size_t rows = row ? values.size() / row : 0;
  const Handle h = add(name, Role::input, rows * step, element, {});
  copy_rows(values, row, step, bytes(h));
  entry(h).element = element;
  settle(h);
  return h;
}

Frame::Handle Frame::add_output(const char* name, Kind kind, const Layout& l, std::span<const std::byte> values) {
  const std::size_t element = size_of(kind), step = static_cast<std::size_t>(l.stride) * element;
  const Handle h = add(name, Role::output, static_cast<std::size_t>(l.batch) * step, element, {});
  Entry& e = entry(h);
  e.element = element;
  e.kind = kind;
  e.layout = l;
  if (!values.empty()) {
    copy_rows(values, static_cast<std::size_t>(l.rows * l.unit) * element, step, bytes(h));
    e.original.assign(bytes(h).begin(), bytes(h).end());
  }
  return h;
}

void Frame::poison() {
  for (Entry& e : entries_) {
    if (e.role == Role::input || e.role == Role::constant) continue;
    e.settled = false;
    if (e.original.empty() || checking()) e.store.poison(pattern());
    if (!e.original.empty()) std::memcpy(e.store.bytes().data(), e.original.data(), e.original.size());
    if (checking() && e.role == Role::output) e.primed.assign(e.store.bytes().begin(), e.store.bytes().end());
  }
}

void Frame::settle(Handle h) {
  Entry& e = entry(h);
  if (!checking() && e.role == Role::intermediate) return;  // within a timed call
  e.settled = true;
  e.print = fingerprint(e.store.bytes());
}

void Frame::begin_tiles() {
  for (Entry& e : entries_) {
    if (e.role == Role::output) e.assembled = e.primed;
  }
}

void Frame::begin_tile() {
  for (Entry& e : entries_) {
    if (e.role == Role::scratch) e.store.poison(pattern());
  }
}

void Frame::end_tile(const Tile& tile) {
  for (Entry& e : entries_) {
    if (e.role != Role::output) continue;
    std::byte* data = e.store.bytes().data();
    for_parts(e.layout, e.element, tile, [&](std::size_t at, std::size_t bytes) {
      std::memcpy(&e.assembled[at], data + at, bytes);
      std::memcpy(data + at, &e.primed[at], bytes);
    });
    if (std::memcmp(data, e.primed.data(), e.primed.size()) == 0) continue;
    reject(Verdict::failed(fmt::format("called for rows {} .. {} of batch {} .. {}, it wrote other parts of its {}",
                                       tile.row0, tile.row1, tile.batch0, tile.batch1, e.name),
                           "stays in its tile"));
    std::memcpy(data, e.primed.data(), e.primed.size());
  }
}

void Frame::end_tiles() {
  for (Entry& e : entries_) {
    if (e.role == Role::output && !e.assembled.empty()) {
      std::memcpy(e.store.bytes().data(), e.assembled.data(), e.assembled.size());
    }
  }
}

void Frame::reverse_inputs() {
  for (Entry& e : entries_) {
    if (e.role != Role::input) continue;
    std::byte* data = e.store.bytes().data();
    const std::size_t count = e.store.bytes().size() / e.element;
    for (std::size_t i = 0; i < count / 2; ++i) {
      std::swap_ranges(data + i * e.element, data + (i + 1) * e.element, data + (count - 1 - i) * e.element);
    }
    e.print = fingerprint(e.store.bytes());
  }
}

Verdict Frame::inspect() const {
  if (!found_.ok()) return found_;
  for (const Entry& e : entries_) {
    if (!e.store.margins_intact()) return Verdict::failed(fmt::format("wrote outside its {}", e.name), "margins");
  }
  for (const Entry& e : entries_) {
    if (e.settled && fingerprint(e.store.bytes()) != e.print) {
      return Verdict::failed(fmt::format("changed its {}", e.name), "inputs unchanged");
    }
  }
  for (const Entry& e : entries_) {
    if (e.role != Role::output || e.primed.empty()) continue;
    const std::span<const std::byte> now = e.store.bytes();
    const std::size_t row = static_cast<std::size_t>(e.layout.rows * e.layout.unit) * e.element;
    const std::size_t step = static_cast<std::size_t>(e.layout.stride) * e.element;
    for (std::size_t at = row; at < now.size(); at += step) {
      if (std::memcmp(&now[at], &e.primed[at], step - row) != 0) {
        return Verdict::failed(fmt::format("wrote outside its {}", e.name), "margins");
      }
    }
  }
  return Verdict::pass();
}

void Frame::reject(Verdict v) {
  const std::lock_guard lock(found_mutex_);
  if (found_.ok()) found_ = std::move(v);
}

void Frame::note(const Crash& crash) {
  crashed_.store(true, std::memory_order_relaxed);
  Cause cause = cause_of(crash);
  for (const Entry& e : entries_) {
    const GuardedBuffer* guard = e.store.guard();
    if (std::string(cause.check) != "guard pages" || !guard || !guard->fences(crash.address)) continue;
    const auto* address = static_cast<const std::byte*>(crash.address);
    const std::byte *begin = guard->data(), *end = begin + guard->size();
    cause.what = address < begin ? fmt::format("touched the byte {} before its {}", begin - address, e.name)
                                 : fmt::format("touched the byte {} past the end of its {}", address - end + 1, e.name);
  }
  reject(Verdict::failed(cause.what, cause.check));
}

void Frame::note_mode(unsigned before) {
  set_floating_point_mode(before);
  reject(Verdict::failed("left rounding, flush-to-zero or exception masks changed", "floating-point mode"));
}

std::vector<double> Frame::outputs() const {
  std::vector<double> all;
  const auto widen = [&](const auto* data, const Layout& l) {
    for (std::int64_t b = 0; b < l.batch; ++b) {
      for (std::int64_t i = 0; i < l.rows * l.unit; ++i) {
        const auto v = static_cast<double>(data[b * l.stride + i]);
        all.push_back(std::isnan(v) ? std::numeric_limits<double>::quiet_NaN() : v);
      }
    }
  };
  for (const Entry& e : entries_) {
    if (e.role != Role::output) continue;
    const std::byte* data = e.store.bytes().data();
    switch (e.kind) {
      case Kind::i8:
        widen(reinterpret_cast<const std::int8_t*>(data), e.layout);
        break;
      case Kind::i32:
        widen(reinterpret_cast<const std::int32_t*>(data), e.layout);
        break;
      case Kind::i64:
        widen(reinterpret_cast<const std::int64_t*>(data), e.layout);
        break;
      case Kind::f32:
        widen(reinterpret_cast<const float*>(data), e.layout);
        break;
    }
  }
  return all;
}

std::uint64_t Frame::constants() const {
  std::uint64_t print = 0;
  for (const Entry& e : entries_) {
    if (e.role == Role::constant) print = stream_seed(print, fingerprint(e.store.bytes()));
  }
  return print;
}

}  // namespace bitproof
