#include "slots.hpp"

#include <cmath>
#include <vector>

#include "activations.hpp"
#include "error.hpp"
#include "frame.hpp"
#include "inputs.hpp"
#include "judge.hpp"
#include "problem.hpp"
#include "properties.hpp"
#include "reference/attention.hpp"
#include "reference/kv_cache.hpp"
#include "reference/matmul.hpp"
#include "round_up.hpp"

namespace bitproof {
namespace {

// The plainest kernels carry the work: they run everywhere, and have been checked themselves before.
const ternary_matmul::Kernel& plain_matmul() {
  return *find_variant<ternary_matmul::Kernel>("ternary_matmul/scalar")->kernel;
}
const attention::Kernel& plain_attention(kv_cache::Element element) {
  for (const auto& v : variants<attention::Kernel>()) {
    if (v.isa == "scalar" && v.kernel->element == element) return *v.kernel;
  }
  throw BadInput("attention: no scalar variant reads this cache");
}

// The promises of a contract, as properties.hpp finds them broken.
Verdict from_fault(const std::string& fault) {
  return fault.empty() ? Verdict::pass() : Verdict::failed(fault, "contract");
}

// What is kept against what was given, where the inputs are such as the published NMSE is of.
struct GivenAndKept {
  const std::vector<float>&given, &kept;
};
Verdict judge_kept(const Case& c, const VariantInfo& info, std::initializer_list<GivenAndKept> both) {
  const double bound = info.exactness == Exactness::approximate ? info.nmse_bound : 0;
  for (const auto& [given, kept] : both) {
    if (c.fill != Fill::random) continue;
    if (const double nmse = reference::nmse(kept, given); !(nmse <= bound)) {
      return Verdict::failed(fmt::format("keeps rows with NMSE {:.3g}, published are {:.3g}", nmse, bound), "NMSE");
    }
  }
  return Verdict::pass();
}

// Threads to check a split with: more than most machines have, so that waiting and oversubscription are met too.
constexpr int kThreadCounts[] = {1, 2, 3, 5};

}  // namespace

Verdict check_slot(const memory::Kernel& kernel, const Case& c) {
  if (const Verdict v = from_fault(memory_fault(kernel)); !v.ok()) return v;
  const ternary_matmul::Kernel& matmul = plain_matmul();
  const matmul::Shape shape{c.rows, c.cols};
  const std::int64_t stride = round_up(c.cols, matmul.col_multiple);
  const auto w = weight_inputs(c, c.rows, c.cols, 1);
  const auto x = int8_inputs(c, 1);

  ActivationMemory memory(kernel, std::size_t{64} << 20);
  const Block<std::byte> packed(memory, static_cast<std::int64_t>(matmul.packed_bytes(shape)));
  const Block<std::int32_t> y(memory, c.batch * c.rows);
  const Block<std::int8_t> padded(memory, c.batch * stride);
  const Block<std::byte> prepared(memory, static_cast<std::int64_t>(matmul.prepared_bytes(c.cols, c.batch)));
  const Block<std::byte> scratch(memory, static_cast<std::int64_t>(matmul.scratch_bytes(shape, c.batch)));
  if (memory.exhausted()) return Verdict::failed("ran out in 64 MB of capacity", "contract");
  for (std::int64_t b = 0; b < c.batch; ++b) {
    for (std::int64_t i = 0; i < stride; ++i) {
      padded.data()[b * stride + i] = i < c.cols ? x[static_cast<std::size_t>(b * c.cols + i)] : std::int8_t{0};
    }
  }
  const matmul::Call call{shape,           packed.data(), {padded.data(), c.batch, c.cols, stride},
                          prepared.data(), y.data(),      c.rows};
  const Trap trap;
  const auto crash = trapped([&] {
    matmul.pack(shape, w.data(), 0, c.rows, packed.data());
    matmul.prepare(call.input, prepared.data(), 0, 1);
    matmul.multiply(call, {0, c.rows, 0, c.batch}, scratch.data());
  });
  if (crash)
    return Verdict::failed(fmt::format("a product in its blocks raised signal {}", crash->signal), "guard pages");

  std::vector<std::int32_t> want(static_cast<std::size_t>(c.batch * c.rows));
  reference::integer_matmul(shape, w, x, want);
  return judge_equal(c, std::vector<std::int32_t>(y.data(), y.data() + want.size()), want);
}

Verdict check_slot(const threading::Kernel& kernel, const Case& c) {
  Case product = c;
  product.op = "ternary_matmul";
  const auto problem = make_problem<ternary_matmul::Kernel>(product);
  for (const int threads : kThreadCounts) {
    if (const Verdict v = from_fault(threading_fault(kernel, threads)); !v.ok()) return v;
    if (std::string idle = engagement_fault(kernel, threads); !idle.empty()) {
      return {Status::fallback, std::move(idle), "threads seen"};
    }
    const auto workload = problem->workload(plain_matmul(), {.threading = &kernel, .threads = threads});
    workload->poison();
    workload->call(0);
    if (Verdict v = workload->judge(0); !v.ok()) {
      v.reason += fmt::format(" (with {} threads)", threads);
      return v;
    }
  }
  return Verdict::pass();
}

// Decodes `positions` tokens one by one, as a loop does: append one position, attend over the view.
Verdict check_slot(const kv_cache::Kernel& kernel, const Case& c) {
  const kv_cache::Shape small{2, 2, 20, 7, 2};
  if (const Verdict v = from_fault(kv_cache_fault(kernel, small)); !v.ok()) return v;
  if (kernel.info.techniques.has(Technique::kv_cache) != kernel.keeps_past) {
    return {
        Status::fallback,
        kernel.keeps_past ? "keeps past positions, which it does not say" : "technique kv_cache, but no past is kept",
        "technique"};
  }

  const std::int64_t width = c.kv_heads * c.cols, q_width = c.rows * c.cols;
  const kv_cache::Shape shape{1, c.kv_heads, c.cols, c.positions, 1};
  const auto q = float_inputs(moderate(c), 1, q_width, c.positions * q_width, {10.0f, 1.0f});
  const auto k = float_inputs(moderate(c), 2, width, c.positions * width, {10.0f, 1.0f});
  const auto v = float_inputs(c, 3, width, c.positions * width, {10.0f, 1e36f});
  const auto scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(c.cols)));
  const attention::Kernel& attend = plain_attention(kernel.element);
  const bool odd = c.seed % 2 != 0;
  Frame frame(
      Placement{odd ? Fence::after : Fence::before, static_cast<int>(c.cols % 64), odd ? kPoison : kOtherPoison});
  const auto floats = [&](const char* name, const std::vector<float>& all, std::int64_t at, std::int64_t count) {
    return frame.at<float>(
        frame.input(name, std::span(all).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(count))));
  };
  auto* storage = frame.at<std::byte>(frame.constant("storage", kernel.storage_bytes(shape)));
  auto* scratch = frame.at<std::byte>(frame.scratch("scratch", attend.scratch_bytes(c.positions, c.cols)));
  std::vector<float> out(q.size());
  const Trap trap;
  for (std::int64_t p = 0; p < c.positions; ++p) {
    const float* key = floats("keys", k, p * width, width);
    const float* value = floats("values", v, p * width, width);
    bool kept = false;
    frame.run([&] { kept = kernel.append(shape, storage, 0, 0, p, 1, key, value); });
    if (frame.crashed()) return frame.inspect();
    if (!kept)
      return Verdict::failed(fmt::format("refused position {} of a capacity of {}", p, c.positions), "contract");
    frame.run([&] {
      const attention::Call call{c.rows,
                                 c.kv_heads,
                                 c.cols,
                                 scale,
                                 q.data() + p * q_width,
                                 q_width,
                                 p,
                                 kernel.view(shape, storage, 0, 0, p + 1),
                                 out.data() + p * q_width,
                                 q_width};
      attend.run(call, {0, c.rows, 0, 1}, scratch);
    });
    if (frame.crashed()) return frame.inspect();
  }
  if (Verdict stray = frame.inspect(); !stray.ok()) return stray;
  const reference::AttentionShape attention_shape{c.rows, c.kv_heads, c.cols, scale, c.positions};
  const std::vector<float> keys = reference::as_kept(kernel.element, c.cols, k);
  const std::vector<float> values = reference::as_kept(kernel.element, c.cols, v);
  if (Verdict lossy = judge_kept(c, kernel.info, {{k, keys}, {v, values}}); !lossy.ok()) return lossy;
  return judge_bounded(c, out, reference::attention(attention_shape, q, 0, keys, values));
}

}  // namespace bitproof
