#include "lattice.hpp"

#include <gmock/gmock.h>

#include <set>

#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

TEST(Lattice, OfTheSixIsTheSetsOfTechniques) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  std::set<RecipeNames> recipes;
  std::set<std::string> labels;
  ASSERT_EQ(cell_count(lattice.shape()), 64u);
  for (std::size_t cell = 0; cell < 64; ++cell) {
    const ArmSpec spec = arm_of(lattice, cell, 2), want = arm_of(Techniques{static_cast<std::uint8_t>(cell)}, 2);
    EXPECT_EQ(spec.names, want.names);
    EXPECT_EQ(spec.techniques, want.techniques);
    EXPECT_EQ(spec.threads, want.threads);
    EXPECT_EQ(spec.label, want.label);
    recipes.insert(spec.names);
    labels.insert(spec.label);
  }
  EXPECT_EQ(recipes.size(), 64u);
  EXPECT_EQ(labels.size(), 64u);
}

TEST(Lattice, CornersAreNoneAllAloneAndLeftOut) {
  EXPECT_EQ(corner_cells(LatticeShape(6, 2)).size(), 14u);
  // none, three alone, all, two left out of it.
  EXPECT_EQ(corner_cells({3, 2}), (std::vector<std::size_t>{0, 1, 2, 3, 5}));
}

constexpr const char* kProducts = R"(
name = "products"
base = ["memory_pool"]
[[factors]]
name = "product"
expected = [4, 8]
[[factors.levels]]
name = "scalar"
[[factors.levels]]
name = "autovec"
slots = ["ternary_matmul=autovec"]
[[factors.levels]]
name = "highest"
techniques = ["simd"]
[[factors]]
name = "threading"
[[factors.levels]]
name = "off"
[[factors.levels]]
name = "on"
techniques = ["threading"]
)";

TEST(Lattice, OfSlotsAndLevelsFromAFile) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = parse_lattice(kProducts, "products.toml");
  EXPECT_EQ(lattice.shape(), (LatticeShape{3, 2}));
  EXPECT_EQ(lattice.factors[0].expected, "4-8");
  EXPECT_EQ(lattice.factors[0].technique, Technique::simd);
  EXPECT_EQ(arm_of(lattice, 0, 2).label, "none");
  const ArmSpec autovec = arm_of(lattice, 1, 2);
  EXPECT_EQ(autovec.label, "product=autovec");
  EXPECT_EQ(autovec.names.at("ternary_matmul"), "ternary_matmul/autovec");
  EXPECT_EQ(autovec.names.at("memory"), "memory/pool") << "the base is in all of them";
  EXPECT_EQ(autovec.threads, 1);
  const ArmSpec all = arm_of(lattice, 5, 2);
  EXPECT_EQ(all.label, "all");
  EXPECT_EQ(all.threads, 2);
}

TEST(Lattice, OfTheSuitesAreRecipes) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = read_lattice(BITPROOF_SOURCE_DIR "/suites/lattices/products.toml");
  std::set<RecipeNames> recipes;
  for (std::size_t cell = 0; cell < cell_count(lattice.shape()); ++cell) recipes.insert(arm_of(lattice, cell, 2).names);
  EXPECT_EQ(recipes.size(), cell_count(lattice.shape()));
}

TEST(Lattice, RefusesWhatItDoesNotUnderstandInOneLine) {
  const auto refused = [](const std::string& text) { return refusal([&] { parse_lattice(text, "l.toml"); }); };
  EXPECT_THAT(refused("name = \"x\""), HasSubstr("no [[factors]]"));
  EXPECT_THAT(refused("nam = 1"), HasSubstr("unknown key 'nam'"));
  EXPECT_THAT(refused("name = \"x\"\n[[factors]]\nname = \"f\"\n[[factors.levels]]\nname = \"off\""),
              HasSubstr("l.toml:2: factor 'f' has one level"));
  EXPECT_THAT(refused("name = ["), HasSubstr("l.toml:1"));
  std::string text = kProducts;
  EXPECT_THAT(refused(text.replace(text.find("\"simd\""), 6, "\"smid\"")), HasSubstr("did you mean simd"));
  text = kProducts;
  EXPECT_THAT(refused(text.replace(text.find("[4, 8]"), 6, "[8, 4]")), HasSubstr("expected must be [low, high]"));
  text = kProducts;
  EXPECT_THAT(refused(text.replace(text.find("\"threading\""), 11, "\"product\"  ")),
              HasSubstr("two factors are named"));
  std::string many = "name = \"x\"\n";
  for (int f = 0; f < 11; ++f) {
    many += fmt::format(
        "[[factors]]\nname = \"f{}\"\nlevels = [{{name = \"off\"}}, {{name = \"on\", techniques = [\"simd\"]}}]\n", f);
  }
  EXPECT_THAT(refused(many), HasSubstr("over 1024 recipes"));
  EXPECT_THAT(refusal([] { read_lattice("no/such.toml"); }), HasSubstr("no/such.toml"));
}

TEST(Lattice, AnUnknownSlotIsRefusedWhenItsRecipeIsMade) {
  BITPROOF_NEEDS_SIMD();
  std::string text = kProducts;
  const Lattice lattice = parse_lattice(text.replace(text.find("=autovec"), 8, "=autovek"), "l.toml");
  EXPECT_THAT(refusal([&] { arm_of(lattice, 1, 1); }), HasSubstr("ternary_matmul/autovec"));
}

}  // namespace
}  // namespace bitproof
