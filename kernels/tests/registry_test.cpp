#include "registry.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <set>

namespace bitproof {
namespace {

TEST(Registry, IdsAreUniqueAndWellFormed) {
  std::set<std::string> seen;
  for (const Variant& v : all_variants()) {
    EXPECT_THAT(v.id, testing::MatchesRegex("[a-z][a-z0-9_]*/[a-z][a-z0-9_.]*(:[a-z0-9_]+)?"));
    EXPECT_TRUE(v.id.starts_with(v.op + "/")) << v.id << " in " << v.op;
    EXPECT_TRUE(seen.insert(v.id).second) << v.id << " twice";
  }
  EXPECT_FALSE(seen.empty());
}

TEST(Registry, EveryOpHasAVariantForEveryMachine) {
  ASSERT_FALSE(all_ops().empty());
  for (const std::string op : all_ops()) {
    const auto baseline = [&](const Variant& v) { return v.op == op && v.features == 0; };
    EXPECT_TRUE(std::ranges::any_of(all_variants(), baseline)) << op;
  }
}

TEST(Registry, ScalarAndBaselineNeedNoExtension) {
  for (const Variant& v : all_variants()) {
    const bool plain = v.isa == "scalar" || v.isa == "baseline";
    EXPECT_TRUE(!plain || v.features == 0) << v.id;
  }
}

TEST(Registry, AnIsaInTheNameIsAmongTheFeatures) {
  for (const Variant& v : all_variants()) {
    const auto needs = [&](Feature f) { return (v.features & static_cast<Features>(f)) != 0; };
    EXPECT_TRUE(v.isa != "avx2" || (needs(Feature::avx2) && !needs(Feature::avx512f))) << v.id;
    EXPECT_TRUE(!v.isa.starts_with("avx512") || needs(Feature::avx512f)) << v.id;
    EXPECT_TRUE(v.isa != "avx512vnni" || needs(Feature::avx512vnni)) << v.id;
    EXPECT_TRUE(v.isa != "avx512vbmi" || needs(Feature::avx512vbmi)) << v.id;
  }
}

TEST(Registry, SaysWhyAVariantCannotRun) {
  for (const Variant& v : all_variants()) EXPECT_EQ(v.reason().empty(), v.runnable()) << v.id;

  for (std::uint32_t bit = 1; bit <= static_cast<Features>(Feature::vpclmulqdq); bit <<= 1) {
    const Variant v{"op/some", "op", "some", bit, nullptr};
    ASSERT_EQ(feature_names(bit).size(), 1u) << "feature bit " << bit << " has no name";
    EXPECT_EQ(v.runnable(), (machine_features() & bit) != 0);
    EXPECT_EQ(v.reason().ends_with(" lacks " + feature_names(bit)[0]), !v.runnable());
  }
}

TEST(Registry, DescribesEveryVariant) {
  for (const Variant& v : all_variants()) {
    EXPECT_STRNE(v.info->note, "") << v.id;
    EXPECT_EQ(v.info->nmse_bound > 0, v.info->exactness == Exactness::approximate) << v.id;
  }
}

template <class Kernel>
void expect_all_found() {
  for (const auto& v : variants<Kernel>()) {
    const auto* found = find_variant<Kernel>(v.id);
    ASSERT_NE(found, nullptr) << v.id;
    EXPECT_EQ(found->kernel, v.kernel) << v.id;
  }
  EXPECT_EQ(find_variant<Kernel>(""), nullptr);
  EXPECT_EQ(find_variant<Kernel>("no_such_op/scalar"), nullptr);
}

TEST(Registry, FindsEveryVariantById) {
#define EXPECT_ALL_FOUND(op) expect_all_found<op::Kernel>();
  BITPROOF_FOR_EACH_OP(EXPECT_ALL_FOUND)
#undef EXPECT_ALL_FOUND
}

TEST(Registry, NamesTechniquesApart) {
  std::set<std::string> names;
  for (int t = 0; t < kTechniqueCount; ++t) names.insert(name(static_cast<Technique>(t)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(kTechniqueCount));
}

}  // namespace
}  // namespace bitproof
