#include "reports/audit/printed.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "error.hpp"

namespace bitproof::audit {
namespace {

constexpr std::size_t kLongestFigure = 60;

struct Figure {
  double value, step, coarse;
};

// Digits with thousands separators and at most one point.
Figure figure(std::string digits, const std::string& whole) {
  std::erase(digits, ',');
  const bool minus = digits.starts_with('-');
  const std::string rest = minus ? digits.substr(1) : digits;
  const std::size_t point = rest.find('.');
  if (rest.empty() || rest.find_first_not_of("0123456789.") != std::string::npos ||
      rest.find('.', point + 1) < rest.size() || rest.front() == '.' || rest.back() == '.') {
    throw BadInput("value '{}' is no figure; write it as printed: 56.62, 2,380, ~48, 15-25, <500, 100+", whole);
  }
  const std::size_t last = rest.find_last_of("123456789");
  const auto place = [&](std::size_t at) {
    if (point == std::string::npos) return std::pow(10.0, static_cast<double>(rest.size() - 1 - at));
    return at < point ? std::pow(10.0, static_cast<double>(point - 1 - at))
                      : std::pow(10.0, static_cast<double>(point) - static_cast<double>(at));
  };
  const double step = place(rest.size() - 1);
  return {std::strtod(digits.c_str(), nullptr), step,
          last == std::string::npos || point != std::string::npos ? step : place(last)};
}

bool within(double value, double low, double high, double slack) {
  return value >= low - slack && value <= high + slack;
}

}  // namespace

std::string with_unit(const Range& range, const std::string& unit) {
  if (range.single()) return with_unit(range.low, unit);
  return fmt::format("{} to {}", short_number(range.low / parse_unit(unit).scale), with_unit(range.high, unit));
}

Printed parse_printed(const std::string& text) {
  if (text.size() > kLongestFigure)
    throw BadInput("a value of {} characters; {} are allowed", text.size(), kLongestFigure);
  Printed p;
  std::string rest = text;
  const auto strip = [&](char c) {
    const bool there = rest.starts_with(c);
    if (there) rest.erase(0, 1);
    return there;
  };
  p.about = strip('~');
  p.at_most = strip('<');
  p.at_least = strip('>');
  if (rest.ends_with('+')) {
    p.at_least = true;
    rest.pop_back();
  }
  const std::size_t dash = rest.find('-', 1);
  const Figure low = figure(rest.substr(0, dash), text);
  const Figure high = dash < rest.size() ? figure(rest.substr(dash + 1), text) : low;
  if (high.value < low.value) throw BadInput("value '{}': a range from high to low", text);
  p.low = low.value;
  p.high = high.value;
  p.step = std::max(low.step, high.step);
  p.coarse = std::max(low.coarse, high.coarse);
  return p;
}

Printed exact(double value) {
  const double step = std::max(std::abs(value) * 1e-6, 1e-12);
  Printed p;
  p.low = p.high = value;
  p.step = p.coarse = step;
  return p;
}

Match compare(const Printed& p, const Range& r, double slack) {
  const double tiny = 1e-9 * std::max(std::abs(r.low), std::abs(r.high));
  const auto fits = [&](double tolerance) {
    if (p.at_most) return r.low <= p.high + tolerance;
    if (p.at_least) return r.high >= p.low - tolerance;
    if (p.single()) return within(p.low, r.low, r.high, tolerance);
    if (r.single()) return within(r.low, p.low, p.high, tolerance);
    return std::abs(p.low - r.low) <= tolerance && std::abs(p.high - r.high) <= tolerance;
  };
  const double half = 0.5 * (p.about ? p.coarse : p.step);
  if (fits(half + tiny)) return Match::same;
  return fits(std::max({p.step, half, slack}) + tiny) ? Match::last_digit : Match::differs;
}

bool is_one_end(const Printed& p, const Range& r) {
  if (p.single() == r.single() || p.at_most || p.at_least) return false;
  const double low = p.single() ? r.low : p.low, high = p.single() ? r.high : p.high;
  const double one = p.single() ? p.low : r.low, loose = p.single() ? p.step : 0.5 * p.step;
  return (std::abs(one - low) <= loose) != (std::abs(one - high) <= loose);
}

bool disjoint(const Printed& a, double scale_a, const Printed& b, double scale_b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto loose = [](const Printed& p) { return p.about ? p.coarse : p.step; };  // rounded or cut off
  const auto low = [&](const Printed& p, double scale) { return p.at_most ? -kInfinity : (p.low - loose(p)) * scale; };
  const auto high = [&](const Printed& p, double scale) {
    return p.at_least ? kInfinity : (p.high + loose(p)) * scale;
  };
  return high(a, scale_a) < low(b, scale_b) || high(b, scale_b) < low(a, scale_a);
}

}  // namespace bitproof::audit
