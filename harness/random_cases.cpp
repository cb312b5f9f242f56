#include "random_cases.hpp"

#include <fmt/format.h>
#include <rapidcheck/gen/Numeric.h>
#include <rapidcheck/gen/Select.h>
#include <rapidcheck/seq/Create.h>
#include <rapidcheck/shrink/Shrink.h>
#include <rapidcheck/shrinkable/Create.h>
#include <rapidcheck/shrinkable/Operations.h>

#include <algorithm>
#include <set>

#include "error.hpp"
#include "rng.hpp"
#include "trial.hpp"

namespace bitproof {
namespace {

// Largest sizes drawn, by op: what blocks and buffers of kernels are smaller than. All others: kMostOthers.
struct Most {
  const char* op;
  std::int64_t rows, cols, batch, kv_heads, positions;
};
constexpr std::int64_t kMostHeadsInGroup = 4;
constexpr Most kMost[] = {{"attention", 0, 260, 9, 8, 520},        {"dequantize", 9000, 1, 17, 1, 1},
                          {"embedding", 300, 4200, 17, 1, 1},      {"kv_cache", 0, 140, 1, 8, 70},
                          {"rope", 40, 260, 17, 1, 100'000},       {"sampling", 40'000, 1, 1, 1, 1},
                          {"ternary_matmul", 160, 8300, 17, 1, 1}, {"dense_matmul", 160, 8300, 17, 1, 1}};
constexpr Most kMostOthers = {"", 100, 9000, 17, 1, 1};

// Multiply-adds of a case: the slowest kernel then takes milliseconds.
constexpr std::int64_t kMostWork = std::int64_t{1} << 21;

const Most& most(const std::string& op) {
  const auto found = std::find_if(std::begin(kMost), std::end(kMost), [&](const Most& m) { return op == m.op; });
  return found == std::end(kMost) ? kMostOthers : *found;
}

// ---- drawing

std::set<std::int64_t> block_sizes(const std::string& op,
                                   std::int64_t matmul::Kernel<matmul::Weights::ternary>::*ternary,
                                   std::int64_t matmul::Kernel<matmul::Weights::int8>::*int8) {
  std::set<std::int64_t> sizes;
  if (op == "ternary_matmul") {
    for (const auto& v : variants<ternary_matmul::Kernel>()) sizes.insert(v.kernel->*ternary);
  } else if (op == "dense_matmul") {
    for (const auto& v : variants<dense_matmul::Kernel>()) sizes.insert(v.kernel->*int8);
  }
  return sizes;
}

// Sizes up to `largest` where something changes.
std::vector<std::int64_t> edges(std::int64_t largest, const std::set<std::int64_t>& blocks) {
  std::set<std::int64_t> sizes = {1, 3, 5, 7, 11, 13, 19, 29, 37, 53, 67, 97, 131, 197, 389, 769, 1543, 3079, 6151};
  const auto add_around = [&](std::int64_t n) { sizes.insert({n - 1, n, n + 1}); };
  for (std::int64_t n = 2; n <= largest; n *= 2) add_around(n);
  for (const std::int64_t block : blocks) {
    for (const std::int64_t times : {1, 2, 3, 5}) add_around(block * times);
  }
  std::erase_if(sizes, [&](std::int64_t n) { return n < 1 || n > largest; });
  return {sizes.begin(), sizes.end()};
}

class Draw {
 public:
  explicit Draw(const rc::Random& random) : random_(random) {}

  // In 1 .. largest, three in four at an edge.
  std::int64_t size(std::int64_t largest, const std::set<std::int64_t>& blocks = {}) {
    return one_of(4) ? from(rc::gen::elementOf(edges(largest, blocks)))
                     : 1 + from(rc::gen::inRange<std::int64_t>(0, largest));
  }
  // Usually few.
  std::int64_t few(std::int64_t largest) {
    return one_of(2) ? std::min<std::int64_t>(1 + one_of(3), largest) : size(largest);
  }
  std::int64_t one_of(std::int64_t n) { return from(rc::gen::inRange<std::int64_t>(0, n)); }
  std::uint64_t seed() { return 1 + static_cast<std::uint64_t>(one_of(1'000'000)); }

 private:
  template <class T>
  T from(const rc::Gen<T>& generator) {
    return generator(random_.split(), rc::kNominalSize).value();
  }
  rc::Random random_;
};

bool valid(const Case& c) {
  try {
    validate(c, "drawn");
    return true;
  } catch (const BadInput&) {
    return false;
  }
}

std::int64_t work(const Case& c) { return c.rows * c.cols * c.batch * (c.op == "rope" ? 1 : c.positions); }

Case draw_case(const std::string& op, Draw& draw) {
  const Most& largest = most(op);
  const auto known = dimensions(op);
  const auto has = [&](const char* d) { return std::find(known.begin(), known.end(), std::string(d)) != known.end(); };
  Case c{.name = kRandomCase, .op = op};
  if (has("kv_heads")) {
    c.kv_heads = draw.few(largest.kv_heads);
    c.rows = c.kv_heads * draw.few(kMostHeadsInGroup);
  } else if (has("rows")) {
    c.rows = draw.size(largest.rows,
                       block_sizes(op, &ternary_matmul::Kernel::row_multiple, &dense_matmul::Kernel::row_multiple));
  }
  if (has("cols")) {
    c.cols = draw.size(largest.cols,
                       block_sizes(op, &ternary_matmul::Kernel::col_multiple, &dense_matmul::Kernel::col_multiple));
  }
  if (op == "rope") c.cols += c.cols % 2;
  if (has("positions")) c.positions = draw.size(largest.positions);
  if (has("batch")) c.batch = draw.few(has("kv_heads") ? std::min(largest.batch, c.positions) : largest.batch);
  if (has("mode")) c.mode = draw.one_of(2);
  const std::int64_t fills = std::size(kFillNames);
  c.fill = static_cast<Fill>(std::max<std::int64_t>(0, draw.one_of(2 * fills) - fills));  // every other one random
  // Few random inputs may be all alike, and so would be all outputs: a case that proves nothing.
  if (has("cols") && c.cols < 4 && c.fill == Fill::random) c.fill = Fill::extreme;
  c.seed = draw.seed();
  return c;
}

// ---- shrinking

// Steps from a case to simpler ones, the boldest first.
std::vector<Case> simpler(const Case& c) {
  std::vector<Case> all;
  const auto add = [&](Case s) {
    if (valid(s)) all.push_back(std::move(s));
  };
  const auto towards = [](auto from, auto to, auto&& step) {
    for (auto sizes = rc::shrink::towards(from, to); const auto smaller = sizes.next();) step(*smaller);
  };
  for (const char* d : dimensions(c.op)) {
    towards(dimension(c, d), std::int64_t{std::string(d) == "mode" ? 0 : 1}, [&](std::int64_t smaller) {
      Case s = c;
      dimension(s, d) = smaller;
      add(s);
    });
  }
  towards(c.kv_heads, std::int64_t{1}, [&](std::int64_t smaller) {  // whole groups of heads
    Case s = c;
    s.rows = c.rows / c.kv_heads * smaller;
    s.kv_heads = smaller;
    add(s);
  });
  towards(c.rows / c.kv_heads, std::int64_t{1}, [&](std::int64_t smaller) {
    Case s = c;
    s.rows = c.kv_heads * smaller;
    add(s);
  });
  if (c.op == "rope") {
    towards(c.cols / 2, std::int64_t{1}, [&](std::int64_t smaller) {
      Case s = c;
      s.cols = 2 * smaller;
      add(s);
    });
  }
  Case plain = c, first_seed = c;
  plain.fill = Fill::random;
  first_seed.seed = 1;
  if (c.fill != Fill::random) add(plain);
  if (c.seed != 1) add(first_seed);
  return all;
}

CheckResult check_one(const std::string& id, const Case& c) {
  const CheckSummary s = check(std::span(&c, 1), id);
  return s.failures.empty() ? CheckResult{id, c, {}, ""} : s.failures[0];
}

}  // namespace

std::vector<Case> random_cases(const std::string& op, std::int64_t count, std::uint64_t seed) {
  std::uint64_t stream = seed;
  for (const char letter : op) stream = stream_seed(stream, letter);
  Draw draw{rc::Random(stream)};
  std::vector<Case> all;
  while (static_cast<std::int64_t>(all.size()) < count) {
    Case c = draw_case(op, draw);
    if (work(c) <= kMostWork && valid(c)) all.push_back(std::move(c));
  }
  return all;
}

std::vector<Case> random_cases(std::int64_t count, std::uint64_t seed) {
  std::vector<Case> all;
#define BITPROOF_DRAW(op) \
  for (Case & c : random_cases(#op, kIsSlot<op::Kernel> ? (count + 3) / 4 : count, seed)) all.push_back(std::move(c));
  BITPROOF_FOR_EACH_OP(BITPROOF_DRAW)
#undef BITPROOF_DRAW
  return all;
}

Case smallest_failing(const Case& c, const std::function<bool(const Case&)>& fails) {
  const auto tree =
      rc::shrinkable::shrinkRecur(c, [](const Case& from) { return rc::seq::fromContainer(simpler(from)); });
  return rc::shrinkable::findLocalMin(tree, fails).first;
}

void shrink_random_failures(CheckSummary& summary) {
  std::set<std::string> shrunk;
  for (CheckResult& failure : summary.failures) {
    if (failure.c.name != kRandomCase || !shrunk.insert(failure.id).second) continue;
    CheckResult smallest = failure;
    smallest_failing(failure.c, [&](const Case& c) {
      CheckResult result = check_one(failure.id, c);
      const bool same =
          result.verdict.status == failure.verdict.status && result.verdict.check == failure.verdict.check;
      if (same) smallest = std::move(result);
      return same;
    });
    const std::string from = to_string(failure.c);
    if (to_string(smallest.c) == from) continue;
    smallest.verdict.reason += fmt::format(" (shrunk from {})", from);
    failure = std::move(smallest);
  }
}

}  // namespace bitproof
