// What a comparison runs: one kernel on one case, or one recipe in the token loop.
#pragma once

#include <string>
#include <vector>

#include "microbench.hpp"

namespace bitproof {

struct Subject {
  std::string id;          // a variant of an arithmetic op, or "loop/<recipe>"
  std::string one_case{};  // of a kernel: "rows=4096,cols=4096"
  int threads = 1;
  bool hot = false;            // of a kernel: one copy of its weights, not a rotation through memory
  std::string model = "tiny";  // of a loop
  std::int64_t depth = 16;     // of a loop

  bool is_loop() const { return id.starts_with("loop/"); }
};

// Throws BadInput where no variant, recipe, case or model is meant by it.
BenchmarkSpec spec_of(const Subject& subject);

// "ternary_matmul/direct.avx2/rows=4096,cols=4096,batch=1,fill=random,seed=1/threads:1/cold"
std::string name_of(const Subject& subject);

// The kernels and loops that a suite benchmarks and whose name holds the filter, one for each point of its products.
std::vector<Subject> subjects_of(const Suite& suite, const std::string& filter, int cores);

// What `bitproof sample` is called with to become this subject.
std::vector<std::string> arguments_of(const Subject& subject);

}  // namespace bitproof
