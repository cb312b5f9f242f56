// What a figure of a report measures: a dimension and a scale. Layer and token are dimensions of their own, so that
// 17.66 ms a layer cannot be read as 17.66 ms a token.
#pragma once

#include <array>
#include <string>

namespace bitproof::audit {

enum Base { kSecond, kByte, kOp, kToken, kLayer, kWatt, kBases };

// Powers of the bases; all zero for counts, ratios and shares.
struct Dimension {
  std::array<int, kBases> power{};

  friend bool operator==(const Dimension&, const Dimension&) = default;
  friend Dimension operator*(const Dimension& a, const Dimension& b);
  friend Dimension operator/(const Dimension& a, const Dimension& b);
};
std::string name(const Dimension& d);  // "tok/s", "1" for none

inline constexpr Dimension kNone{};
inline constexpr Dimension base(Base b, int power = 1) {
  Dimension d;
  d.power[b] = power;
  return d;
}

struct Unit {
  double scale = 1;  // of one of it, in s, bytes, operations, tokens, layers, watts
  Dimension dimension;
};

// "ms", "ms/layer", "tok/s", "GFLOPS" (1e9 op/s), "GMAC" (a multiply-add is two operations), "MB" (1e6), "MiB", "%",
// "x", "" (a count). Throws BadInput.
Unit parse_unit(const std::string& text);

// What one of `unit` is when its letters are read in powers of 1024; 1 where they cannot be.
double binary_reading(const std::string& unit);

struct Quantity {
  double value = 0;  // in the bases
  Dimension dimension;
};

std::string with_unit(double value, const std::string& unit);  // value in the bases of `unit`: "1.77 tok/s"
std::string short_number(double value);                        // 4 digits: "1.77", "565.1", "256000"

}  // namespace bitproof::audit
