#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "properties.hpp"
#include "reference/kv_cache.hpp"
#include "rng.hpp"

namespace bitproof {
namespace {

using kv_cache::Segment;
using kv_cache::Shape;
using kv_cache::View;

enum Side { kKey, kValue };

// What is stored where: a float that names its place. 24 bits of a hash, exact in a float, times 2^-32 .. 2^-1: what
// half floats round, what they have subnormals for and what they do not have at all.
float truth(Side side, std::int64_t layer, std::int64_t sequence, std::int64_t position, std::int64_t element) {
  const std::uint64_t hash = stream_seed(1, static_cast<int>(side), layer, sequence, position, element);
  return std::ldexp(static_cast<float>(hash >> 40), -static_cast<int>(hash % 32) - 9) * (hash & 32 ? 1.0f : -1.0f);
}

// A cache between guards as large as itself, so that a stray append is seen and harmless.
class Cache {
 public:
  Cache(const kv_cache::Kernel& kernel, Shape shape)
      : kernel_(kernel),
        shape_(shape),
        bytes_(kernel.storage_bytes(shape)),
        buffer_(3 * (bytes_ + kAlignment), kUnwritten) {
    const std::uintptr_t middle = reinterpret_cast<std::uintptr_t>(buffer_.data()) + bytes_ + kAlignment;
    storage_ = buffer_.data() + bytes_ + kAlignment + (kAlignment - middle % kAlignment);
  }

  bool append(std::int64_t layer, std::int64_t sequence, std::int64_t position, std::int64_t count) {
    std::vector<float> k, v;
    for (std::int64_t p = position; p < position + count; ++p) {
      for (std::int64_t e = 0; e < shape_.kv_heads * shape_.head_dim; ++e) {
        k.push_back(truth(kKey, layer, sequence, p, e));
        v.push_back(truth(kValue, layer, sequence, p, e));
      }
    }
    return kernel_.append(shape_, storage_, layer, sequence, position, count, k.data(), v.data());
  }

  // What is wrong with the view of a query at position end - 1.
  std::string view_fault(std::int64_t layer, std::int64_t sequence, std::int64_t end) const {
    const View view = kernel_.view(shape_, storage_, layer, sequence, end);
    const auto describe = [&](auto&& what) {
      return fmt::format("layer {}, sequence {}, {} positions stored: {}", layer, sequence, end, what);
    };
    const std::int64_t count = view.segment[0].count + view.segment[1].count, want = std::min(end, shape_.capacity);
    if (view.segment[0].count < 0 || view.segment[1].count < 0 || count != want) {
      return describe(fmt::format("{} + {} are visible, not {}", view.segment[0].count, view.segment[1].count, want));
    }
    if (view.first != end - want) {
      return describe(fmt::format("the oldest visible is said to be {}, not {}", view.first, end - want));
    }
    std::int64_t position = view.first;
    for (const Segment& s : view.segment) {
      for (std::int64_t j = 0; j < s.count; ++j, ++position) {
        for (const Side side : {kKey, kValue}) {
          const Rows rows = side == kKey ? Rows{s.k, s.k_scale} : Rows{s.v, s.v_scale};
          const char* wrong = row_fault(side, layer, sequence, position, rows, j, view);
          if (*wrong) return describe(fmt::format("the {} at {} {}", side == kKey ? "key" : "value", position, wrong));
        }
      }
    }
    return "";
  }

  std::vector<std::byte> copy() const { return buffer_; }
  bool equals(const std::vector<std::byte>& copy) const { return buffer_ == copy; }

  bool guards_intact() const {
    const auto unwritten = [](std::byte b) { return b == kUnwritten; };
    const std::ptrdiff_t before = storage_ - buffer_.data(), after = before + static_cast<std::ptrdiff_t>(bytes_);
    return std::all_of(buffer_.begin(), buffer_.begin() + before, unwritten) &&
           std::all_of(buffer_.begin() + after, buffer_.end(), unwritten);
  }

 private:
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::byte kUnwritten{0xA5};

  struct Rows {
    const void* start;
    const float* scales;
  };

  // `bytes` of the storage from `start` on; null if they do not lie in it.
  const std::byte* inside(const void* start, std::int64_t offset, std::int64_t bytes) const {
    const auto from = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(start) -
                                                reinterpret_cast<std::uintptr_t>(storage_)) +
                      offset;
    return from < 0 || from > static_cast<std::int64_t>(bytes_) - bytes ? nullptr : storage_ + from;
  }

  // Of all heads' rows of one position: row j of the segment whose rows these are.
  const char* row_fault(Side side, std::int64_t layer, std::int64_t sequence, std::int64_t position, const Rows& rows,
                        std::int64_t j, const View& view) const {
    const bool scaled = kernel_.element == kv_cache::Element::q8;
    for (std::int64_t h = 0; h < shape_.kv_heads; ++h) {
      std::vector<float> given;
      for (std::int64_t d = 0; d < shape_.head_dim; ++d) {
        given.push_back(truth(side, layer, sequence, position, h * shape_.head_dim + d));
      }
      const reference::Kept want = reference::kept(kernel_.element, shape_.head_dim, given);
      const auto bytes = std::ssize(want.elements), size = bytes / shape_.head_dim;
      const std::int64_t offset = size * (h * view.head_stride + j * shape_.head_dim);
      const std::byte* row = inside(rows.start, offset, bytes);
      if (!row || reinterpret_cast<std::uintptr_t>(row) % static_cast<std::uintptr_t>(size)) {
        return "is outside the storage";
      }
      if (!std::equal(row, row + bytes, want.elements.begin())) return "is not what was stored";
      if (!scaled) continue;
      const std::byte* scale = inside(rows.scales, 4 * (h * view.scale_stride + j), 4);
      if (!scale) return "has its scale outside the storage";
      if (std::memcmp(scale, want.scales.data(), 4) != 0) return "does not have the scale it was stored with";
    }
    return "";
  }

  const kv_cache::Kernel& kernel_;
  Shape shape_;
  std::size_t bytes_;
  std::vector<std::byte> buffer_;
  std::byte* storage_;
};

// One layer of one sequence while it is being filled, `chunk` positions an append.
struct Lane {
  std::int64_t layer, sequence, chunk;
  std::int64_t end = 0;
  bool full = false;
};

// What is wrong with the view of any lane: an append to one leaves the others as they were.
std::string lanes_fault(const Cache& cache, const std::vector<Lane>& lanes) {
  for (const Lane& lane : lanes) {
    if (std::string fault = cache.view_fault(lane.layer, lane.sequence, lane.end); !fault.empty()) return fault;
  }
  return "";
}

// Fills lanes side by side, each at its own pace, to past the second wrap, and checks all after each append.
std::string fill_fault(Cache& cache, const Shape& shape, bool wraps, std::vector<Lane> lanes) {
  const std::int64_t horizon = 2 * shape.capacity + 3;
  for (bool progress = true; std::exchange(progress, false);) {
    for (Lane& lane : lanes) {
      const std::int64_t count = std::min(lane.chunk, horizon - lane.end), end = lane.end + count;
      if (lane.full || count == 0) continue;
      const std::vector<std::byte> before = cache.copy();
      const bool accepted = cache.append(lane.layer, lane.sequence, lane.end, count);
      if (accepted != (wraps || end <= shape.capacity)) {
        return fmt::format("{} positions [{}, {}) of capacity {}", accepted ? "accepts" : "refuses", lane.end, end,
                           shape.capacity);
      }
      if (!accepted && !cache.equals(before)) return "writes although it refuses";
      lane.full = !accepted;
      lane.end = accepted ? end : lane.end;
      progress |= accepted;
      if (std::string fault = lanes_fault(cache, lanes); !fault.empty()) return fault;
    }
  }
  for (const Lane& lane : lanes) {
    // Nothing but the storage and the arguments may count, so the last append can be replayed.
    const bool replayed = lane.end == 0 || cache.append(lane.layer, lane.sequence, lane.end - 1, 1);
    if (!replayed) return "refuses to replay an append";
    if (std::string fault = cache.view_fault(lane.layer, lane.sequence, lane.end); !fault.empty()) return fault;
    // As long as nothing was overwritten, earlier queries see their own past.
    for (std::int64_t end = 0; lane.end <= shape.capacity && end < lane.end; ++end) {
      if (std::string fault = cache.view_fault(lane.layer, lane.sequence, end); !fault.empty()) return fault;
    }
  }
  return cache.guards_intact() ? "" : "writes outside its storage";
}

// A ring, or a cache that fills up: either is right, but not now one, now the other.
bool overwrites_the_oldest(const kv_cache::Kernel& kernel, const Shape& shape) {
  Cache cache(kernel, shape);
  return cache.append(0, 0, 0, shape.capacity) && cache.append(0, 0, shape.capacity, 1);
}

// The lanes that a kernel holds at one time: all, or those of one layer.
std::string paced_fault(const kv_cache::Kernel& kernel, const Shape& shape, bool wraps, std::int64_t chunk) {
  Cache cache(kernel, shape);
  std::vector<Lane> lanes;
  for (std::int64_t layer = 0; layer < shape.layers; ++layer) {
    if (!kernel.keeps_past) lanes.clear();
    for (std::int64_t s = 0; s < shape.sequences; ++s)
      lanes.push_back({layer, s, 1 + (chunk - 1 + s) % shape.capacity});
    if (kernel.keeps_past && layer + 1 < shape.layers) continue;
    if (std::string fault = fill_fault(cache, shape, wraps, lanes); !fault.empty()) return fault;
  }
  return "";
}

std::string size_fault(const kv_cache::Kernel& kernel, Shape shape) {
  const std::size_t bytes = kernel.storage_bytes(shape);
  const std::int64_t rows =
      2 * (kernel.keeps_past ? shape.layers : 1) * shape.sequences * shape.kv_heads * shape.capacity;
  const std::int64_t row = kv_cache::row_bytes(kernel.element, shape.head_dim);
  if (bytes < static_cast<std::size_t>(rows * row)) {
    return fmt::format("{} bytes of storage cannot hold {} rows of {}", bytes, rows, row);
  }
  shape.layers += 1;
  if (!kernel.keeps_past && kernel.storage_bytes(shape) != bytes) return "keeps no past, but storage grows with layers";
  return "";
}

std::string oversize_fault(const kv_cache::Kernel& kernel, const Shape& shape) {
  Cache cache(kernel, shape);
  const std::vector<std::byte> before = cache.copy();
  if (cache.append(0, 0, 0, shape.capacity + 1)) return "accepts more positions at once than the capacity";
  return cache.equals(before) ? "" : "writes although it refuses";
}

}  // namespace

std::string kv_cache_fault(const kv_cache::Kernel& kernel, Shape shape) {
  if (std::string fault = size_fault(kernel, shape); !fault.empty()) return fault;
  const bool wraps = overwrites_the_oldest(kernel, shape);
  for (const std::int64_t chunk : {std::int64_t{1}, std::int64_t{3}, shape.capacity / 2 + 1, shape.capacity}) {
    if (std::string fault = paced_fault(kernel, shape, wraps, chunk); !fault.empty()) return fault;
  }
  return oversize_fault(kernel, shape);
}

}  // namespace bitproof
