#include "best_recipe.hpp"

#include <gmock/gmock.h>

#include "support.hpp"
#include "synthetic_model.hpp"

namespace bitproof {
namespace {

Techniques stated_recipe() {
  const Techniques best = parse_recipe("default");
  return machine_has_simd() ? best : best.without(Technique::simd);
}

using Times = std::map<std::string, std::vector<double>>;  // of passes, over and over

class Scripted : public Contender {
 public:
  explicit Scripted(const std::vector<double>& passes) : passes_(passes) {}
  double pass_ns() override { return passes_[next_++ % passes_.size()]; }

 private:
  const std::vector<double>& passes_;
  std::size_t next_ = 0;
};

Standing contest(const Times& times, const std::string& champion, const std::vector<std::string>& challengers) {
  return king_of_the_hill(champion, challengers,
                          [&](const std::string& id) { return std::make_unique<Scripted>(times.at(id)); });
}

TEST(KingOfTheHill, TheFastestWinsInAnyOrder) {
  const Times times = {{"a", {100}}, {"b", {80}}, {"c", {90}}, {"d", {50}}};
  for (const auto& order : {std::vector<std::string>{"b", "c", "d"}, {"d", "c", "b"}, {"c", "d", "b"}}) {
    EXPECT_EQ(contest(times, "a", order).champion, "d");
  }
}

TEST(KingOfTheHill, RatiosAreToTheFirstChampion) {
  const Standing standing = contest({{"a", {100}}, {"b", {80}}, {"c", {40}}, {"d", {60}}}, "a", {"b", "c", "d"});
  EXPECT_NEAR(standing.ratio.at("b"), 0.8, 1e-12);
  EXPECT_NEAR(standing.ratio.at("c"), 0.4, 1e-12);
  EXPECT_NEAR(standing.ratio.at("d"), 0.6, 1e-12);
}

TEST(KingOfTheHill, ATieOrOneLuckyPassLeavesTheChampion) {
  EXPECT_EQ(contest({{"a", {100}}, {"b", {99.5}}}, "a", {"b"}).champion, "a");
  EXPECT_EQ(contest({{"a", {100}}, {"b", {120, 10, 120}}}, "a", {"b"}).champion, "a");
}

TEST(KingOfTheHill, TheChampionDoesNotMeetItself) {
  const Standing standing = contest({{"a", {100}}}, "a", {"a"});
  EXPECT_EQ(standing.champion, "a");
  EXPECT_EQ(standing.ratio.size(), 1u);
}

TEST(KingOfTheHill, WhoIsNotClearedDoesNotCompete) {
  const Times times = {{"a", {100}}, {"c", {90}}};
  const Standing standing = king_of_the_hill("a", {"b", "c"}, [&](const std::string& id) {
    if (id == "b") throw NotCleared("b is FAILED");
    return std::make_unique<Scripted>(times.at(id));
  });
  EXPECT_EQ(standing.champion, "c");
  EXPECT_EQ(standing.refused, (std::map<std::string, std::string>{{"b", "b is FAILED"}}));
}

TEST(BestRecipe, AModelThatFitsTheCacheKeepsTheDefault) {
  Clearance clearance;
  const RecipeNames names = search_best_recipe({model_by_name("tiny"), 1}, clearance);
  EXPECT_EQ(names, recipe_names(stated_recipe().without(Technique::threading)));
  EXPECT_EQ(clearance.cases(), 0) << "nothing was timed, so nothing was cleared";
}

}  // namespace
}  // namespace bitproof
