#include "reports/audit/units.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include "error.hpp"

namespace bitproof::audit {
namespace {

struct Word {
  const char* text;
  double scale;
  Dimension dimension;
};

constexpr Dimension kPerSecond = base(kSecond, -1);
constexpr Dimension kOpRate = {{-1, 0, 1}};

constexpr Word kWords[] = {
    {"", 1, kNone},
    {"x", 1, kNone},
    {"%", 0.01, kNone},
    {"s", 1, base(kSecond)},
    {"ms", 1e-3, base(kSecond)},
    {"us", 1e-6, base(kSecond)},
    {"ns", 1e-9, base(kSecond)},
    {"min", 60, base(kSecond)},
    {"B", 1, base(kByte)},
    {"KB", 1e3, base(kByte)},
    {"MB", 1e6, base(kByte)},
    {"GB", 1e9, base(kByte)},
    {"KiB", 1024, base(kByte)},
    {"MiB", 1048576, base(kByte)},
    {"GiB", 1073741824, base(kByte)},
    {"op", 1, base(kOp)},
    {"GOP", 1e9, base(kOp)},
    {"GMAC", 2e9, base(kOp)},
    {"MFLOPS", 1e6, kOpRate},
    {"GFLOPS", 1e9, kOpRate},
    {"TFLOPS", 1e12, kOpRate},
    {"GOPS", 1e9, kOpRate},
    {"TOPS", 1e12, kOpRate},
    {"Hz", 1, kPerSecond},
    {"MHz", 1e6, kPerSecond},
    {"GHz", 1e9, kPerSecond},
    {"W", 1, base(kWatt)},
    {"tok", 1, base(kToken)},
    {"layer", 1, base(kLayer)},
};

}  // namespace

Dimension operator*(const Dimension& a, const Dimension& b) {
  Dimension product;
  for (int i = 0; i < kBases; ++i) product.power[i] = a.power[i] + b.power[i];
  return product;
}

Dimension operator/(const Dimension& a, const Dimension& b) {
  Dimension quotient;
  for (int i = 0; i < kBases; ++i) quotient.power[i] = a.power[i] - b.power[i];
  return quotient;
}

std::string name(const Dimension& d) {
  static constexpr const char* kNames[] = {"s", "B", "op", "tok", "layer", "W"};
  std::string above, below;
  for (int i = 0; i < kBases; ++i) {
    if (d.power[i] == 0) continue;
    std::string& side = d.power[i] > 0 ? above : below;
    const int power = std::abs(d.power[i]);
    side += fmt::format("{}{}{}", side.empty() ? "" : ".", kNames[i], power > 1 ? fmt::format("^{}", power) : "");
  }
  return (above.empty() ? "1" : above) + (below.empty() ? "" : "/" + below);
}

Unit parse_unit(const std::string& text) {
  Unit unit;
  std::size_t begin = 0;
  for (bool first = true;; first = false) {
    const std::size_t slash = std::min(text.find('/', begin), text.size());
    const std::string part = text.substr(begin, slash - begin);
    const auto word = std::find_if(std::begin(kWords), std::end(kWords), [&](const Word& w) { return part == w.text; });
    if (word == std::end(kWords) || (part.empty() && !text.empty())) {
      std::vector<std::string> known;
      for (const Word& w : kWords) known.emplace_back(w.text);
      throw BadInput("unit '{}': '{}' is not known; known, also as a/b: {}", text, part,
                     fmt::join(known.begin() + 1, known.end(), ", "));
    }
    unit.scale = first ? word->scale : unit.scale / word->scale;
    unit.dimension = first ? word->dimension : unit.dimension / word->dimension;
    if (slash == text.size()) return unit;
    begin = slash + 1;
  }
}

double binary_reading(const std::string& unit) {
  const std::string word = unit.substr(0, unit.find('/'));
  if (word == "KB") return 1024 / 1e3;
  if (word == "MB") return 1048576 / 1e6;
  if (word == "GB") return 1073741824 / 1e9;
  return 1;
}

std::string short_number(double value) {
  if (value != 0 && (std::abs(value) >= 1e9 || std::abs(value) < 1e-4)) return fmt::format("{:.3e}", value);
  if (std::abs(value) >= 1000) return fmt::format("{:.0f}", value);
  std::string text = fmt::format("{:.4g}", value);
  return text;
}

std::string with_unit(double value, const std::string& unit) {
  const std::string number = short_number(value / parse_unit(unit).scale);
  return unit.empty() ? number : number + (unit == "x" ? "" : " ") + unit;
}

}  // namespace bitproof::audit
