#include "prediction.hpp"

#include <gmock/gmock.h>

#include "made_up_cells.hpp"
#include "scaling.hpp"
#include "support.hpp"

namespace bitproof {
namespace {

using testing::HasSubstr;

constexpr std::size_t kSimd = 2, kPool = 1;

// A token of 100 ms: 80 ms of products, 15 ms of allocation, 5 ms of the rest.
Cell without(const Lattice& lattice) {
  Cell cell = made_up_cell(lattice, 0, {10, 10});
  cell.ledger[LoopOp::matmul_q].ns = 2 * 80e6;
  cell.ledger[LoopOp::memory].ns = 2 * 15e6;
  cell.ledger[LoopOp::rms_norm].ns = 2 * 5e6;
  return cell;
}

TechniqueCredit credit(Technique t, double measured) {
  const double a[] = {measured, 1.01 * measured, 0.99 * measured}, b[] = {1, 1, 1};
  return {.name = name(t), .technique = t, .alone = ratio_estimate(a, b)};
}

MicroTimes twice_as_fast(const Cell& slow, const Cell& fast) {
  MicroTimes times;
  for (const char* op : {"ternary_matmul", "dense_matmul"}) {
    times[{fast.spec.names.at(op), 1, 1}] = 5;
    times[{slow.spec.names.at(op), 1, 1}] = 10;
  }
  return times;
}

TEST(Prediction, ScalesTheProductsAndLeavesTheRest) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  const Cell none = without(lattice), simd = made_up_cell(lattice, kSimd, {16, 16});
  const auto p = predict(none, simd, credit(Technique::simd, 100.0 / 60), twice_as_fast(none, simd), {});
  ASSERT_TRUE(p.ratio);
  EXPECT_NEAR(*p.ratio, 100.0 / 60, 1e-9);
  EXPECT_NEAR(*p.at_ledger, 100.0 / 60, 1e-9);
  EXPECT_NEAR(p.covered, 0.8, 1e-9);
  EXPECT_THAT(p.gap, HasSubstr("holds the prediction"));
}

TEST(Prediction, ExchangesTheVariantsOfOtherOps) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  const Cell none = without(lattice), simd = made_up_cell(lattice, kSimd, {16, 16});
  MicroTimes times = twice_as_fast(none, simd);
  times[{none.spec.names.at("rms_norm"), 1, 1}] = 100;
  times[{simd.spec.names.at("rms_norm"), 1, 1}] = 20;
  const auto p = predict(none, simd, credit(Technique::simd, 100.0 / 56), times, {});
  EXPECT_NEAR(*p.ratio, 100.0 / 56, 1e-9) << "40 ms of products, 15 of allocation, 1 of norms";
  EXPECT_NEAR(p.covered, 0.85, 1e-9);
}

TEST(Prediction, WhatMemoryForbidsExplainsTheGap) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  const Cell none = without(lattice), simd = made_up_cell(lattice, kSimd, {11, 11});
  std::array<double, kLoopOpCount> least{};
  least[static_cast<std::size_t>(LoopOp::matmul_q)] = 70e6;  // its bytes at the ceiling
  const auto p = predict(none, simd, credit(Technique::simd, 100.0 / 90), twice_as_fast(none, simd), least);
  EXPECT_NEAR(*p.at_ledger, 100.0 / 90, 1e-9);
  EXPECT_THAT(p.gap, HasSubstr("explained by the ledger"));
  const auto unexplained = predict(none, simd, credit(Technique::simd, 1.01), twice_as_fast(none, simd), least);
  EXPECT_THAT(unexplained.gap, HasSubstr("unexplained: measured is 0.91 of predicted"));
}

TEST(Prediction, ThePoolSavesAllocation) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  const Cell none = without(lattice), pool = made_up_cell(lattice, kPool, {12, 12});
  const auto p = predict(none, pool, credit(Technique::memory_pool, 1.18), twice_as_fast(none, none), {});
  EXPECT_NEAR(*p.ratio, 100.0 / 85, 1e-9);
}

TEST(Prediction, WithoutAMicroBenchmarkThereIsNone) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  const Cell none = without(lattice), simd = made_up_cell(lattice, kSimd, {16, 16});
  const auto p = predict(none, simd, credit(Technique::simd, 2), {}, {});
  EXPECT_FALSE(p.ratio);
  EXPECT_THAT(p.why, HasSubstr("ternary_matmul/scalar"));
}

TEST(Prediction, AsksForTheProductsOfNoneAndOfEachAloneAndForOpsThatDiffer) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  std::vector<Cell> cells;
  for (const std::size_t i : corner_cells(lattice.shape())) {
    cells.push_back(made_up_cell(lattice, i, {1}));
    cells.back().depth = 4;
  }
  bool batched = false, single = false, threads = false;
  int attentions = 0;
  for (const BenchmarkSpec& s : prediction_benchmarks(lattice, cells, model_by_name("7b"), true)) {
    const std::int64_t batch = s.cases.at(0).batch;
    const std::string op = s.variants.at(0).substr(0, s.variants[0].find('/'));
    if (!op.ends_with("_matmul")) {
      const std::map<std::string, std::string> sizes = {
          {"embedding", "1024x4096"}, {"rms_norm", "1x4096"},     {"activation_quant", "1x4096"},
          {"rope", "32x128"},         {"attention", "32x128"},    {"gated_ffn", "1x11008"},
          {"dequantize", "4096x1"},   {"residual_add", "1x4096"}, {"sampling", "32000x1"}};
      EXPECT_EQ(fmt::format("{}x{}", s.cases.at(0).rows, s.cases[0].cols), sizes.at(op)) << op;
    }
    if (s.variants[0].starts_with("attention/")) {
      ++attentions;
      EXPECT_EQ(s.variants.size(), 2u) << "of none and of simd";
      EXPECT_EQ(std::tuple(s.cases[0].rows, s.cases[0].positions, batch), std::tuple(32, 5, 5));
      EXPECT_FALSE(s.cold.at(0));
    }
    batched |= batch == 5 && std::ranges::count(s.variants, "ternary_matmul/tmac.scalar");
    single |= batch == 1 && std::ranges::count(s.variants, "ternary_matmul/scalar");  // kv_cache alone
    threads |= s.threads == std::vector<int>{2} && batch == 5;
  }
  EXPECT_TRUE(batched && single && threads);
  EXPECT_EQ(attentions, 1) << "only simd has another";
}

TEST(Scaling, OfAHalfSerialTokenIsKarpAndFlatts) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  Cell one = made_up_cell(lattice, 0, {10, 10, 10}), two = made_up_cell(lattice, 4, {40.0 / 3, 40.0 / 3, 40.0 / 3});
  one.spec.label = "default on 1 thread";
  two.spec.label = "default on 2 threads";
  const Cell cells[] = {two, one};
  const auto points = scaling(cells, 2);
  ASSERT_EQ(points.size(), 2u);
  EXPECT_NEAR(points[1].speedup->geometric_mean, 4.0 / 3, 1e-12);
  EXPECT_NEAR(*points[1].efficiency, 2.0 / 3, 1e-12);
  EXPECT_NEAR(*points[1].serial_fraction, 0.5, 1e-12);
  EXPECT_FALSE(points[1].oversubscribed);
  EXPECT_TRUE(scaling(std::span(cells).first(1), 2).empty()) << "no one thread to hold it against";
}

TEST(Scaling, ModelStopsAtTheBandwidth) {
  BITPROOF_NEEDS_SIMD();
  const Lattice lattice = technique_lattice();
  Cell one = made_up_cell(lattice, 0, {10, 10});  // 100 ms, all of it products
  one.ledger[LoopOp::matmul_q].bytes = 2 * 1e9;   // 1 GB a token
  const int threads[] = {2, 100};
  const auto model = scale_model(one, 50, threads);  // 20 ms at the ceiling
  EXPECT_NEAR(model[0].tok_per_s, 20, 1e-9);
  EXPECT_EQ(model[0].bound_by, "cores");
  EXPECT_NEAR(model[1].tok_per_s, 50, 1e-9);
  EXPECT_EQ(model[1].bound_by, "memory read");
}

}  // namespace
}  // namespace bitproof
