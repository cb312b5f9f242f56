// ternary_matmul and dense_matmul: bit-equal to exact integers, or within a published NMSE.
#include "matmul.hpp"

#include <algorithm>
#include <optional>

#include "buffer.hpp"
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
        w(weight_inputs(c, c.rows, c.cols, kWeights == matmul::Weights::ternary ? 1 : 127)),
        x(int8_inputs(c, 1)) {}

  const std::vector<std::int32_t>& truth() {
    return lazy.get([&] {
      std::vector<std::int32_t> y(static_cast<std::size_t>(c.batch * c.rows));
      reference::integer_matmul({c.rows, c.cols}, w, x, y);
      return y;
    });
  }

  const Case c;
  std::vector<std::int8_t> w, x;
  Lazy<std::vector<std::int32_t>> lazy;
};

template <matmul::Weights kWeights>
struct Instance {
  using Kernel = matmul::Kernel<kWeights>;

  Instance(const Inputs<kWeights>& in, const Kernel& kernel, const WorkloadOptions& options, const Instance* first)
      : info(kernel.info),
        shape{in.c.rows, in.c.cols},
        padded_x(static_cast<std::size_t>(in.c.batch * round_up(in.c.cols, kernel.col_multiple)), 0),
        packed(static_cast<std::int64_t>(kernel.packed_bytes(shape)), options.guarded, 64),
        prepared(static_cast<std::int64_t>(kernel.prepared_bytes(shape.cols, in.c.batch)), options.guarded, 64),
        y(in.c.rows, in.c.batch, options.guarded) {
    const std::int64_t stride = round_up(shape.cols, kernel.col_multiple);
    for (std::int64_t b = 0; b < in.c.batch; ++b) {
      std::copy_n(in.x.begin() + b * shape.cols, shape.cols, padded_x.begin() + b * stride);
    }
    x.emplace(std::span<const std::int8_t>(padded_x), options.guarded);
    if (first) {
      packed.assign(first->packed.span());
    } else {
      // In two parts, the second first, as the threads that make a model may.
      const std::int64_t middle = shape.rows / 2 / kernel.row_multiple * kernel.row_multiple;
      kernel.pack(shape, in.w.data() + middle * shape.cols, middle, shape.rows, packed.data());
      if (middle) kernel.pack(shape, in.w.data(), 0, middle, packed.data());
    }
    for (int t = 0; t < options.threads; ++t) {
      scratch.emplace_back(static_cast<std::int64_t>(kernel.scratch_bytes(shape, in.c.batch)), options.guarded, 64);
    }
    call = {shape, packed.data(), {x->data(), in.c.batch, shape.cols, stride}, prepared.data(), y.data(), y.stride()};
  }

  void poison() {
    y.poison();
    prepared.poison();
    for (auto& s : scratch) s.poison();
  }

  void run(const Kernel& kernel, Team& team) {
    const int parts = team.threads();
    team.for_tiles({parts, 1, 1}, [&](Tile t, int) {
      for (std::int64_t part = t.row0; part < t.row1; ++part) {
        kernel.prepare(call.input, prepared.data(), static_cast<int>(part), parts);
      }
    });
    team.for_tiles({shape.rows, kernel.row_multiple, call.input.batch}, [&](Tile t, int thread) {
      kernel.multiply(call, t, scratch[static_cast<std::size_t>(thread)].data());
    });
  }

  // An exact form cannot hold its weights in fewer bits than their entropy: log2(3) a trit, log2(255) an int8.
  bool too_small() const {
    const double bits = kWeights == matmul::Weights::ternary ? 1.5849 : 7.994;
    const double weights = static_cast<double>(shape.rows) * static_cast<double>(shape.cols);
    return info.exactness == Exactness::exact && 8.0 * static_cast<double>(packed.bytes()) < bits * weights;
  }

  Verdict judge(Inputs<kWeights>& in) {
    if (too_small()) return Verdict::failed("declares fewer packed bytes than its weights have information");
    if (y.strayed()) return Verdict::failed("wrote outside its output");
    if (!x->equals(padded_x) || !x->margins_intact()) return Verdict::failed("changed its activations");
    if (!packed.margins_intact()) return Verdict::failed("wrote outside its packed weights");
    if (!prepared.margins_intact()) return Verdict::failed("wrote outside its prepared bytes");
    for (auto& s : scratch) {
      if (!s.margins_intact()) return Verdict::failed("wrote outside its scratch");
    }
    return info.exactness == Exactness::exact ? judge_equal(in.c, y.values(), in.truth())
                                              : judge_nmse(in.c, y.values(), in.truth(), info.nmse_bound);
  }

  Cost cost(const Inputs<kWeights>& in) const {
    const auto macs = static_cast<double>(shape.rows) * static_cast<double>(shape.cols) * static_cast<double>(in.c.batch);
    return {2.0 * macs, static_cast<double>(bytes_read() + in.c.batch * shape.rows * sizeof(std::int32_t))};
  }
  std::size_t bytes_read() const { return packed.bytes() + x->bytes(); }

  const VariantInfo& info;
  matmul::Shape shape;
  std::vector<std::int8_t> padded_x;
  Buffer<std::byte> packed, prepared;
  std::optional<Buffer<std::int8_t>> x;
  std::vector<Buffer<std::byte>> scratch;
  Output<std::int32_t> y;
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
