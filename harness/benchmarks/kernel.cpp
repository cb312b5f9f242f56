// Kernels alone: every arithmetic op on the shapes of the suite.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "microbench.hpp"
#include "splits.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kMostCopies = 1 << 16;

// Copies that make reads cold: together at least 4 x the last-level cache.
std::size_t cold_copies(std::size_t bytes_read, std::size_t llc_bytes) {
  return 4 * llc_bytes / std::max<std::size_t>(bytes_read, 1) + 2;
}

// Benchmarks whose rotating copies fit into memory together.
std::size_t most_in_group(const MicrobenchOptions& options, bool cold) {
  constexpr std::size_t kMost = 16;
  const std::size_t each = 5 * options.llc_bytes;
  return cold ? std::clamp<std::size_t>(options.memory_bytes / each, 1, kMost) : kMost;
}

// One workload and which of its instances were called in this repetition.
class Rotation {
 public:
  Rotation(std::shared_ptr<Workload> workload, int copies)
      : workload_(std::move(workload)), copies_(copies), instances_(workload_->instances()) {}

  void begin() {
    workload_->poison();
    next_ = 0;
    touched_ = 0;
  }
  void call() {
    workload_->call(next_);
    touched_ = std::max(touched_, ++next_);
    if (next_ == instances_) next_ = 0;
  }
  // Every instance that was called is judged, on what the timed calls left. An op that works in place has gone over its
  // own output again and again, so it is judged on one call more.
  std::string verify() {
    if (workload_->in_place()) {
      workload_->poison();
      for (int i = 0; i < touched_; ++i) workload_->call(i);
    }
    for (int i = 0; i < touched_; ++i) {
      const Verdict v = workload_->judge(i);
      if (!v.ok()) return std::string(name(v.status)) + " after timing: " + v.reason;
    }
    return "";
  }
  Cost cost() const { return workload_->cost(); }
  // Without its operations.
  Work bytes() const {
    const auto read = static_cast<double>(workload_->bytes_read());
    return {.read_bytes = read, .cycle_bytes = read * copies_, .written_bytes = std::max(cost().bytes - read, 0.0)};
  }

 private:
  std::shared_ptr<Workload> workload_;
  int copies_, instances_, next_ = 0, touched_ = 0;
};

// The operations of one call, by what they are. Products by table look-up do not multiply: see op_work.
template <class Kernel>
void add_operations(Work& work, const Kernel& kernel, const Case& c, double ops) {
  if constexpr (requires { kernel.multiply; }) {
    if (kernel.info.techniques.has(Technique::tmac)) {
      work[OpKind::look_up] = static_cast<double>(kernel.packed_bytes({c.rows, c.cols})) * static_cast<double>(c.batch);
    } else {
      work[OpKind::multiply_add] = ops;
    }
  } else {
    work[OpKind::float_multiply_add] = ops;
  }
}

template <class Kernel>
Timed timed_kernel(const Cleared<Kernel>& ticket, const std::shared_ptr<Problem<Kernel>>& problem, const Case& c,
                   const threading::Kernel& split, int threads, bool cold, std::size_t llc_bytes) {
  WorkloadOptions options{.threading = &split, .threads = threads, .input_sets = kTimedInputs, .guarded = false};
  std::shared_ptr<Workload> workload = problem->workload(ticket.kernel(), options);
  if (cold) {
    const std::size_t copies = cold_copies(workload->bytes_read(), llc_bytes);
    if (copies > kMostCopies) throw NotCleared("too small to be found cold: use temperature = \"hot\"");
    options.copies = static_cast<int>(copies);
    workload = problem->workload(ticket.kernel(), options);
  }
  Timed timed = timed_workload(std::move(workload), options.copies);
  add_operations(timed.work, ticket.kernel(), c, timed.cost.ops);
  return timed;
}

template <class Kernel>
void add_op(const std::string& op, const BenchmarkSpec& spec, const MicrobenchOptions& options, Clearance& clearance,
            std::vector<Group>& groups) {
  const auto chosen = matching<Kernel>(spec.variants);
  if (chosen.empty()) return;
  for (Case c : spec.cases) {
    c.op = op;
    validate(c, "benchmark '" + spec.name + "'");
    const std::shared_ptr<Problem<Kernel>> problem = make_problem<Kernel>(c);
    for (const bool cold : spec.cold) {
      Group group;
      for (const int threads : thread_counts(spec, options.cores)) {
        for (const auto* v : chosen) {
          BenchResult head{.id = v->id,
                           .benchmark = spec.name,
                           .kind = spec.kind,
                           .c = to_string(c),
                           .threads = threads,
                           .cold = cold};
          if (auto row = not_runnable(head, *v, options.cores)) {
            group.push_back(std::move(*row));
            continue;
          }
          group.push_back({head, [&clearance, &options, problem, c, cold, threads, id = v->id] {
                             const threading::Kernel& split =
                                 threads == 1 ? whole_split()
                                              : clearance.clear<threading::Kernel>("threading/omp_static").kernel();
                             return timed_kernel<Kernel>(clearance.clear<Kernel>(id, *problem, c), problem, c, split,
                                                         threads, cold, options.llc_bytes);
                           }});
          if (group.size() == most_in_group(options, cold)) groups.push_back(std::exchange(group, {}));
        }
      }
      if (!group.empty()) groups.push_back(std::move(group));
    }
  }
}

}  // namespace

Timed timed_workload(std::shared_ptr<Workload> workload, int copies) {
  const auto rotation = std::make_shared<Rotation>(std::move(workload), copies);
  return {.begin = [=] { rotation->begin(); },
          .operation = [=] { rotation->call(); },
          .verify = [=] { return rotation->verify(); },
          .count = {},
          .cost = rotation->cost(),
          .work = rotation->bytes()};
}

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
