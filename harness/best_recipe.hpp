// The fastest recipe of this machine, found by measuring: what `--recipe best` and "best on N threads" stand for.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "check.hpp"
#include "model.hpp"

namespace bitproof {

struct BestSearch {
  ModelShape shape;
  int threads = 1;
  std::size_t llc_bytes = 32 << 20;
  std::function<void(const std::string& id)> entered{};   // about to be timed
  std::function<void(const std::string& why)> refused{};  // a challenger that its check rejects: it does not compete
};

// Starts from parse_recipe("default") and lets the exact SIMD variants of the two products that read
// the weights challenge it, one after another, on the model's largest matrix and its head: first the main rows, then
// the other rows of the two fastest files; then, with more than one thread, the ways of splitting. A challenger is
// cleared first and wins with the smaller median over passes that alternate with the champion's. Weights are read as a
// token reads them: cold, where those of all layers exceed the last-level cache.
RecipeNames search_best_recipe(const BestSearch& search, Clearance& clearance);

// One variant, ready to be timed.
class Contender {
 public:
  virtual ~Contender() = default;
  virtual double pass_ns() = 0;  // of one pass, timed
};

struct Standing {
  std::string champion;
  std::map<std::string, double> ratio;  // of a contender's time to that of the first champion, chained by their duels
  std::map<std::string, std::string> refused{};  // by NotCleared: id and why
};

// Each challenger meets the champion of the moment in passes that alternate, so that nobody is held against numbers of
// another minute; a tie leaves the champion. At most two contenders exist at a time.
Standing king_of_the_hill(std::string champion, const std::vector<std::string>& challengers,
                          const std::function<std::unique_ptr<Contender>(const std::string& id)>& enter);

}  // namespace bitproof
