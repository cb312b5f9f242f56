#include <gtest/gtest.h>

#include <cstring>

#include "gguf/layouts.hpp"
#include "half.hpp"
#include "rng.hpp"

namespace bitproof::gguf {
namespace {

using Bytes = std::vector<std::byte>;
using Trits = std::vector<std::int8_t>;

Trits random_trits(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  Trits trits(n);
  for (auto& t : trits) t = static_cast<std::int8_t>(static_cast<int>(rng.below(3)) - 1);
  return trits;
}

Bytes random_bytes(std::size_t n, std::uint64_t seed) {
  Rng rng(seed);
  Bytes bytes(n);
  for (auto& b : bytes) b = static_cast<std::byte>(rng.below(256));
  return bytes;
}

Bytes encoded(Type type, const Trits& trits, float scale) {
  const TypeInfo& t = info(type);
  Bytes bytes(trits.size() / static_cast<std::size_t>(t.block) * static_cast<std::size_t>(t.block_bytes));
  encode_trits(type, trits, scale, bytes.data());
  return bytes;
}

int bits(std::byte b, int shift, int mask) { return static_cast<int>(b) >> shift & mask; }

TEST(Half, RoundTripsEveryNumberAndRoundsToNearestEven) {
  for (std::uint32_t h = 0; h < 0x10000; ++h) {
    const float value = from_half(static_cast<std::uint16_t>(h));
    if (value == value) {
      ASSERT_EQ(to_half(value), h);
    } else {
      ASSERT_EQ(to_half(value) & 0x7e00, 0x7e00);
    }
  }
  EXPECT_EQ(from_half(0x3c00), 1.0f);
  EXPECT_EQ(from_half(0x0001), 0x1p-24f);
  EXPECT_EQ(from_half(0x7bff), 65504.0f);
  EXPECT_EQ(to_half(1.0f + 0x1p-11f), 0x3c00) << "a tie, to even";
  EXPECT_EQ(to_half(1.0f + 0x1.8p-10f), 0x3c02) << "a tie, to even";
  EXPECT_EQ(to_half(65519.0f), 0x7bff);
  EXPECT_EQ(to_half(65520.0f), 0x7c00);
  EXPECT_EQ(to_half(0x1p-25f), 0);
  EXPECT_EQ(to_half(-0x1.8p-24f), 0x8002);
}

// Written from the definitions of the layouts, weight by weight.
TEST(Layouts, ABlockIsByteForByteWhatTheFormatSays) {
  const Trits trits = random_trits(256, 1);
  const Bytes i2 = encoded(Type::i2_s, trits, 1), t2 = encoded(Type::tq2_0, trits, 0.5f),
              t1 = encoded(Type::tq1_0, trits, 0.5f);
  ASSERT_EQ(i2.size(), 64u);
  ASSERT_EQ(t2.size(), 66u);
  ASSERT_EQ(t1.size(), 54u);
  for (int j = 0; j < 256; ++j) {
    const int q = trits[static_cast<std::size_t>(j)] + 1, k = j % 128;
    EXPECT_EQ(bits(i2[static_cast<std::size_t>(32 * (j / 128) + k % 32)], 6 - 2 * (k / 32), 3), q) << j;
    EXPECT_EQ(bits(t2[static_cast<std::size_t>(32 * (j / 128) + k % 32)], 2 * (k / 32), 3), q) << j;
  }
  EXPECT_EQ(bits(t2[64], 0, 255), 0x00);  // 0.5 is 0x3800
  EXPECT_EQ(bits(t2[65], 0, 255), 0x38);
  EXPECT_EQ(bits(t1[53], 0, 255), 0x38);
  // ggml's own decoding of a base-3 byte: multiply by 3^n modulo 256, and the upper part of three times that.
  static constexpr int kPower[] = {1, 3, 9, 27, 81};
  const auto digit = [&](std::size_t byte, int n) { return ((bits(t1[byte], 0, 255) * kPower[n] & 255) * 3) >> 8; };
  for (std::size_t j = 0; j < 256; ++j) {
    const int q = trits[j] + 1;
    if (j < 160) {
      EXPECT_EQ(digit(j % 32, static_cast<int>(j / 32)), q) << j;
    } else if (j < 240) {
      EXPECT_EQ(digit(32 + (j - 160) % 16, static_cast<int>((j - 160) / 16)), q) << j;
    } else {
      EXPECT_EQ(digit(48 + (j - 240) % 4, static_cast<int>((j - 240) / 4)), q) << j;
    }
  }
}

TEST(Layouts, BaseThreeBytesOfKnownBlocks) {
  const auto byte_of = [](std::int8_t trit, std::size_t at) {
    return bits(encoded(Type::tq1_0, Trits(256, trit), 1)[at], 0, 255);
  };
  EXPECT_EQ(byte_of(-1, 0), 0);
  EXPECT_EQ(byte_of(0, 0), 128);   // ceil(256 * 121 / 243)
  EXPECT_EQ(byte_of(1, 0), 255);   // ceil(256 * 242 / 243)
  EXPECT_EQ(byte_of(0, 48), 127);  // four trits: ceil(256 * 120 / 243)
}

TEST(Layouts, TernaryRoundTripsFromAnyWeightOn) {
  for (const Type type : {Type::i2_s, Type::tq1_0, Type::tq2_0}) {
    const Trits trits = random_trits(1024, 2);
    const Bytes data = encoded(type, trits, 0.25f);
    Trits back(trits.size());
    decode_trits(type, data, 0, 1024, back.data());
    EXPECT_EQ(back, trits) << info(type).name;
    decode_trits(type, data, 256, 512, back.data());
    EXPECT_TRUE(std::equal(back.begin(), back.begin() + 512, trits.begin() + 256)) << info(type).name;
  }
  const Trits trits = random_trits(1024, 3);
  const Bytes data = encoded(Type::i2_s, trits, 1);
  for (const std::int64_t first : {1, 31, 100, 128, 200}) {
    for (const std::int64_t count : {1, 27, 28, 29, 300}) {
      Trits part(static_cast<std::size_t>(count));
      decode_trits(Type::i2_s, data, first, count, part.data());
      EXPECT_TRUE(std::equal(part.begin(), part.end(), trits.begin() + first)) << first << " " << count;
    }
  }
}

TEST(Layouts, ABlockOfScaleZeroIsZeros) {
  for (const Type type : {Type::tq1_0, Type::tq2_0}) {
    const Bytes data = encoded(type, Trits(256, 1), 0);
    Trits back(256, 1);
    decode_trits(type, data, 0, 256, back.data());
    EXPECT_EQ(back, Trits(256, 0)) << info(type).name;
  }
}

TEST(Layouts, ACodeOfThreeIsFoundWhereItIs) {
  for (const Type type : {Type::i2_s, Type::tq2_0}) {
    Bytes data = encoded(type, random_trits(1024, 4), 1);
    data.resize(data.size() + static_cast<std::size_t>(info(type).trailer), std::byte{0xff});  // no codes there
    EXPECT_EQ(invalid_code(type, data), -1);
    for (const std::size_t at : {std::size_t{0}, std::size_t{63}, std::size_t{150}}) {
      for (const int shift : {0, 2, 4, 6}) {
        Bytes faulty = data;
        faulty[at] |= static_cast<std::byte>(3 << shift);
        EXPECT_EQ(invalid_code(type, faulty), static_cast<std::int64_t>(at)) << info(type).name << " " << shift;
      }
    }
  }
}

TEST(Layouts, Q8AndHalvesAreTheirValues) {
  Trits q = {0, 1, -1, 127, -127, 64};
  q.resize(32, 5);
  Bytes data(34);
  encode_q8_0(q, 0.125f, data.data());
  float values[32];
  decode(Type::q8_0, data, 0, 32, values);
  for (std::size_t i = 0; i < 32; ++i) EXPECT_EQ(values[i], 0.125f * q[i]);
  EXPECT_EQ(block_scale(Type::q8_0, data, 0), 0.125f);
  const std::uint16_t halves[] = {0x3c00, 0xc000, 0x0001};
  decode(Type::f16, std::as_bytes(std::span(halves)), 1, 2, values);
  EXPECT_EQ(values[0], -2.0f);
  EXPECT_EQ(values[1], 0x1p-24f);
}

// The four runs of a half, as ggml's dequantization writes them out.
TEST(Layouts, Q6KIsTheFormatsDefinition) {
  Bytes block = random_bytes(210, 5);
  block[208] = std::byte{0x00};
  block[209] = std::byte{0x2c};  // d = 2^-4
  float got[256];
  decode(Type::q6_k, block, 0, 256, got);
  const auto byte = [&](int i) { return bits(block[static_cast<std::size_t>(i)], 0, 255); };
  const auto scale = [&](int i) { return static_cast<float>(static_cast<std::int8_t>(byte(192 + i))); };
  for (int half = 0; half < 2; ++half) {
    for (int l = 0; l < 32; ++l) {
      const int low = byte(64 * half + l), low32 = byte(64 * half + 32 + l), high = byte(128 + 32 * half + l),
                is = 8 * half + l / 16;
      const int q1 = ((low & 15) | (high & 3) << 4) - 32, q2 = ((low32 & 15) | (high >> 2 & 3) << 4) - 32;
      const int q3 = (low >> 4 | (high >> 4 & 3) << 4) - 32, q4 = (low32 >> 4 | (high >> 6 & 3) << 4) - 32;
      EXPECT_EQ(got[128 * half + l], 0.0625f * scale(is) * static_cast<float>(q1));
      EXPECT_EQ(got[128 * half + l + 32], 0.0625f * scale(is + 2) * static_cast<float>(q2));
      EXPECT_EQ(got[128 * half + l + 64], 0.0625f * scale(is + 4) * static_cast<float>(q3));
      EXPECT_EQ(got[128 * half + l + 96], 0.0625f * scale(is + 6) * static_cast<float>(q4));
    }
  }
}

Bytes from_hex(const std::string& hex) {
  Bytes bytes;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    bytes.push_back(static_cast<std::byte>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  }
  return bytes;
}

std::string repeated(std::size_t n, const std::string& hex) {
  std::string all;
  for (std::size_t i = 0; i < n; ++i) all += hex;
  return all;
}

void expect_golden(Type type, const Bytes& block, const Trits& trits) {
  EXPECT_EQ(encoded(type, trits, 0.5f), block);
  Trits back(trits.size());
  decode_trits(type, block, 0, std::ssize(back), back.data());
  EXPECT_EQ(back, trits);
}

// Worked out by hand, with codes q = trit + 1; d = 0.5 is the half 0x3800, bytes 00 38. Weight 128 h + 32 l + m lies in
// bits 2 l of byte 32 h + m. All zeros: 1 | 1 << 2 | 1 << 4 | 1 << 6 = 0x55.
//   byte  0: weights 0, 32, 64, 96 are -1, 1, 0, 1:      q 0 2 1 2: 0 | 2 << 2 | 1 << 4 | 2 << 6 = 0x98
//   byte 63: weights 159, 191, 223, 255 are 1, 0, 0, 0:  q 2 1 1 1: 2 | 1 << 2 | 1 << 4 | 1 << 6 = 0x56
TEST(Layouts, Tq2BlockWorkedOutByHand) {
  Trits trits(256, 0);
  trits[0] = -1;
  trits[32] = trits[96] = trits[159] = 1;
  expect_golden(Type::tq2_0, from_hex("98" + repeated(62, "55") + "56" + "0038"), trits);
}

// Bytes m < 32 hold weights m + 32 n, bytes 32 + m weights 160 + m + 16 n, bytes 48 + j weights 240 + j + 4 n, the
// first the most significant digit; a byte of four digits is three times its number; a byte is (256 number + 242) /
// 243.
//   zeros: 11111 = 121: 31218 / 243 = 128 = 0x80;  1111 = 40, 3 x 40 = 120: 30962 / 243 = 127 = 0x7f
//   byte  0: weights 0, 32, 64, 96, 128 are -1, 1, 0, 1, 0:        02121 = 70:  18162 / 243 = 74 = 0x4a
//   byte 37: weights 165, 181, 197, 213, 229 are 1, 1, -1, 0, -1:  22010 = 219: 56306 / 243 = 231 = 0xe7
//   byte 51: weights 243, 247, 251, 255 are 1, -1, 0, 1:           2012 = 59, 3 x 59 = 177: 45554 / 243 = 187 = 0xbb
TEST(Layouts, Tq1BlockWorkedOutByHand) {
  Trits trits(256, 0);
  for (const std::size_t one : {32u, 96u, 165u, 181u, 243u, 255u}) trits[one] = 1;
  for (const std::size_t minus : {0u, 197u, 229u, 247u}) trits[minus] = -1;
  expect_golden(Type::tq1_0,
                from_hex("4a" + repeated(31, "80") + repeated(5, "80") + "e7" + repeated(10, "80") + repeated(3, "7f") +
                         "bb" + "0038"),
                trits);
}

// 128 bytes of low nibbles, 64 of high pairs, 16 scales, d = 0.5. The value is d x scale x (nibble | pair << 4, less
// 32).
//   nibbles a5 at 0, 3c at 32 and pairs d2 = 11 01 00 10 at 0: weight 0 is 5 | 2 << 4 = 37, 32 is c = 12,
//   64 is a | 1 << 4 = 26, 96 is 3 | 3 << 4 = 51: less 32: 5, -20, -6, 19; scales 0, 2, 4, 6 are 2, -3 = fd, 1, 127 =
//   7f: 5, 30, -3, 1206.5 second half, weight 17: nibble f at 64 + 17 and pair 1 at 32 + 17: 31 - 32 = -1; scale 8 + 1
//   is 10 = 0a: -5 all other scales are 0, or their weights' bytes are: 0 - 32 = -32 times 0.5 and the scale of their
//   16 weights
TEST(Layouts, Q6BlockWorkedOutByHand) {
  const Bytes block = from_hex("a5" + repeated(31, "00") + "3c" + repeated(48, "00") + "0f" + repeated(46, "00") +  //
                               "d2" + repeated(48, "00") + "01" + repeated(14, "00") +                              //
                               "0200fd0001007f00" + "000a" + repeated(6, "00") + "0038");
  ASSERT_EQ(block.size(), 210u);
  float got[256];
  decode(Type::q6_k, block, 0, 256, got);
  for (int i = 0; i < 256; ++i) {
    const float want = i == 0     ? 5.0f
                       : i == 32  ? 30.0f
                       : i == 64  ? -3.0f
                       : i == 96  ? 1206.5f
                       : i == 145 ? -5.0f
                       : i < 16   ? -32.0f
                       : i < 32   ? 0.0f
                       : i < 48   ? 48.0f
                       : i < 64   ? 0.0f
                       : i < 80   ? -16.0f
                       : i < 96   ? 0.0f
                       : i < 112  ? -2032.0f
                       : i < 144  ? 0.0f
                       : i < 160  ? -160.0f
                                  : 0.0f;
    EXPECT_EQ(got[i], want) << i;
  }
}

TEST(Types, SizesOfTensors) {
  EXPECT_EQ(tensor_bytes(Type::i2_s, 192, 192 * 192), 192 * 192 / 4 + 32);
  EXPECT_EQ(tensor_bytes(Type::tq2_0, 512, 512 * 3), 6 * 66);
  EXPECT_EQ(tensor_bytes(Type::q6_k, 256, 512), 420);
  EXPECT_EQ(tensor_bytes(Type::tq1_0, 128, 256), std::nullopt) << "a row is no whole block";
  EXPECT_EQ(tensor_bytes(Type::i2_s, 8640, 8640 * 3), std::nullopt) << "nor are all rows together";
  EXPECT_EQ(tensor_bytes(Type::i2_s, 8640, 8640 * 2), 8640 * 2 / 4 + 32) << "blocks of I2_S cross rows";
  EXPECT_EQ(tensor_bytes(Type::f32, std::int64_t{1} << 40, std::int64_t{1} << 61), std::nullopt);
  EXPECT_FALSE(type_of(39)) << "MXFP4 in one engine, TL2 in another";
}

}  // namespace
}  // namespace bitproof::gguf
