// The figures of a report computed from each other, and how far rounding moves them.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "error.hpp"
#include "reports/audit/claims.hpp"

namespace bitproof::audit {
namespace {

const Claim& operand(const Report& report, const std::string& name) {
  const Claim* c = report.find(name);
  if (!c) throw BadInput("no claim is named '{}'", name);
  if (!c->value) throw BadInput("'{}' has no number", name);
  return *c;
}

}  // namespace

Evaluated evaluate(const Report& report, const std::string& expression,
                   const std::function<Range(const Claim&)>& value) {
  const auto end = [&](bool high) {
    return evaluate(expression, [&](const std::string& name) {
      const Claim& c = operand(report, name);
      const Range r = value(c);
      return Quantity{high ? r.high : r.low, c.unit.dimension};
    });
  };
  const Quantity low = end(false), high = end(true);
  return {{std::min(low.value, high.value), std::max(low.value, high.value)}, low.dimension};
}

Evaluated evaluate(const Report& report, const std::string& expression) {
  return evaluate(report, expression, [](const Claim& c) { return c.range(); });
}

namespace {

constexpr std::size_t kMostRounded = 50;  // claims that one slack goes through; beyond, their own last digit alone

// A figure is as far off as its own last digit, and as the figures that it was computed from. One that nothing computes
// and that a projection or a target sets is meant to the letter.
class Slack {
 public:
  explicit Slack(const Report& report) : report_(report) {}

  double of(const std::string& expression) {
    const Range middle = evaluate(report_, expression).range;
    double slack = 0;
    for (const std::string& name : operands(expression)) {
      const Claim& moved = operand(report_, name);
      const double half = of(moved);
      try {
        const Range r = evaluate(report_, expression, [&](const Claim& c) {
                          const Range same = c.range();
                          return &c == &moved ? Range{same.low + half, same.high + half} : same;
                        }).range;
        slack += std::max(std::abs(r.low - middle.low), std::abs(r.high - middle.high));
      } catch (const BadInput&) {  // moved onto a division by zero: it bounds nothing
        return std::numeric_limits<double>::infinity();
      }
    }
    return slack;
  }

 private:
  double of(const Claim& c) {
    const bool set = (c.basis == "projected" || c.basis == "target") && c.expression.empty() && c.implied.empty();
    const double own = set ? 0 : 0.5 * (c.value->about ? c.value->coarse : c.value->step) * c.unit.scale;
    const auto [known, first] = known_.try_emplace(&c, own);  // what it stands for in a circle
    if (!first || c.expression.empty() || known_.size() > kMostRounded) return known->second;
    const double slack = of(c.expression);
    const Range r = evaluate(report_, c.expression).range, in_unit{r.low / c.unit.scale, r.high / c.unit.scale};
    // A figure that its expression does not give was not rounded from it.
    if (std::isfinite(slack) && compare(*c.value, in_unit, slack / c.unit.scale) != Match::differs)
      known_[&c] = std::max(own, slack);
    return known_[&c];
  }

  const Report& report_;
  std::map<const Claim*, double> known_;
};

}  // namespace

double rounding_slack(const Report& report, const std::string& expression) { return Slack(report).of(expression); }

}  // namespace bitproof::audit
