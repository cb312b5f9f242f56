#include "packed_model.hpp"

#include <gmock/gmock.h>

#include <array>
#include <cstring>
#include <set>

#include "support.hpp"

namespace bitproof {
namespace {

const ternary_matmul::Kernel& ternary(const std::string& id) {
  return *find_variant<ternary_matmul::Kernel>(id)->kernel;
}
const dense_matmul::Kernel& dense(const std::string& id) { return *find_variant<dense_matmul::Kernel>(id)->kernel; }

std::vector<std::int8_t> trits(const WeightSource& model, std::int64_t layer, Matrix m) {
  const matmul::Shape s = matrix_shape(model.shape(), m);
  std::vector<std::int8_t> out(static_cast<std::size_t>(s.rows * s.cols));
  model.trits(layer, m, 0, s.rows, out.data());
  return out;
}

PackedModel tiny(std::initializer_list<const ternary_matmul::Kernel*> forms, std::uint64_t seed = 1) {
  const std::vector<const ternary_matmul::Kernel*> list = forms;
  const std::vector<const dense_matmul::Kernel*> heads = {&dense("dense_matmul/scalar")};
  return PackedModel(SyntheticModel(model_by_name("tiny"), seed), list, heads);
}

TEST(SyntheticModel, TritsHaveTheDistributionOfAbsmeanQuantizedGaussians) {
  const SyntheticModel model(model_by_name("tiny"), 1);
  std::array<double, 3> count{};
  double all = 0;
  for (std::int64_t l = 0; l < model.shape().layers; ++l) {
    for (const Matrix m : kMatrices) {
      for (const std::int8_t t : trits(model, l, m)) ++count[static_cast<std::size_t>(t + 1)];
    }
  }
  for (const double n : count) all += n;
  // 1.2 million trits: the standard deviation of each share is 0.0004.
  EXPECT_NEAR(count[1] / all, 0.3125, 0.002);
  EXPECT_NEAR(count[0] / all, 0.34375, 0.002);
  EXPECT_NEAR(count[2] / all, 0.34375, 0.002);
}

TEST(SyntheticModel, NoTwoMatricesAreAlike) {
  const SyntheticModel model(model_by_name("tiny"), 1);
  std::set<std::vector<std::int8_t>> heads;
  for (std::int64_t l = 0; l < model.shape().layers; ++l) {
    for (const Matrix m : kMatrices) {
      std::vector<std::int8_t> w = trits(model, l, m);
      w.resize(100);
      heads.insert(w);
    }
  }
  EXPECT_EQ(heads.size(), static_cast<std::size_t>(model.shape().layers * kMatrixCount));
}

TEST(SyntheticModel, ASeedIsAModel) {
  const SyntheticModel one(model_by_name("tiny"), 1), again(model_by_name("tiny"), 1), two(model_by_name("tiny"), 2);
  EXPECT_EQ(trits(one, 2, Matrix::down), trits(again, 2, Matrix::down));
  EXPECT_NE(trits(one, 2, Matrix::down), trits(two, 2, Matrix::down));
  EXPECT_EQ(one.prompt(10), again.prompt(10));
  EXPECT_NE(one.prompt(10), two.prompt(10));
  EXPECT_EQ(one.norms(1).ffn, again.norms(1).ffn);
}

TEST(SyntheticModel, AnyBlockOfRowsIsTheSameRows) {
  const SyntheticModel model(model_by_name("tiny"), 1);
  const std::int64_t cols = matrix_shape(model.shape(), Matrix::gate).cols;
  const std::vector<std::int8_t> all = trits(model, 1, Matrix::gate);
  std::vector<std::int8_t> part(static_cast<std::size_t>(7 * cols));
  model.trits(1, Matrix::gate, 13, 20, part.data());
  EXPECT_EQ(std::memcmp(part.data(), all.data() + 13 * cols, part.size()), 0);
}

TEST(SyntheticModel, AHeadOfItsOwnDiffersFromTheEmbedding) {
  ModelShape shape = model_by_name("tiny");
  std::vector<std::int8_t> table(static_cast<std::size_t>(shape.vocab * shape.hidden)), head = table;
  for (const bool tied : {true, false}) {
    shape.tied_head = tied;
    const SyntheticModel model(shape, 1);
    model.embedding(0, shape.vocab, table.data());
    model.head(0, shape.vocab, head.data());
    EXPECT_EQ(table == head, tied);
    EXPECT_EQ(model.head_scale() == model.embedding_scale(), tied);
  }
}

TEST(SyntheticModel, UnknownNamesAreRefused) {
  EXPECT_THAT(refusal([] { model_by_name("8b"); }),
              testing::AllOf(testing::HasSubstr("no model is named '8b'"), testing::HasSubstr("llama3-8b, tiny")));
}

// Threads made it in blocks; one thread makes it here in one go.
TEST(PackedModel, IsTheSameHoweverManyThreadsMadeIt) {
  const ternary_matmul::Kernel& kernel = ternary("ternary_matmul/tmac.scalar");
  const PackedModel model = tiny({&kernel});
  const PackedTernary& packed = model.ternary(kernel);
  for (std::int64_t l = 0; l < model.shape().layers; ++l) {
    for (const Matrix m : kMatrices) {
      const matmul::Shape shape = matrix_shape(model.shape(), m);
      const std::vector<std::int8_t> w = trits(model.model(), l, m);
      ASSERT_EQ(packed.matrix_bytes(m), kernel.packed_bytes(shape));
      std::vector<std::byte> want(packed.matrix_bytes(m));
      kernel.pack(shape, w.data(), 0, shape.rows, want.data());
      ASSERT_EQ(std::memcmp(packed.matrix(l, m), want.data(), want.size()), 0) << "layer " << l;
    }
  }
  const dense_matmul::Kernel& head_kernel = dense("dense_matmul/scalar");
  const matmul::Shape head_shape{model.shape().vocab, model.shape().hidden};
  std::vector<std::int8_t> table(static_cast<std::size_t>(head_shape.rows * head_shape.cols));
  model.model().embedding(0, head_shape.rows, table.data());
  EXPECT_EQ(std::memcmp(model.embedding(), table.data(), table.size()), 0);
  std::vector<std::byte> want(model.head(head_kernel).bytes);
  head_kernel.pack(head_shape, table.data(), 0, head_shape.rows, want.data());
  EXPECT_EQ(std::memcmp(model.head(head_kernel).storage.data(), want.data(), want.size()), 0);
}

TEST(PackedModel, VariantsWithOnePackShareOneForm) {
  const auto& plain = ternary("ternary_matmul/scalar");
  const auto& prefetching = ternary("ternary_matmul/scalar:pf8");
  const auto& look_up = ternary("ternary_matmul/tmac.scalar");
  ASSERT_EQ(plain.pack, prefetching.pack);
  const PackedModel model = tiny({&plain, &prefetching, &look_up});
  EXPECT_EQ(&model.ternary(plain), &model.ternary(prefetching));
  EXPECT_NE(&model.ternary(plain), &model.ternary(look_up));
}

TEST(PackedModel, AFormThatWasNotAskedForIsAnError) {
  const PackedModel model = tiny({&ternary("ternary_matmul/scalar")});
  EXPECT_THROW(model.ternary(ternary("ternary_matmul/tmac.scalar")), std::logic_error);
}

TEST(PackedModel, MatricesStartCacheLinesAndDoNotOverlap) {
  for (const auto& v : variants<ternary_matmul::Kernel>()) {
    if (!v.runnable()) continue;
    const PackedModel model = tiny({v.kernel});
    const PackedTernary& packed = model.ternary(*v.kernel);
    const std::byte* end = packed.matrix(0, Matrix::q);
    for (std::int64_t l = 0; l < model.shape().layers; ++l) {
      for (const Matrix m : kMatrices) {
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(packed.matrix(l, m)) % 64, 0u) << v.id;
        EXPECT_GE(packed.matrix(l, m), end) << v.id;
        end = packed.matrix(l, m) + packed.matrix_bytes(m);
      }
    }
    const auto total = static_cast<std::ptrdiff_t>(PackedTernary::total_bytes(model.shape(), *v.kernel));
    EXPECT_LE(end - packed.matrix(0, Matrix::q), total) << v.id;
  }
}

TEST(PackedModel, StreamsTheBytesThatItHolds) {
  const auto& kernel = ternary("ternary_matmul/scalar");
  const auto& head = dense("dense_matmul/scalar");
  const PackedModel model = tiny({&kernel});
  const WeightBytes bytes = model.weight_bytes(kernel, head);
  EXPECT_EQ(bytes.gate, static_cast<double>(kernel.packed_bytes(matrix_shape(model.shape(), Matrix::gate))));
  EXPECT_EQ(bytes.down, static_cast<double>(kernel.packed_bytes(matrix_shape(model.shape(), Matrix::down))));
  EXPECT_EQ(bytes.head, static_cast<double>(head.packed_bytes({model.shape().vocab, model.shape().hidden})));
}

TEST(PackedModel, RefusesWhatDoesNotFitBeforeItTouchesMemory) {
  ModelShape shape = model_by_name("7b");
  shape.layers = 1'000'000;
  shape.sub_norms = false;
  shape.hidden = 2;  // keeps the norms of a million layers small
  const std::vector<const ternary_matmul::Kernel*> forms = {&ternary("ternary_matmul/scalar")};
  const std::vector<const dense_matmul::Kernel*> heads = {&dense("dense_matmul/scalar")};
  EXPECT_THAT(refusal([&] { PackedModel model(SyntheticModel(shape, 1), forms, heads); }),
              testing::AllOf(testing::HasSubstr("1 packed form(s) and caches need"),
                             testing::HasSubstr("a smaller --depth, --batch or --model")));
}

}  // namespace
}  // namespace bitproof
