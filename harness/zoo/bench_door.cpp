#include "zoo/bench_door.hpp"

#include "splits.hpp"

namespace bitproof::zoo {

Kill run_bench(Timed timed, BenchResult head) {
  MicrobenchOptions options;
  options.google = {"--benchmark_min_time=0.01", "--benchmark_repetitions=3"};
  const auto results = run_groups({{{std::move(head), [&] { return timed; }}}}, options);
  return results.at(0).failure.empty() ? Kill{} : Kill{"timed outputs", results[0].failure};
}

Subject timed_product(const ternary_matmul::Kernel& kernel) {
  return [kernel](std::uint64_t seed) {
    const Case c{.op = "ternary_matmul", .rows = 16, .cols = 256, .batch = 1, .seed = seed};
    const auto problem = make_problem<ternary_matmul::Kernel>(c);
    std::shared_ptr<Workload> workload =
        problem->workload(kernel, {.threading = &whole_split(), .input_sets = kTimedInputs, .guarded = false});
    BenchResult head;
    head.id = "ternary_matmul/product";
    head.c = to_string(c);
    return run_bench(timed_workload(std::move(workload), 1), std::move(head));
  };
}

}  // namespace bitproof::zoo
