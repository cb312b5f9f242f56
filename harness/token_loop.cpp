#include "token_loop.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "error.hpp"
#include "interrupt.hpp"
#include "reference/kv_cache.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kPrefillBatch = 64;

kv_cache::Shape cache_shape(const ModelShape& m, std::int64_t capacity, std::int64_t sequences) {
  return {m.layers, m.kv_heads, m.head_dim, capacity, sequences};
}

}  // namespace

TokenLoop::TokenLoop(const PackedModel& weights, const LoopSlots& slots, int threads, std::int64_t capacity,
                     ClockNs clock, std::int64_t sequences)
    : kv_shape_(cache_shape(weights.shape(), capacity, sequences)),
      weights_(weights),
      shape_(weights.shape()),
      slots_(slots),
      weight_bytes_(weights.weight_bytes(slots.ternary_matmul_slot.kernel(), slots.dense_matmul_slot.kernel())),
      clock_(clock),
      team_(slots_.threading_slot.kernel(), threads, &dispatch_),
      memory_(slots_.memory_slot.kernel(), kPoolBytes, clock, &dispatch_),
      kv_storage_(slots.kv_cache_slot.kernel().storage_bytes(kv_shape_), kModelPages),
      logits_(static_cast<std::size_t>(sequences * shape_.vocab)),
      tokens_(static_cast<std::size_t>(sequences)),
      sampled_(static_cast<std::size_t>(sequences), -1),
      attention_calls_(static_cast<std::size_t>(sequences)) {
  if (capacity > shape_.context) {
    throw BadInput("depth + tokens = {} is over the model's context of {}: lower --depth or --tokens", capacity,
                   shape_.context);
  }
  if (slots.attention_slot.kernel().element != slots.kv_cache_slot.kernel().element) {
    throw BadInput("{} does not read what {} keeps: --kv sets both", slots.attention_slot.id(),
                   slots.kv_cache_slot.id());
  }
  for (auto& t : tokens_) t.reserve(static_cast<std::size_t>(shape_.context));  // a token allocates nothing of its own
  // Angles in double, by logical position, which outgrows the capacity of a ring.
  const std::int64_t half = shape_.head_dim / 2;
  for (std::int64_t p = 0; p < shape_.context; ++p) {
    for (std::int64_t i = 0; i < half; ++i) {
      const double exponent = -2.0 * static_cast<double>(i) / static_cast<double>(shape_.head_dim);
      const double angle = static_cast<double>(p) * std::pow(shape_.rope_base, exponent);
      cos_.push_back(static_cast<float>(std::cos(angle)));
      sin_.push_back(static_cast<float>(std::sin(angle)));
    }
  }
}

bool TokenLoop::stopped() const { return interrupted() || memory_.exhausted() || cache_full_; }

void TokenLoop::reset_ledger() {
  ledger_ = {};
  team_.reset_threads_seen();
  memory_.take_ns();
  memory_.take_calls();
}

void TokenLoop::set_prefix(std::span<const std::int32_t> tokens) {
  const std::size_t each = tokens.size() / tokens_.size();
  if (each * tokens_.size() != tokens.size()) {
    throw std::invalid_argument("TokenLoop: the sequences of a batch have prefixes of one length");
  }
  for (std::size_t i = 0; i < tokens_.size(); ++i) {
    const auto own = tokens.subspan(i * each, each);
    tokens_[i].assign(own.begin(), own.end());
  }
  cache_full_ = false;
}

void TokenLoop::prefill(std::span<const std::int32_t> tokens) {
  set_prefix(tokens);
  for (std::int64_t i = 0; i < kv_shape_.sequences; ++i) {
    for (std::int64_t done = 0; keeps_past() && done < length() && !stopped(); done += kPrefillBatch) {
      forward({i, 1, done, std::min(kPrefillBatch, length() - done)}, false);
    }
  }
  reset_ledger();
}

void TokenLoop::restore(std::span<const std::int32_t> tokens, const KvSnapshot& snapshot) {
  set_prefix(tokens);
  reset_ledger();
  if (!keeps_past() || snapshot.positions == 0) return;
  const auto append = dispatch_(SlotOp::kv_cache, slots_.kv_cache_slot.kernel().append);
  const float *k = snapshot.k.data(), *v = snapshot.v.data();
  for (std::int64_t i = 0; i < kv_shape_.sequences; ++i) {
    for (std::int64_t l = 0; l < shape_.layers; ++l) {
      cache_full_ |= !append(kv_shape_, kv_storage_.data(), l, i, 0, snapshot.positions, k, v);
      k += snapshot.positions * shape_.kv_width();
      v += snapshot.positions * shape_.kv_width();
    }
  }
}

void TokenLoop::rewind(std::int64_t length) {
  // The team's threads start here: what their start allocates is no token's.
  team_.session([&] { team_.for_tiles({team_.threads(), 1, 1}, [](Tile, int) {}); });
  for (auto& t : tokens_) t.resize(static_cast<std::size_t>(length));
  cache_full_ = false;
  reset_ledger();
}

KvSnapshot TokenLoop::snapshot() const {
  KvSnapshot out{length(), {}, {}};
  out.k.reserve(static_cast<std::size_t>(kv_shape_.sequences * shape_.layers * length() * shape_.kv_width()));
  out.v.reserve(out.k.capacity());
  const kv_cache::Element element = slots_.kv_cache_slot.kernel().element;
  for (std::int64_t i = 0; i < kv_shape_.sequences * shape_.layers; ++i) {
    const kv_cache::View view = seen(i % shape_.layers, i / shape_.layers, length());
    for (const kv_cache::Segment& segment : view.segment) {
      for (std::int64_t p = 0; p < segment.count; ++p) {
        for (std::int64_t head = 0; head < shape_.kv_heads; ++head) {
          const std::int64_t row = head * view.head_stride + p * shape_.head_dim, scale = head * view.scale_stride + p;
          reference::append_row(out.k, element, segment.k, row, shape_.head_dim, segment.k_scale, scale);
          reference::append_row(out.v, element, segment.v, row, shape_.head_dim, segment.v_scale, scale);
        }
      }
    }
  }
  return out;
}

std::span<const std::int32_t> TokenLoop::step(std::span<const std::int32_t> tokens) {
  if (tokens.size() != tokens_.size()) throw std::invalid_argument("TokenLoop: a token for each sequence");
  if (length() == shape_.context)
    throw BadInput("the context of {} positions is full: lower --depth or --tokens", shape_.context);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens_[i].push_back(tokens[i]);
  const Pass whole{0, kv_shape_.sequences, 0, length()};
  forward(keeps_past() ? whole.last() : whole, true);
  if (memory_.exhausted()) {
    throw BadInput(
        "memory: {} ran out: {} bytes asked for, {} of {} in use; lower --depth{} or take another memory slot",
        slots_.memory_slot.id(), memory_.exhausted_bytes(), memory_.usage().in_use_bytes, memory_.capacity(),
        tokens.size() > 1 ? " or --batch," : "");
  }
  if (cache_full_) throw BadInput("kv_cache: {} is full at position {}", slots_.kv_cache_slot.id(), length() - 1);
  return interrupted() ? std::span<const std::int32_t>() : sampled_;
}

}  // namespace bitproof
