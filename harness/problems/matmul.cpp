// ternary_matmul and dense_matmul: bit-equal to exact integers, or within a published NMSE.
#include "matmul.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "inputs.hpp"
#include "instances.hpp"
#include "judge.hpp"
#include "reference/matmul.hpp"
#include "round_up.hpp"

namespace bitproof {
namespace {

template <matmul::Weights kWeights>
struct Inputs {
  explicit Inputs(const Case& given)
      : c(given),
        weights(std::make_shared<const std::vector<std::int8_t>>(
            weight_inputs(c, c.rows, c.cols, kWeights == matmul::Weights::ternary ? 1 : 127))),
        w(*weights),
        x(int8_inputs(c, 1)) {}
  Inputs(const Inputs& first, const Case& other)
      : c(other), weights(first.weights), w(*weights), x(int8_inputs(c, 1)) {}

  const std::vector<std::int32_t>& truth() {
    return lazy.get([&] {
      std::vector<std::int32_t> y(static_cast<std::size_t>(c.batch * c.rows));
      reference::integer_matmul({c.rows, c.cols}, w, x, y);
      return y;
    });
  }

  const Case c;
  const std::shared_ptr<const std::vector<std::int8_t>> weights;
  const std::vector<std::int8_t>& w;
  std::vector<std::int8_t> x;
  Lazy<std::vector<std::int32_t>> lazy;
};

template <matmul::Weights kWeights>
struct Instance {
  using Kernel = matmul::Kernel<kWeights>;

  Instance(const Inputs<kWeights>& in, const Kernel& kernel, const WorkloadOptions& options, Origin<Instance> from)
      : info(kernel.info),
        shape{in.c.rows, in.c.cols},
        frame(options.placed()),
        packed_bytes(kernel.packed_bytes(shape)),
        packed(frame.constant("packed weights", from.shared ? 0 : packed_bytes)),
        prepared(
            frame.intermediate("prepared bytes", from.shared ? 0 : kernel.prepared_bytes(shape.cols, in.c.batch))) {
    const std::int64_t stride = round_up(shape.cols, kernel.col_multiple), y_stride = frame.stride(shape.rows);
    std::vector<std::int8_t> padded(static_cast<std::size_t>(in.c.batch * stride), 0);
    for (std::int64_t b = 0; b < in.c.batch; ++b) {
      std::copy_n(in.x.begin() + b * shape.cols, shape.cols, padded.begin() + b * stride);
    }
    x = frame.input<std::int8_t>("activations", padded);
    y = frame.output<std::int32_t>("output", {in.c.batch, shape.rows, 1, y_stride});
    if (from.shared) {
      scratch = from.first->scratch;
    } else {
      for (int t = 0; t < options.threads; ++t) {
        scratch.push_back(bytes_at(frame.scratch("scratch", kernel.scratch_bytes(shape, in.c.batch))));
      }
      if (from.first) {
        std::copy_n(from.first->bytes_at(from.first->packed), packed_bytes, bytes_at(packed));
      } else {
        pack(in, kernel, options.pack_parts);
      }
      frame.settle(packed);
    }
    const Instance& home = from.shared ? *from.first : *this;
    prepare_to = home.bytes_at(home.prepared);
    call = {shape,
            home.bytes_at(home.packed),
            {frame.template at<std::int8_t>(x), in.c.batch, shape.cols, stride},
            prepare_to,
            frame.template at<std::int32_t>(y),
            y_stride};
  }

  // In so many ranges of rows, the last first, as the threads that make a model may. Each finds its own rows only.
  void pack(const Inputs<kWeights>& in, const Kernel& kernel, int parts) {
    const std::int64_t blocks = (shape.rows + kernel.row_multiple - 1) / kernel.row_multiple;
    for (int part = parts - 1; part >= 0; --part) {
      const std::int64_t row0 = blocks * part / parts * kernel.row_multiple;
      const std::int64_t row1 = std::min(blocks * (part + 1) / parts * kernel.row_multiple, shape.rows);
      if (row0 == row1) continue;
      const std::span<const std::int8_t> rows(&in.w[static_cast<std::size_t>(row0 * shape.cols)],
                                              static_cast<std::size_t>((row1 - row0) * shape.cols));
      const std::int8_t* w =
          frame.checking() ? frame.template at<std::int8_t>(frame.input("weights", rows)) : rows.data();
      frame.run([&] { kernel.pack(shape, w, row0, row1, bytes_at(packed)); });
    }
  }

  template <class Stage>
  void run(const Kernel& kernel, Stage& stage) {
    const int parts = stage.threads();
    stage.for_tiles({parts, 1, 1}, [&](Tile t, int) {
      for (std::int64_t part = t.row0; part < t.row1; ++part) {
        kernel.prepare(call.input, prepare_to, static_cast<int>(part), parts);
      }
    });
    stage.settle(prepared);
    stage.compute({shape.rows, kernel.row_multiple, call.input.batch},
                  [&](Tile t, int thread) { kernel.multiply(call, t, scratch[static_cast<std::size_t>(thread)]); });
  }

  // An exact form cannot hold its weights in fewer bits than their entropy: log2(3) a trit, log2(255) an int8.
  bool too_small() const {
    const double bits = kWeights == matmul::Weights::ternary ? 1.5849 : 7.994;
    const double weights = static_cast<double>(shape.rows) * static_cast<double>(shape.cols);
    return info.exactness == Exactness::exact && 8.0 * static_cast<double>(packed_bytes) < bits * weights;
  }

  Verdict judge(Inputs<kWeights>& in) {
    if (too_small()) {
      return Verdict::failed("declares fewer packed bytes than its weights have information", "packed size");
    }
    const std::vector<std::int32_t> got = frame.template values<std::int32_t>(y);
    if (info.exactness == Exactness::exact) return judge_equal(in.c, got, in.truth());
    if (info.weight_error == 0) return judge_nmse(in.c, got, in.truth(), info.nmse_bound);
    // Every output has a bound of its own; of the published mean many random ones are needed.
    if (Verdict v = within_weight_error(in, got); !v.ok()) return v;
    return should_vary(in.c, got.size()) ? judge_nmse(in.c, got, in.truth(), info.nmse_bound) : Verdict::pass();
  }

  Verdict within_weight_error(Inputs<kWeights>& in, const std::vector<std::int32_t>& got) const {
    const auto& want = in.truth();
    for (std::size_t i = 0; i < got.size(); ++i) {
      const auto row = in.x.begin() + static_cast<std::int64_t>(i) / shape.rows * shape.cols;
      const double sum = std::accumulate(row, row + shape.cols, 0.0, [](double s, int v) { return s + std::abs(v); });
      if (std::abs(static_cast<double>(got[i]) - want[i]) > info.weight_error * sum) {
        return Verdict::failed(
            fmt::format("output {} is {}, the oracle says {} +- {}", i, got[i], want[i], info.weight_error * sum));
      }
    }
    return Verdict::pass();
  }

  // Parts of prepare() may run at once, so no byte may be written by two of them. A byte is written if it differs from
  // one of two poisons that differ in every byte.
  Verdict own_checks(const Kernel& kernel) {
    constexpr int kParts = 3;
    const std::span<std::byte> bytes = frame.bytes(prepared);
    std::vector<int> writer(bytes.size(), -1);
    frame.poison();
    for (int part = 0; part < kParts; ++part) {
      for (const std::uint16_t poison : {kPoison, kOtherPoison}) {
        frame.poison(prepared, poison);
        const std::vector<std::byte> before(bytes.begin(), bytes.end());
        frame.run([&] { kernel.prepare(call.input, bytes.data(), part, kParts); });
        for (std::size_t i = 0; i < bytes.size(); ++i) {
          if (bytes[i] == before[i]) continue;
          if (writer[i] >= 0 && writer[i] != part) {
            return Verdict::failed(fmt::format("parts {} and {} of prepare both write byte {}", writer[i], part, i),
                                   "parts of prepare");
          }
          writer[i] = part;
        }
      }
    }
    return frame.inspect();
  }

  Cost cost(const Inputs<kWeights>& in) const {
    const auto macs =
        static_cast<double>(shape.rows) * static_cast<double>(shape.cols) * static_cast<double>(in.c.batch);
    return {2.0 * macs, static_cast<double>(bytes_read() + in.c.batch * shape.rows * sizeof(std::int32_t))};
  }
  std::size_t bytes_read() const { return packed_bytes + frame.bytes(x).size(); }

  std::byte* bytes_at(Frame::Handle h) const { return frame.template at<std::byte>(h); }

  const VariantInfo& info;
  matmul::Shape shape;
  Frame frame;
  std::size_t packed_bytes;
  Frame::Handle packed, prepared, x, y;
  std::vector<std::byte*> scratch;  // by thread
  std::byte* prepare_to;
  matmul::Call call;
};

template <matmul::Weights kWeights>
using MatmulProblem = InstanceProblem<matmul::Kernel<kWeights>, Inputs<kWeights>, Instance<kWeights>>;

}  // namespace

template <>
std::unique_ptr<Problem<ternary_matmul::Kernel>> make_problem(const Case& c) {
  return std::make_unique<MatmulProblem<matmul::Weights::ternary>>(c);
}

template <>
std::unique_ptr<Problem<dense_matmul::Kernel>> make_problem(const Case& c) {
  return std::make_unique<MatmulProblem<matmul::Weights::int8>>(c);
}

}  // namespace bitproof
