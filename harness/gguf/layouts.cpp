#include "gguf/layouts.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "half.hpp"

namespace bitproof::gguf {
namespace {

template <class T>
T load_at(const std::byte* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

float half_at(const std::byte* p) { return from_half(load_at<std::uint16_t>(p)); }

int at(const std::byte* p, int i) { return static_cast<int>(p[i]); }

std::int8_t trit(int code) { return static_cast<std::int8_t>(code - 1); }

// 34 bytes: f16 d, 32 x int8.
void decode_q8_0(const std::byte* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(static_cast<std::int8_t>(block[2 + i]));
}

// 210 bytes: low nibbles [128], high bit pairs [64], int8 scales of 16 weights [16], f16 d. Two halves of 128 weights,
// each four runs of 32: run r takes the nibbles of bytes 32 (r & 1), low or high by r >> 1, and bits 2 r of the pairs.
void decode_q6_k(const std::byte* block, float* out) {
  const float d = half_at(block + 208);
  for (int half = 0; half < 2; ++half) {
    const std::byte *low = block + 64 * half, *high = block + 128 + 32 * half, *scale = block + 192 + 8 * half;
    for (int r = 0; r < 4; ++r) {
      for (int i = 0; i < 32; ++i) {
        const int nibble = at(low, i + 32 * (r & 1)) >> (4 * (r >> 1)) & 15, pair = at(high, i) >> (2 * r) & 3;
        const auto s = static_cast<float>(static_cast<std::int8_t>(scale[2 * r + i / 16]));
        out[128 * half + 32 * r + i] = d * s * static_cast<float>((nibble | pair << 4) - 32);
      }
    }
  }
}

// 32 bytes for 128 weights: weight j in byte j % 32, the first run of 32 in the uppermost bits.
void decode_i2_s(const std::byte* block, std::int8_t* out) {
  for (int run = 0; run < 4; ++run) {
    for (int i = 0; i < 32; ++i) out[32 * run + i] = trit(at(block, i) >> (6 - 2 * run) & 3);
  }
}

// 66 bytes for 256 weights: two halves of 32 bytes, the first run of 32 in the lowest bits; f16 d.
void decode_tq2_0(const std::byte* block, std::int8_t* out) {
  for (int half = 0; half < 2; ++half) {
    for (int run = 0; run < 4; ++run) {
      for (int i = 0; i < 32; ++i) out[128 * half + 32 * run + i] = trit(at(block, 32 * half + i) >> (2 * run) & 3);
    }
  }
}

// TQ1_0, 54 bytes for 256 weights: groups of bytes of five trits, the last of four; f16 d. Trit n of byte i of a group
// is weight first + i + bytes * n. A byte is ceil(256 v / 243) for the base-3 number v whose first digit is the most
// significant, so digit n is the integer part of 3 * frac(byte * 3^n / 256).
struct Tq1Group {
  int byte, bytes, first, digits;
};
constexpr Tq1Group kTq1Groups[] = {{0, 32, 0, 5}, {32, 16, 160, 5}, {48, 4, 240, 4}};
constexpr std::uint8_t kPowerOf3[] = {1, 3, 9, 27, 81};

void decode_tq1_0(const std::byte* block, std::int8_t* out) {
  for (const Tq1Group& g : kTq1Groups) {
    for (int n = 0; n < g.digits; ++n) {
      for (int i = 0; i < g.bytes; ++i) {
        const auto fraction = static_cast<std::uint8_t>(at(block, g.byte + i) * kPowerOf3[n]);
        out[g.first + i + g.bytes * n] = trit(fraction * 3 >> 8);
      }
    }
  }
}

void encode_i2_s(const std::int8_t* trits, std::byte* block) {
  for (int i = 0; i < 32; ++i) {
    int byte = 0;
    for (int run = 0; run < 4; ++run) byte |= (trits[32 * run + i] + 1) << (6 - 2 * run);
    block[i] = static_cast<std::byte>(byte);
  }
}

void encode_tq2_0(const std::int8_t* trits, std::byte* block) {
  for (int i = 0; i < 64; ++i) {
    int byte = 0;
    for (int run = 0; run < 4; ++run) byte |= (trits[128 * (i / 32) + 32 * run + i % 32] + 1) << (2 * run);
    block[i] = static_cast<std::byte>(byte);
  }
}

void encode_tq1_0(const std::int8_t* trits, std::byte* block) {
  for (const Tq1Group& g : kTq1Groups) {
    for (int i = 0; i < g.bytes; ++i) {
      int v = 0;
      for (int n = 0; n < 5; ++n) v = 3 * v + (n < g.digits ? trits[g.first + i + g.bytes * n] + 1 : 0);
      block[g.byte + i] = static_cast<std::byte>((256 * v + 242) / 243);
    }
  }
}

// A byte holds a code of 3 where both bits of a pair are set.
bool any_three(const std::byte* p) {
  return (load_at<std::uint64_t>(p) & load_at<std::uint64_t>(p) >> 1 & 0x5555555555555555u) != 0;
}

std::int64_t first_three(std::span<const std::byte> codes) {  // whole 8 bytes
  for (std::size_t i = 0; i < codes.size(); i += 8) {
    if (!any_three(&codes[i])) continue;
    while ((at(&codes[i], 0) & at(&codes[i], 0) >> 1 & 0x55) == 0) ++i;
    return static_cast<std::int64_t>(i);
  }
  return -1;
}

}  // namespace

void decode(Type type, std::span<const std::byte> data, std::int64_t first, std::int64_t count, float* out) {
  const TypeInfo& t = info(type);
  const std::byte* p = data.data() + first / t.block * t.block_bytes;
  if (type == Type::f32) {
    std::memcpy(out, p, static_cast<std::size_t>(count) * sizeof(float));
    return;
  }
  for (std::int64_t i = 0; i < count; i += t.block, p += t.block_bytes) {
    if (type == Type::f16) {
      out[i] = half_at(p);
    } else if (type == Type::q8_0) {
      decode_q8_0(p, out + i);
    } else {
      decode_q6_k(p, out + i);
    }
  }
}

void decode_trits(Type type, std::span<const std::byte> data, std::int64_t first, std::int64_t count,
                  std::int8_t* out) {
  const TypeInfo& t = info(type);
  std::int64_t block = first / t.block;
  if (type == Type::i2_s) {
    std::int8_t trits[128];
    for (std::int64_t done = 0; done < count; ++block) {
      const std::int64_t skip = done == 0 ? first % 128 : 0, take = std::min<std::int64_t>(128 - skip, count - done);
      const std::byte* p = data.data() + block * t.block_bytes;
      if (take == 128) {
        decode_i2_s(p, out + done);
      } else {
        decode_i2_s(p, trits);
        std::copy_n(trits + skip, take, out + done);
      }
      done += take;
    }
    return;
  }
  for (std::int64_t i = 0; i < count; i += t.block, ++block) {
    const std::byte* p = data.data() + block * t.block_bytes;
    if (block_scale(type, data, block) == 0) {
      std::fill_n(out + i, t.block, std::int8_t{0});
    } else if (type == Type::tq2_0) {
      decode_tq2_0(p, out + i);
    } else {
      decode_tq1_0(p, out + i);
    }
  }
}

std::int64_t invalid_code(Type type, std::span<const std::byte> data) {
  const TypeInfo& t = info(type);
  if (type == Type::i2_s) return first_three(data.first(data.size() - static_cast<std::size_t>(t.trailer)));
  if (type == Type::tq1_0) return -1;  // every byte decodes to digits of 0, 1 and 2
  for (std::size_t block = 0; block < data.size(); block += static_cast<std::size_t>(t.block_bytes)) {
    const std::int64_t i = first_three(data.subspan(block, static_cast<std::size_t>(t.block_bytes) - 2));
    if (i >= 0) return static_cast<std::int64_t>(block) + i;
  }
  return -1;
}

float i2s_scale(std::span<const std::byte> data) {
  return load_at<float>(data.data() + data.size() - static_cast<std::size_t>(info(Type::i2_s).trailer));
}

float block_scale(Type type, std::span<const std::byte> data, std::int64_t i) {
  const TypeInfo& t = info(type);
  return half_at(data.data() + i * t.block_bytes + (type == Type::q8_0 ? 0 : t.block_bytes - 2));
}

void encode_trits(Type type, std::span<const std::int8_t> trits, float scale, std::byte* out) {
  const TypeInfo& t = info(type);
  for (std::size_t i = 0; i < trits.size(); i += static_cast<std::size_t>(t.block), out += t.block_bytes) {
    if (type == Type::i2_s) {
      encode_i2_s(&trits[i], out);
      continue;
    }
    (type == Type::tq2_0 ? encode_tq2_0 : encode_tq1_0)(&trits[i], out);
    const std::uint16_t d = to_half(scale);
    std::memcpy(out + t.block_bytes - 2, &d, sizeof d);
  }
}

void encode_q8_0(std::span<const std::int8_t> q, float d, std::byte* out) {
  const std::uint16_t half = to_half(d);
  for (std::size_t i = 0; i < q.size(); i += 32, out += 34) {
    std::memcpy(out, &half, sizeof half);
    std::memcpy(out + 2, &q[i], 32);
  }
}

}  // namespace bitproof::gguf
