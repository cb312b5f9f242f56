// The ops whose outputs are exact to the bit, element by element: dequantize, residual_add, embedding.
#include "buffer.hpp"
#include "inputs.hpp"
#include "instances.hpp"
#include "judge.hpp"
#include "reference/dequantize.hpp"
#include "reference/embedding.hpp"
#include "reference/residual_add.hpp"
#include "rng.hpp"

namespace bitproof {
namespace {

// ---- dequantize: mode 0 has one weight scale, mode 1 one a row

struct DequantizeInputs {
  explicit DequantizeInputs(const Case& given)
      : c(given),
        weight_scale(scale_inputs(c, 2, c.mode ? c.rows : 1)),
        activation_scale(scale_inputs(c, 3, c.batch)) {
    Rng rng(stream_seed(c.seed, 1));
    for (std::int64_t i = 0; i < c.batch * c.rows; ++i) {
      const auto sum = static_cast<std::int32_t>(rng.next() >> 40) - (1 << 23);  // exact in float
      const auto any = static_cast<std::int32_t>(rng.next());
      acc.push_back(c.fill == Fill::zero ? 0 : c.fill == Fill::random ? sum : any);
    }
  }
  const std::vector<float>& truth() {
    return lazy.get([&] { return reference::dequantize(c.rows, acc, weight_scale, activation_scale); });
  }

  const Case c;
  std::vector<std::int32_t> acc;
  std::vector<float> weight_scale, activation_scale;
  Lazy<std::vector<float>> lazy;
};

struct DequantizeInstance {
  DequantizeInstance(const DequantizeInputs& in, const dequantize::Kernel&, const WorkloadOptions& o)
      : acc(in.acc, o.guarded),
        weight_scale(in.weight_scale, o.guarded),
        activation_scale(in.activation_scale, o.guarded),
        y(in.c.rows, in.c.batch, o.guarded),
        batch(in.c.batch),
        call{in.c.rows,       acc.data(),    in.c.rows, weight_scale.data(), in.c.mode == 1, activation_scale.data(),
             y.data(), y.stride()} {}

  void poison() { y.poison(); }
  void run(const dequantize::Kernel& kernel, Team& team) {
    team.for_tiles({call.rows, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(DequantizeInputs& in) {
    if (y.strayed()) return Verdict::failed("wrote outside its output");
    if (!acc.equals(in.acc)) return Verdict::failed("changed its input");
    return judge_equal(in.c, y.values(), in.truth());
  }
  Cost cost(const DequantizeInputs&) const { return {static_cast<double>(acc.span().size()), static_cast<double>(2 * acc.bytes())}; }
  std::size_t bytes_read() const { return acc.bytes(); }

  Buffer<std::int32_t> acc;
  Buffer<float> weight_scale, activation_scale;
  Output<float> y;
  std::int64_t batch;
  dequantize::Call call;
};

// ---- residual_add

struct AddInputs {
  explicit AddInputs(const Case& given)
      : c(given), h(float_inputs(c, 1, c.batch * c.cols, 1e6f)), y(float_inputs(c, 2, c.batch * c.cols, 1.0f)) {}
  const std::vector<float>& truth() {
    return lazy.get([&] { return reference::residual_add(h, y); });
  }

  const Case c;
  std::vector<float> h, y;
  Lazy<std::vector<float>> lazy;
};

struct AddInstance {
  static constexpr bool kInPlace = true;

  AddInstance(const AddInputs& in, const residual_add::Kernel&, const WorkloadOptions& o)
      : original(in.h), h(in.h, o.guarded), y(in.y, o.guarded), cols(in.c.cols), batch(in.c.batch),
        call{y.data(), h.data(), in.c.cols} {}

  void poison() { h.assign(original); }
  void run(const residual_add::Kernel& kernel, Team& team) {
    team.for_tiles({cols, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(AddInputs& in) {
    if (!h.margins_intact()) return Verdict::failed("wrote outside its output");
    if (!y.equals(in.y)) return Verdict::failed("changed its input");
    return judge_equal(in.c, std::vector<float>(h.span().begin(), h.span().end()), in.truth());
  }
  Cost cost(const AddInputs&) const { return {static_cast<double>(h.span().size()), static_cast<double>(3 * h.bytes())}; }
  std::size_t bytes_read() const { return h.bytes() + y.bytes(); }

  std::vector<float> original;
  Buffer<float> h, y;
  std::int64_t cols, batch;
  residual_add::Call call;
};

// ---- embedding

struct EmbeddingInputs {
  explicit EmbeddingInputs(const Case& given)
      : c(given), table(weight_inputs(c, c.rows, c.cols, 127)), row_scale(scale_inputs(c, 2, c.rows)) {
    Rng rng(stream_seed(c.seed, 3));
    for (std::int64_t b = 0; b < c.batch; ++b) {
      tokens.push_back(static_cast<std::int32_t>(b == 0 ? c.rows - 1 : static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(c.rows)))));
    }
  }
  const std::vector<float>& truth() {
    return lazy.get([&] { return reference::embedding(c.cols, tokens, table, row_scale); });
  }

  const Case c;
  std::vector<std::int8_t> table;
  std::vector<float> row_scale;
  std::vector<std::int32_t> tokens;
  Lazy<std::vector<float>> lazy;
};

struct EmbeddingInstance {
  EmbeddingInstance(const EmbeddingInputs& in, const embedding::Kernel&, const WorkloadOptions& o)
      : table(in.table, o.guarded), row_scale(in.row_scale, o.guarded), tokens(in.tokens, o.guarded),
        out(in.c.cols, in.c.batch, o.guarded), batch(in.c.batch),
        call{in.c.cols, tokens.data(), table.data(), row_scale.data(), out.data(), out.stride()} {}

  void poison() { out.poison(); }
  void run(const embedding::Kernel& kernel, Team& team) {
    team.for_tiles({1, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(EmbeddingInputs& in) {
    if (out.strayed()) return Verdict::failed("wrote outside its output");
    if (!table.equals(in.table) || !tokens.equals(in.tokens)) return Verdict::failed("changed its input");
    return judge_equal(in.c, out.values(), in.truth());
  }
  Cost cost(const EmbeddingInputs&) const {
    const auto elements = static_cast<double>(batch * call.cols);
    return {elements, 5 * elements};
  }
  std::size_t bytes_read() const { return static_cast<std::size_t>(batch * call.cols); }

  Buffer<std::int8_t> table;
  Buffer<float> row_scale;
  Buffer<std::int32_t> tokens;
  Output<float> out;
  std::int64_t batch;
  embedding::Call call;
};

}  // namespace

template <>
std::unique_ptr<Problem<dequantize::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<dequantize::Kernel, DequantizeInputs, DequantizeInstance>>(c);
}
template <>
std::unique_ptr<Problem<residual_add::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<residual_add::Kernel, AddInputs, AddInstance>>(c);
}
template <>
std::unique_ptr<Problem<embedding::Kernel>> make_problem(const Case& c) {
  return std::make_unique<InstanceProblem<embedding::Kernel, EmbeddingInputs, EmbeddingInstance>>(c);
}

}  // namespace bitproof
