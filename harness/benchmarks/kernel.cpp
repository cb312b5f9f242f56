// Kernels alone: every arithmetic op on the shapes of the suite.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "microbench.hpp"
#include "splits.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kMostInGroup = 12;  // each holds its rotating copies in memory
constexpr int kMostCopies = 4096;

const threading::Kernel& parallel_split(Clearance& clearance) {
  return clearance.clear<threading::Kernel>("threading/omp_static").kernel();
}

template <class Kernel>
Timed timed_kernel(const Cleared<Kernel>& ticket, const std::shared_ptr<Problem<Kernel>>& problem,
                   const threading::Kernel& split, int threads, bool cold, std::size_t llc_bytes) {
  WorkloadOptions options{.threading = &split, .threads = threads, .copies = 1, .guarded = false};
  std::shared_ptr<Workload> workload = problem->workload(ticket.kernel(), options);
  if (cold) {
    const std::size_t wanted = 4 * llc_bytes / std::max<std::size_t>(workload->bytes_read(), 1) + 2;
    options.copies = static_cast<int>(std::min<std::size_t>(wanted, kMostCopies));
    workload = problem->workload(ticket.kernel(), options);
  }
  workload->poison();
  const int copies = options.copies;
  const auto next = std::make_shared<int>(0);
  return {
      .operation =
          [=] {
            workload->call(*next);
            *next = *next + 1 == copies ? 0 : *next + 1;
          },
      .verify = [=, keep = problem]() -> std::string {
        const int last = (*next + copies - 1) % copies;
        if (workload->in_place()) {
          workload->poison();
          workload->call(last);
        }
        const Verdict v = workload->judge(last);
        return v.ok() ? "" : std::string(name(v.status)) + " after timing: " + v.reason;
      },
      .count = {},
      .cost = workload->cost(),
  };
}

template <class Kernel>
void add_op(const std::string& op, const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance,
            std::vector<Group>& groups) {
  const auto chosen = matching<Kernel>(spec.variants);
  if (chosen.empty()) return;
  for (Case c : spec.cases) {
    c.op = op;
    validate(c, spec.name);
    const std::shared_ptr<Problem<Kernel>> problem = make_problem<Kernel>(c);
    for (const bool cold : spec.cold) {
      Group group;
      for (const int asked : spec.threads) {
        const int threads = asked == 0 ? options.cores : asked;
        if (threads > options.cores) continue;
        const threading::Kernel& split = threads == 1 ? whole_split() : parallel_split(clearance);
        for (const auto* v : chosen) {
          const std::string text = to_string(c);
          BenchResult head{.id = v->id, .benchmark = spec.name, .kind = spec.kind, .c = text, .threads = threads, .cold = cold};
          group.push_back({head, [&clearance, &split, &options, problem, c, cold, threads, id = v->id] {
                             return timed_kernel<Kernel>(clearance.clear<Kernel>(id), problem, split, threads, cold,
                                                         options.llc_bytes);
                           }});
          if (group.size() == kMostInGroup) groups.push_back(std::exchange(group, {}));
        }
      }
      if (!group.empty()) groups.push_back(std::move(group));
    }
  }
}

}  // namespace

std::vector<Group> kernel_groups(const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance) {
  std::vector<Group> groups;
  add_op<ternary_matmul::Kernel>("ternary_matmul", spec, options, clearance, groups);
  add_op<dense_matmul::Kernel>("dense_matmul", spec, options, clearance, groups);
  add_op<dequantize::Kernel>("dequantize", spec, options, clearance, groups);
  add_op<activation_quant::Kernel>("activation_quant", spec, options, clearance, groups);
  add_op<rms_norm::Kernel>("rms_norm", spec, options, clearance, groups);
  add_op<rope::Kernel>("rope", spec, options, clearance, groups);
  add_op<attention::Kernel>("attention", spec, options, clearance, groups);
  add_op<gated_ffn::Kernel>("gated_ffn", spec, options, clearance, groups);
  add_op<residual_add::Kernel>("residual_add", spec, options, clearance, groups);
  add_op<embedding::Kernel>("embedding", spec, options, clearance, groups);
  add_op<sampling::Kernel>("sampling", spec, options, clearance, groups);
  return groups;
}

}  // namespace bitproof
