#include <fmt/format.h>

#include "audit_support.hpp"
#include "reports/audit/expression.hpp"
#include "reports/audit/printed.hpp"

namespace bitproof::audit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Quantity value(const std::string& text) {
  return evaluate(text, [](const std::string& name) -> Quantity {
    if (name == "t") return {0.5, base(kSecond)};
    if (name == "n") return {20, base(kToken)};
    if (name == "zero") return {0, kNone};
    throw BadInput("no claim is named '{}'", name);
  });
}

TEST(AuditUnits, HaveADimensionAndAScale) {
  EXPECT_EQ(parse_unit("tok/s").dimension, (Dimension{{-1, 0, 0, 1}}));
  EXPECT_DOUBLE_EQ(parse_unit("ms/layer").scale, 1e-3);
  EXPECT_NE(parse_unit("ms/layer").dimension, parse_unit("ms/tok").dimension);
  EXPECT_EQ(parse_unit("GFLOPS").dimension, parse_unit("GOP/s").dimension);
  EXPECT_DOUBLE_EQ(parse_unit("GMAC/s").scale, 2 * parse_unit("GOP/s").scale);
  EXPECT_EQ(name(parse_unit("GB/s").dimension), "B/s");
  for (const char* unit : {"mb", "tok/", "/s", "tokens", "ms/layer/"}) {
    EXPECT_THAT(refusal([&] { parse_unit(unit); }), HasSubstr("is not known")) << unit;
  }
}

TEST(AuditExpression, IsArithmeticWithUnits) {
  EXPECT_DOUBLE_EQ(value("1 + 2 * 3 - 4 / 2").value, 5);
  EXPECT_DOUBLE_EQ(value("(1 + 2) * -3").value, -9);
  EXPECT_DOUBLE_EQ(value("n / t").value, 40);
  EXPECT_EQ(value("n / t").dimension, parse_unit("tok/s").dimension);
  EXPECT_DOUBLE_EQ(value("2048 * 4 KB").value, 8192e3);
  EXPECT_THAT(operands("n / t + 1 / (n - n)"), ElementsAre("n", "t"));
  EXPECT_THAT(divisors("n * 4 / 3 / t / (1 + 1)"), ElementsAre(3));
}

TEST(AuditExpression, IsRefusedByName) {
  const auto refused = [](const std::string& text) { return refusal([&] { value(text); }); };
  EXPECT_THAT(refused("n / zero"), HasSubstr("a division by zero"));
  EXPECT_THAT(refused("1 / (2 - 2)"), HasSubstr("a division by zero"));
  EXPECT_THAT(refused("n + t"), HasSubstr("a sum of tok and s"));
  EXPECT_THAT(refused("gone * 2"), HasSubstr("no claim is named 'gone'"));
  EXPECT_THAT(refused("4 parsecs"), HasSubstr("is not known"));
  EXPECT_THAT(refused(fmt::format("{:(>100}1{:)>100}", "", "")), HasSubstr("brackets nest deeper"));
  EXPECT_THAT(refused(fmt::format("{:->400}1", "")), HasSubstr("brackets nest deeper"));
  EXPECT_THAT(refused(std::string(10'000, '1')), HasSubstr("characters"));
  EXPECT_THAT(refused(fmt::format("1{:0>400}", "")), HasSubstr("not finite"));
  for (const char* text : {"", " ", "1 +", "* 2", "(1", "1)", "1 2", "1..2", "n t", "1e5", "$"})
    EXPECT_NE(refused(text), "") << text;
}

TEST(AuditPrinted, KnowsItsLastDigit) {
  EXPECT_DOUBLE_EQ(parse_printed("15.00").step, 0.01);
  EXPECT_DOUBLE_EQ(parse_printed("2,380").low, 2380);
  EXPECT_DOUBLE_EQ(parse_printed("2,380").coarse, 10);
  EXPECT_DOUBLE_EQ(parse_printed("15-25").high, 25);
  EXPECT_TRUE(parse_printed("~45,700").about);
  EXPECT_TRUE(parse_printed("<500").at_most);
  EXPECT_TRUE(parse_printed("100+").at_least);
  for (const char* text : {"", "x", "1.2.3", "-", "25-15", ".5", "5.", "~", "1e3", "1-2-3"}) {
    EXPECT_NE(refusal([&] { parse_printed(text); }), "") << text;
  }
}

TEST(AuditPrinted, ALastDigitIsNoError) {
  EXPECT_EQ(compare(parse_printed("0.99"), {0.98976, 0.98976}), Match::same);
  EXPECT_EQ(compare(parse_printed("0.989"), {0.98976, 0.98976}), Match::last_digit);
  EXPECT_EQ(compare(parse_printed("0.98"), {1.02, 1.02}), Match::differs);
  EXPECT_EQ(compare(parse_printed("~45,700"), {45707, 45707}), Match::same);
  EXPECT_EQ(compare(parse_printed("<500"), {2147, 2147}), Match::differs);
  EXPECT_EQ(compare(parse_printed("100+"), {74, 84}), Match::differs);
  EXPECT_EQ(compare(parse_printed("19-28"), {19.05, 28.57}), Match::last_digit);
  EXPECT_EQ(compare(parse_printed("8"), {8.9, 8.9}, 1.0), Match::last_digit) << "by what its operands round";
  EXPECT_TRUE(is_one_end(parse_printed("227"), {226.5, 377.5}));
  EXPECT_TRUE(is_one_end(parse_printed("8-12"), {7.98, 7.98}));
  EXPECT_FALSE(is_one_end(parse_printed("300"), {226.5, 377.5}));
}

}  // namespace
}  // namespace bitproof::audit
