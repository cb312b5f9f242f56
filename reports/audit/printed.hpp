// A figure as a report prints it, and whether another figure is the same but for rounding.
#pragma once

#include <limits>
#include <string>

#include "reports/audit/units.hpp"

namespace bitproof::audit {

// From low to high, in the units of the bases; one number where they are equal.
struct Range {
  double low = 0, high = 0;

  bool single() const { return low == high; }
  friend bool operator==(const Range&, const Range&) = default;
};
std::string with_unit(const Range& range, const std::string& unit);  // "1.77 tok/s", "15-25 tok/s"

// In the unit that was printed beside it.
struct Printed {
  double low = 0, high = 0;
  double step = 1;                         // one in the last printed place
  double coarse = 1;                       // one in the last place that is not a zero: 2,380 has 10
  bool about = false;                      // "~"
  bool at_most = false, at_least = false;  // "<500", "100+"

  bool single() const { return low == high; }
};

// "56.62", "2,380", "~45,700", "15-25", "<500", ">2", "100+", "-3". Throws BadInput.
Printed parse_printed(const std::string& text);

// A number of a program, which prints all of its digits.
Printed exact(double value);

enum class Match { same, last_digit, differs };

// The printed figure against what it should be, in the same unit. slack: what rounding of the operands can move.
// A range that is right somewhere: one number within a printed range, or a printed number within the range, is the
// same.
Match compare(const Printed& printed, const Range& should_be, double slack = 0);

// One of the two is a number, and one end of the other, which is a range.
bool is_one_end(const Printed& printed, const Range& should_be);

// No number meets both, whatever was rounded.
bool disjoint(const Printed& a, double scale_a, const Printed& b, double scale_b);

}  // namespace bitproof::audit
