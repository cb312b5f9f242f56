// The door that benchmarks go through: bench's own rotation, timing and judgement of what the timed calls left.
#pragma once

#include "microbench.hpp"
#include "ternary_matmul/contract.hpp"
#include "zoo/fault.hpp"

namespace bitproof::zoo {

// Times one benchmark as `bitproof bench` does, as briefly as its engine goes.
Kill run_bench(Timed timed, BenchResult head);

// A ternary product that was cleared before it was timed, and is found hot, in one copy.
Subject timed_product(const ternary_matmul::Kernel& kernel);

}  // namespace bitproof::zoo
