#include "reports/audit/expression.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "error.hpp"

namespace bitproof::audit {
namespace {

constexpr std::size_t kLongestExpression = 500;
constexpr int kDeepest = 40;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// Recursive descent: sum of products of factors.
class Parser {
 public:
  // Not strict: only the syntax counts, not what the operands are.
  Parser(const std::string& text, const Lookup& lookup, bool strict = true)
      : text_(text), lookup_(lookup), strict_(strict) {}

  Quantity parse() {
    if (text_.size() > kLongestExpression)
      throw BadInput("an expression of {} characters; {} are allowed", text_.size(), kLongestExpression);
    const Quantity q = sum(0);
    if (peek() != '\0') throw bad("what follows column {} means nothing", at_);
    if (strict_ && !std::isfinite(q.value)) throw bad("the result is not finite");
    return q;
  }

  std::vector<double> divisors;

 private:
  template <class... Args>
  BadInput bad(fmt::format_string<Args...> format, Args&&... args) const {
    return BadInput("'{}': {}", text_.size() > 80 ? text_.substr(0, 80) + "..." : text_,
                    fmt::format(format, std::forward<Args>(args)...));
  }

  char peek() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  Quantity sum(int depth) {
    Quantity total = product(depth);
    for (char c = peek(); c == '+' || c == '-'; c = peek()) {
      ++at_;
      const Quantity next = product(depth);
      if (strict_ && next.dimension != total.dimension) {
        throw bad("a sum of {} and {}", name(total.dimension), name(next.dimension));
      }
      total.value += c == '+' ? next.value : -next.value;
    }
    return total;
  }

  Quantity product(int depth) {
    Quantity total = factor(depth);
    for (char c = peek(); c == '*' || c == '/'; c = peek()) {
      ++at_;
      const bool plain = is_digit(peek());
      const Quantity next = factor(depth);
      if (c == '*') {
        total = {total.value * next.value, total.dimension * next.dimension};
        continue;
      }
      if (strict_ && next.value == 0) throw bad("a division by zero");
      if (plain && next.dimension == kNone) divisors.push_back(next.value);
      total = {total.value / next.value, total.dimension / next.dimension};
    }
    return total;
  }

  Quantity factor(int depth) {
    if (depth > kDeepest) throw bad("brackets nest deeper than {}", kDeepest);
    const char c = peek();
    if (c == '-') {
      ++at_;
      const Quantity q = factor(depth + 1);
      return {-q.value, q.dimension};
    }
    if (c == '(') {
      ++at_;
      const Quantity q = sum(depth + 1);
      if (peek() != ')') throw bad("a bracket is not closed");
      ++at_;
      return q;
    }
    if (is_digit(c)) return number();
    if (begins_name(c)) return lookup_(word());
    throw bad("a number, the id of a claim or a bracket is missing at column {}", at_ + 1);
  }

  std::string word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (begins_name(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return text_.substr(begin, at_ - begin);
  }

  Quantity number() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::string digits = text_.substr(begin, at_ - begin);
    if (std::count(digits.begin(), digits.end(), '.') > 1) throw bad("'{}' is no number", digits);
    const double value = std::strtod(digits.c_str(), nullptr);
    if (!begins_name(peek())) return {value, kNone};
    const Unit unit = parse_unit(word());
    return {value * unit.scale, unit.dimension};
  }

  const std::string& text_;
  const Lookup& lookup_;
  const bool strict_;
  std::size_t at_ = 0;
};

struct Shape {
  std::vector<std::string> names;
  std::vector<double> divisors;
};

Shape shape_of(const std::string& expression) {
  Shape shape;
  const Lookup collect = [&](const std::string& name) {
    if (std::find(shape.names.begin(), shape.names.end(), name) == shape.names.end()) shape.names.push_back(name);
    return Quantity{1, kNone};
  };
  Parser parser(expression, collect, false);
  parser.parse();
  shape.divisors = parser.divisors;
  return shape;
}

}  // namespace

Quantity evaluate(const std::string& expression, const Lookup& lookup) { return Parser(expression, lookup).parse(); }
std::vector<std::string> operands(const std::string& expression) { return shape_of(expression).names; }
std::vector<double> divisors(const std::string& expression) { return shape_of(expression).divisors; }

}  // namespace bitproof::audit
