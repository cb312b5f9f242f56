// A twin of a kernel: it calls the original and then harms, or waits, and counts what it was called for. Whoever runs
// it without noticing was not running it.
//
// A kernel's functions have no context, so a twin's state is global, one a kernel type: one twin at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "registry.hpp"

namespace bitproof {

enum class Harm : std::uint8_t {
  none,
  // What each call writes first, for each of its positions, is far off: a float by kFarOff, an integer sum by 2^20, an
  // int8 by its sign, a choice by one. memory: each allocation puts kFarOff into the oldest live block. threading: one
  // tile of one call, `victim`, is skipped. kv_cache: the first stored value of each position.
  poison,
  delay,     // each call waits in its first tile (memory: each allocation)
  scramble,  // memory only: what is not allocated yet or any more is NaN; must change nothing
};

inline constexpr float kFarOff = 1000;

inline void spin(double ns) {
  for (const double start = steady_ns(); steady_ns() - start < ns;) {
  }
}

template <class Kernel>
struct TwinState {
  const Kernel* original = nullptr;
  void (*wait)(double ns) = spin;
  Harm harm = Harm::none;
  double delay_ns = 0;
  std::int64_t victim = 0;            // threading: the call that loses a tile
  std::atomic<std::int64_t> calls{};  // of the op, however many tiles it is split into
  std::atomic<std::int64_t> work{};   // products and attention: operations; kv_cache: bytes stored; else 0
  std::vector<std::pair<void*, std::size_t>> live{};  // memory: blocks, oldest first

  void arm(Harm h, double ns = 0, std::int64_t victim_call = 0) {
    harm = h, delay_ns = ns, victim = victim_call, calls = 0, work = 0;
  }
};

template <class Kernel>
inline TwinState<Kernel> twin_state;

// Every op call has exactly one such tile.
inline bool is_first(Tile t) { return t.row0 == 0 && t.batch0 == 0; }

template <class Kernel>
TwinState<Kernel>& enter(bool first = true) {
  TwinState<Kernel>& state = twin_state<Kernel>;
  if (first) {
    ++state.calls;
    if (state.harm == Harm::delay) state.wait(state.delay_ns);
  }
  return state;
}

// Where a call of an op of tiles writes its first value for batch element b.
inline std::int32_t* first_output(const matmul::Call& c, std::int64_t b) { return c.y + b * c.y_stride; }
inline std::int8_t* first_output(const activation_quant::Call& c, std::int64_t b) { return c.v + b * c.v_stride; }
inline float* first_output(const attention::Call& c, std::int64_t b) {
  return c.partial ? c.partial + b * c.heads * c.parts * attention::partial_floats(c.head_dim)
                   : c.out + b * c.out_stride;
}
inline float* first_output(const dequantize::Call& c, std::int64_t b) { return c.y + b * c.y_stride; }
inline float* first_output(const embedding::Call& c, std::int64_t b) { return c.out + b * c.out_stride; }
inline float* first_output(const gated_ffn::Call& c, std::int64_t b) { return c.y + b * c.stride; }
inline float* first_output(const residual_add::Call& c, std::int64_t b) { return c.h + b * c.stride; }
inline float* first_output(const rms_norm::Call& c, std::int64_t b) { return c.y + b * c.y_stride; }
inline float* first_output(const rope::Call& c, std::int64_t b) { return c.x + b * c.x_stride; }

inline void spoil(float& x) { x += kFarOff; }
inline void spoil(std::int32_t& x) { x ^= 1 << 20; }
inline void spoil(std::int8_t& x) { x = x < 0 ? 127 : -127; }

template <class Call>
std::int64_t work_of(const Call&, Tile) {
  return 0;
}
inline std::int64_t work_of(const matmul::Call& c, Tile t) {
  return 2 * c.shape.cols * (t.row1 - t.row0) * (t.batch1 - t.batch0);
}
inline std::int64_t work_of(const attention::Call& c, Tile t) {
  std::int64_t seen = 0;
  for (std::int64_t b = t.batch0; b < t.batch1; ++b) {
    const std::int64_t all = c.position + b + 1 - c.kv.first;
    for (std::int64_t r = t.row0; r < t.row1; ++r) {
      const std::int64_t begin = c.partial ? r % c.parts * attention::kPartPositions : 0;
      const std::int64_t end = c.partial ? std::min(begin + attention::kPartPositions, all) : all;
      seen += std::max<std::int64_t>(end - begin, 0);
    }
  }
  return 4 * c.head_dim * seen;
}

// The twin's function for the ops of tiles: run(call, tile) and, of products and attention, a scratch.
template <class Kernel, auto function, class Call, class... Scratch>
void run_twin(const Call& call, Tile tile, Scratch... scratch) {
  TwinState<Kernel>& state = enter<Kernel>(is_first(tile));
  (state.original->*function)(call, tile, scratch...);
  state.work += work_of(call, tile);
  if (state.harm != Harm::poison || tile.row0 != 0) return;
  for (std::int64_t b = tile.batch0; b < tile.batch1; ++b) spoil(*first_output(call, b));
}

inline std::int64_t greedy_twin(const float* logits, std::int64_t vocab) {
  const auto& state = enter<sampling::Kernel>();
  const std::int64_t chosen = state.original->greedy(logits, vocab);
  return state.harm == Harm::poison ? (chosen + 1) % vocab : chosen;
}

inline bool append_twin(kv_cache::Shape shape, std::byte* storage, std::int64_t layer, std::int64_t sequence,
                        std::int64_t position, std::int64_t count, const float* k, const float* v) {
  auto& state = enter<kv_cache::Kernel>();
  const std::int64_t width = shape.kv_heads * shape.head_dim;
  state.work += 2 * count * shape.kv_heads * kv_cache::row_bytes(state.original->element, shape.head_dim);
  std::vector<float> spoiled(v, v + count * width);
  for (std::int64_t i = 0; i < count && state.harm == Harm::poison; ++i) {
    spoil(spoiled[static_cast<std::size_t>(i * width)]);
  }
  return state.original->append(shape, storage, layer, sequence, position, count, k, spoiled.data());
}

inline void* allocate_twin(void* self, std::size_t bytes) {
  auto& state = enter<memory::Kernel>();
  void* block = state.original->allocate(self, bytes);
  if (!block) return block;
  if (state.harm == Harm::scramble) std::memset(block, 0xff, bytes);
  if (state.harm == Harm::poison && !state.live.empty() && state.live[0].second >= sizeof kFarOff) {
    std::memcpy(state.live[0].first, &kFarOff, sizeof kFarOff);
  }
  state.live.emplace_back(block, bytes);
  return block;
}

inline void release_twin(void* self, void* block, std::size_t bytes) {
  auto& state = twin_state<memory::Kernel>;
  std::erase(state.live, std::pair(block, bytes));
  if (state.harm == Harm::scramble) std::memset(block, 0xff, bytes);
  state.original->release(self, block, bytes);
}

inline void for_tiles_twin(threading::Team* team, threading::Space space, threading::TileBody body, void* context) {
  struct Inner {
    threading::TileBody body;
    void* context;
    bool loses, waits;
    double delay_ns;
    void (*wait)(double ns);
  };
  auto& state = twin_state<threading::Kernel>;
  const std::int64_t call = state.calls++;
  Inner inner{body,           context,   state.harm == Harm::poison && call == state.victim, state.harm == Harm::delay,
              state.delay_ns, state.wait};
  state.original->for_tiles(
      team, space,
      [](void* c, Tile tile, int thread) {
        const auto& self = *static_cast<Inner*>(c);
        if (is_first(tile) && self.loses) return;
        if (is_first(tile) && self.waits) self.wait(self.delay_ns);
        self.body(self.context, tile, thread);
      },
      &inner);
}

// A copy of the kernel with the function that does its work exchanged.
template <class Kernel>
Kernel make_twin(const Kernel& original) {
  TwinState<Kernel>& state = twin_state<Kernel>;
  state.original = &original;
  state.wait = spin;
  state.live.clear();
  state.arm(Harm::none);
  Kernel twin = original;
  if constexpr (requires { twin.multiply; }) {
    twin.multiply = run_twin<Kernel, &Kernel::multiply>;
  } else if constexpr (requires { twin.run; }) {
    twin.run = run_twin<Kernel, &Kernel::run>;
  } else if constexpr (requires { twin.greedy; }) {
    twin.greedy = greedy_twin;
  } else if constexpr (requires { twin.append; }) {
    twin.append = append_twin;
  } else if constexpr (requires { twin.allocate; }) {
    twin.allocate = allocate_twin;
    twin.release = release_twin;
  } else {
    twin.for_tiles = for_tiles_twin;
  }
  return twin;
}

}  // namespace bitproof
