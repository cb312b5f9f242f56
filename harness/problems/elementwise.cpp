// The ops whose outputs are exact to the bit, element by element: dequantize, residual_add, embedding.
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
        activation_scale(scale_inputs(moderate(c), 3, c.batch)) {
    Rng rng(stream_seed(c.seed, 1));
    for (std::int64_t i = 0; i < c.batch * c.rows; ++i) acc.push_back(sum(rng.next(), i));
  }
  std::int32_t sum(std::uint64_t bits, std::int64_t i) const {
    const auto exact = static_cast<std::int32_t>(bits >> 40) - (1 << 23);  // in float
    switch (c.fill) {
      case Fill::zero:
        return 0;
      case Fill::extreme:
        return static_cast<std::int32_t>(bits);
      case Fill::sparse:
        return (bits & 3) == 0 ? exact : 0;
      case Fill::one_hot:
        return i % c.rows == static_cast<std::int64_t>(c.seed) % c.rows;
      case Fill::integer:
        return exact >> 12;
      default:
        return exact;
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
      : frame(o.placed()),
        stride(frame.stride(in.c.rows)),
        acc(frame.input<std::int32_t>("sums", in.acc, in.c.rows, stride)),
        weight_scale(frame.input<float>("weight scales", in.weight_scale)),
        activation_scale(frame.input<float>("activation scales", in.activation_scale)),
        y(frame.output<float>("output", {in.c.batch, in.c.rows, 1, stride})),
        batch(in.c.batch),
        call{in.c.rows,
             frame.at<std::int32_t>(acc),
             stride,
             frame.at<float>(weight_scale),
             in.c.mode == 1,
             frame.at<float>(activation_scale),
             frame.at<float>(y),
             stride} {}

  template <class Stage>
  void run(const dequantize::Kernel& kernel, Stage& stage) {
    stage.compute({call.rows, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(DequantizeInputs& in) { return judge_equal(in.c, frame.values<float>(y), in.truth()); }
  Cost cost(const DequantizeInputs&) const {
    const auto elements = static_cast<double>(batch * call.rows);
    return {elements, 2 * sizeof(float) * elements};
  }
  std::size_t bytes_read() const { return frame.bytes(acc).size(); }

  Frame frame;
  std::int64_t stride;
  Frame::Handle acc, weight_scale, activation_scale, y;
  std::int64_t batch;
  dequantize::Call call;
};

// ---- residual_add

struct AddInputs {
  explicit AddInputs(const Case& given)
      : c(given),
        h(float_inputs(c, 1, c.cols, c.batch * c.cols, {1e6f, 1e38f})),
        y(float_inputs(c, 2, c.cols, c.batch * c.cols, {1.0f, 1e38f})) {}
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
      : frame(o.placed()),
        stride(frame.stride(in.c.cols)),
        h(frame.in_place<float>("residual stream", in.h, {in.c.batch, in.c.cols, 1, stride})),
        y(frame.input<float>("addend", in.y, in.c.cols, stride)),
        cols(in.c.cols),
        batch(in.c.batch),
        call{frame.at<float>(y), frame.at<float>(h), stride} {}

  template <class Stage>
  void run(const residual_add::Kernel& kernel, Stage& stage) {
    stage.compute({cols, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(AddInputs& in) { return judge_equal(in.c, frame.values<float>(h), in.truth()); }
  Cost cost(const AddInputs&) const {
    const auto elements = static_cast<double>(batch * cols);
    return {elements, 3 * sizeof(float) * elements};
  }
  std::size_t bytes_read() const { return frame.bytes(h).size() + frame.bytes(y).size(); }

  Frame frame;
  std::int64_t stride;
  Frame::Handle h, y;
  std::int64_t cols, batch;
  residual_add::Call call;
};

// ---- embedding

struct EmbeddingInputs {
  explicit EmbeddingInputs(const Case& given)
      : c(given), table(weight_inputs(c, c.rows, c.cols, 127)), row_scale(scale_inputs(c, 2, c.rows)) {
    Rng rng(stream_seed(c.seed, 3));
    for (std::int64_t b = 0; b < c.batch; ++b) {
      tokens.push_back(static_cast<std::int32_t>(
          b == 0 ? c.rows - 1 : static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(c.rows)))));
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
      : frame(o.placed()),
        table(frame.input<std::int8_t>("table", in.table)),
        row_scale(frame.input<float>("row scales", in.row_scale)),
        tokens(frame.input<std::int32_t>("tokens", in.tokens)),
        out(frame.output<float>("output", {in.c.batch, 1, in.c.cols, frame.stride(in.c.cols)})),
        batch(in.c.batch),
        call{in.c.cols,
             frame.at<std::int32_t>(tokens),
             frame.at<std::int8_t>(table),
             frame.at<float>(row_scale),
             frame.at<float>(out),
             frame.stride(in.c.cols)} {}

  template <class Stage>
  void run(const embedding::Kernel& kernel, Stage& stage) {
    stage.compute({1, 1, batch}, [&](Tile t, int) { kernel.run(call, t); });
  }
  Verdict judge(EmbeddingInputs& in) { return judge_equal(in.c, frame.values<float>(out), in.truth()); }
  Cost cost(const EmbeddingInputs&) const {
    const auto elements = static_cast<double>(batch * call.cols);
    return {elements, 5 * elements};
  }
  std::size_t bytes_read() const { return static_cast<std::size_t>(batch * call.cols); }

  Frame frame;
  Frame::Handle table, row_scale, tokens, out;
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
