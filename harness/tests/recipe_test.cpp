#include "recipe.hpp"

#include <gmock/gmock.h>

#include <set>

#include "error.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

const Variant& variant(const std::string& id) {
  for (const Variant& v : all_variants()) {
    if (v.id == id) return v;
  }
  throw std::out_of_range(id);
}

TEST(Recipes, All64SubsetsAreDistinctAndAreWhatTheySay) {
  BITPROOF_NEEDS_SIMD();
  std::set<RecipeNames> distinct;
  for (const Techniques set : all_subsets()) {
    const RecipeNames names = recipe_names(set);
    EXPECT_EQ(techniques_of(names), set) << recipe_name(set);
    EXPECT_EQ(names.size(), all_ops().size());
    distinct.insert(names);
  }
  EXPECT_EQ(distinct.size(), 64u);
}

TEST(Recipes, WithAnotherElementChangeTheCacheAndItsReader) {
  RecipeNames names = recipe_names(kNoTechniques.with(Technique::kv_cache));
  const RecipeNames floats = names;
  apply_kv(names, "q8");
  EXPECT_EQ(names.at("kv_cache"), "kv_cache/ring:q8");
  EXPECT_EQ(names.at("attention"), "attention/scalar:q8");
  apply_kv(names, "f16");
  EXPECT_EQ(names.at("attention"), "attention/scalar:f16");
  apply_kv(names, "f32");
  EXPECT_EQ(names, floats);
  EXPECT_THROW(apply_kv(names, "q4"), BadInput);
}

TEST(Recipes, NeverChooseAutovecOrApproximationsOrWhatCannotRun) {
  BITPROOF_NEEDS_SIMD();
  for (const Techniques set : all_subsets()) {
    for (const auto& [op, id] : recipe_names(set)) {
      EXPECT_EQ(variant(id).op, op);
      EXPECT_NE(variant(id).isa, "autovec") << id;
      EXPECT_EQ(variant(id).info->exactness, Exactness::exact) << id;
      EXPECT_TRUE(variant(id).runnable()) << id;
    }
  }
}

TEST(Recipes, NoneIsScalarEverywhere) {
  for (const auto& [op, id] : recipe_names(kNoTechniques)) {
    const char* plain = op == "memory"      ? "memory/malloc"
                        : op == "threading" ? "threading/serial"
                                            : "kv_cache/recompute";
    const bool slot = op == "memory" || op == "threading" || op == "kv_cache";
    EXPECT_EQ(id, slot ? plain : op + "/scalar");
  }
}

TEST(Recipes, AllMovesEverySlot) {
  BITPROOF_NEEDS_SIMD();
  const RecipeNames none = recipe_names(kNoTechniques), all = recipe_names(kAllTechniques);
  for (const auto& [op, id] : all) EXPECT_NE(id, none.at(op)) << op;
  EXPECT_EQ(all.at("memory"), "memory/pool");
  EXPECT_EQ(all.at("kv_cache"), "kv_cache/ring");
  EXPECT_EQ(all.at("threading"), "threading/omp_static");
}

TEST(Recipes, OneTechniqueMovesOnlyItsOwnSlots) {
  BITPROOF_NEEDS_SIMD();
  const RecipeNames none = recipe_names(kNoTechniques);
  const auto moved = [&](Technique t) {
    std::set<std::string> ops;
    for (const auto& [op, id] : recipe_names(Techniques{}.with(t))) {
      if (id != none.at(op)) ops.insert(op);
    }
    return ops;
  };
  using Ops = std::set<std::string>;
  EXPECT_EQ(moved(Technique::memory_pool), Ops{"memory"});
  EXPECT_EQ(moved(Technique::threading), Ops{"threading"});
  EXPECT_EQ(moved(Technique::kv_cache), Ops{"kv_cache"});
  EXPECT_EQ(moved(Technique::tmac), Ops{"ternary_matmul"});
  EXPECT_TRUE(moved(Technique::prefetch).contains("ternary_matmul"));
  EXPECT_EQ(moved(Technique::simd).size(), all_ops().size() - 3) << "every arithmetic op";
}

TEST(Recipes, CreditNoTechniqueWithADenserFormat) {
  for (const Techniques set : all_subsets()) {
    if (!runs_here(set)) continue;
    const std::string product = recipe_names(set).at("ternary_matmul");
    EXPECT_THAT(product, AnyOf(StartsWith("ternary_matmul/scalar"), StartsWith("ternary_matmul/direct."),
                               StartsWith("ternary_matmul/tmac.")))
        << recipe_name(set);
    const std::string row = product.find(':') == std::string::npos ? "" : product.substr(product.find(':') + 1);
    EXPECT_EQ(row, set.has(Technique::prefetch) ? kPrefetchRow : "") << product;
  }
}

TEST(RecipeText, IsRead) {
  EXPECT_EQ(parse_recipe("none"), kNoTechniques);
  EXPECT_EQ(parse_recipe("all"), kAllTechniques);
  EXPECT_EQ(parse_recipe("default"), kAllTechniques.without(Technique::tmac).without(Technique::prefetch));
  EXPECT_EQ(parse_recipe("simd,tmac"), Techniques{}.with(Technique::simd).with(Technique::tmac));
  for (const Techniques set : all_subsets()) EXPECT_EQ(parse_recipe(recipe_name(set)), set) << recipe_name(set);
}

TEST(RecipeText, IsRefusedWithTheNearestName) {
  EXPECT_THAT(refusal([] { parse_recipe("tmack"); }),
              AllOf(HasSubstr("no technique is named 'tmack'"), HasSubstr("did you mean tmac?")));
  EXPECT_THAT(refusal([] { parse_recipe("simd,pool"); }), HasSubstr("'pool'"));
  EXPECT_THAT(refusal([] { parse_recipe(""); }), HasSubstr("empty"));
  EXPECT_THAT(refusal([] { parse_recipe("simd,,tmac"); }), HasSubstr("no technique is named ''"));
  EXPECT_THAT(refusal([] { parse_recipe("best"); }), HasSubstr("write default"));
  EXPECT_THAT(refusal([] { parse_recipe("None"); }), HasSubstr("no technique is named 'None'"));
}

TEST(Slot, ReplacesOneVariant) {
  RecipeNames names = recipe_names(kNoTechniques);
  apply_slot(names, "kv_cache=contiguous");
  apply_slot(names, "memory=memory/pool");
  apply_slot(names, "ternary_matmul=tmac.scalar:pf8");
  EXPECT_EQ(names.at("kv_cache"), "kv_cache/contiguous");
  EXPECT_EQ(names.at("memory"), "memory/pool");
  EXPECT_EQ(names.at("ternary_matmul"), "ternary_matmul/tmac.scalar:pf8");
  const Techniques want = techniques(Technique::kv_cache, Technique::memory_pool, Technique::tmac, Technique::prefetch);
  EXPECT_EQ(techniques_of(names), want);
}

TEST(Slot, IsRefusedWithTheNearestName) {
  RecipeNames names = recipe_names(kNoTechniques);
  const RecipeNames before = names;
  const auto refused = [&](const char* slot) { return refusal([&] { apply_slot(names, slot); }); };
  EXPECT_THAT(refused("memory"), HasSubstr("'memory' is not op=variant"));
  EXPECT_THAT(refused("memry=pool"), AllOf(HasSubstr("no op is named 'memry'"), HasSubstr("did you mean memory?")));
  EXPECT_THAT(refused("memory=pol"),
              AllOf(HasSubstr("no variant is named 'memory/pol'"), HasSubstr("did you mean memory/pool?")));
  EXPECT_THAT(refused("memory="), HasSubstr("no variant is named 'memory/'"));
  EXPECT_EQ(names, before) << "a refused slot changes nothing";
}

}  // namespace
}  // namespace bitproof
