// The arithmetic of a report, evaluated again: + - * / and brackets over numbers, numbers with a unit ("4 B") and the
// ids of claims. Every value has its dimension.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "reports/audit/units.hpp"

namespace bitproof::audit {

// An operand by its name; throws BadInput when there is none of that name, or none with a number.
using Lookup = std::function<Quantity(const std::string& name)>;

// Throws BadInput: not an expression, too long or too deep, a division by zero, a sum of unlike dimensions, no finite
// result.
Quantity evaluate(const std::string& expression, const Lookup& lookup);

// Names of its operands, in order, each once. Throws BadInput on what is no expression, like evaluate.
std::vector<std::string> operands(const std::string& expression);

// The plain numbers that it divides by.
std::vector<double> divisors(const std::string& expression);

}  // namespace bitproof::audit
