// An unchecked kernel cannot be timed: shown to the compiler.
#include "cleared.hpp"

#include <gmock/gmock.h>

#include <type_traits>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

template <class Kernel>
constexpr bool only_clearance_writes() {
  using Ticket = Cleared<Kernel>;
  return !std::is_default_constructible_v<Ticket> && !std::is_constructible_v<Ticket, const Kernel&> &&
         !std::is_constructible_v<Ticket, const Kernel*> &&
         !std::is_constructible_v<Ticket, const VariantOf<Kernel>&> &&
         !std::is_constructible_v<Ticket, const VariantOf<Kernel>*> && !std::is_constructible_v<Ticket, std::string> &&
         !std::is_aggregate_v<Ticket> && std::is_copy_constructible_v<Ticket>;
}

#define BITPROOF_ONLY_CLEARANCE_WRITES(op) static_assert(only_clearance_writes<op::Kernel>(), #op);
BITPROOF_FOR_EACH_OP(BITPROOF_ONLY_CLEARANCE_WRITES)
#undef BITPROOF_ONLY_CLEARANCE_WRITES

static_assert(!std::is_convertible_v<Cleared<rms_norm::Kernel>, Cleared<ternary_matmul::Kernel>>);
static_assert(!std::is_default_constructible_v<Recipe>);
static_assert(std::is_constructible_v<TokenLoop, const PackedModel&, const Recipe&, int, std::int64_t>);
static_assert(!std::is_constructible_v<TokenLoop, const PackedModel&, const RecipeNames&, int, std::int64_t>);

TEST(Clearance, NamesTheVariantItCleared) {
  Clearance clearance;
  const auto ticket = clearance.clear<residual_add::Kernel>("residual_add/scalar");
  EXPECT_EQ(ticket.id(), "residual_add/scalar");
  EXPECT_EQ(&ticket.kernel(), find_variant<residual_add::Kernel>("residual_add/scalar")->kernel);
}

TEST(Clearance, RunsItsCasesOnceAVariant) {
  Clearance clearance;
  clearance.clear<residual_add::Kernel>("residual_add/scalar");
  const std::int64_t cases = clearance.cases();
  EXPECT_EQ(cases, std::ssize(clearance_cases("residual_add")));
  clearance.clear<residual_add::Kernel>("residual_add/scalar");
  EXPECT_EQ(clearance.cases(), cases);
}

TEST(Clearance, ChecksTheVeryCaseThatIsAskedForToo) {
  Clearance clearance;
  clearance.clear<ternary_matmul::Kernel>("ternary_matmul/scalar");
  const std::int64_t cases = clearance.cases();
  Case c{.op = "ternary_matmul", .rows = 40, .cols = 50};
  const auto clear = [&] {
    clearance.clear<ternary_matmul::Kernel>("ternary_matmul/scalar", *make_problem<ternary_matmul::Kernel>(c), c);
  };
  clear();
  clear();
  EXPECT_EQ(clearance.cases(), cases + 1);

  // A case that proves nothing clears nothing; see check_test.
  c.cols = 1;
  while (check(std::vector{c}, "ternary_matmul/scalar").mistrusted == 0) ++c.seed;
  try {
    clear();
    FAIL() << "cleared";
  } catch (const NotCleared& e) {
    EXPECT_THAT(e.what(),
                testing::AllOf(HasSubstr("ternary_matmul/scalar is MISTRUSTED"),
                               HasSubstr("replay: bitproof check ternary_matmul/scalar --case rows=40,cols=1")));
  }
}

TEST(Clearance, RefusesWhatIsNotThere) {
  Clearance clearance;
  EXPECT_THAT(refusal([&] { clearance.clear<residual_add::Kernel>("residual_add/nothing"); }),
              HasSubstr("no variant is named 'residual_add/nothing'"));
}

}  // namespace
}  // namespace bitproof
