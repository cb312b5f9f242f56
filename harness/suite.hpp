// Suites are data: TOML files that list cases. Every dimension, fill and seed may be a list; lists multiply.
//
//   [[cases]]
//   name = "tails"
//   op = ["ternary_matmul", "dense_matmul"]
//   rows = [1, 17]
//   cols = [63, 65]
//   fill = ["random", "extreme"]
//   shapes = [[8, 64, 16]]        # rows, cols, batch together, instead of the three lists
//   offsets = "all"               # with every buffer at every address modulo 64
//
//   [[benchmarks]]                # what `bench` measures; kinds in microbench.hpp
//   name = "gemv"
//   kind = "kernel"
//   variants = "ternary_matmul/*"  # an id, or the beginning of several and a *
//   rows = 4096
//   cols = 4096
//   threads = [1, 0]              # 0: all cores; "1..cores": every count
//   temperature = ["cold", "hot"]
#pragma once

#include <string>
#include <vector>

#include "case.hpp"

namespace bitproof {

struct BenchmarkSpec {
  std::string name;
  std::string kind;                   // kernel, memory, threading, kv_cache, loop
  std::vector<std::string> variants;  // ids, or beginnings of ids and a *
  std::vector<Case> cases;            // kernel: shapes, without an op; kv_cache: positions
  std::vector<int> threads{1};        // 0: all cores; empty: every count from 1 to all cores
  std::vector<bool> cold{true};       // weights rotated through more than the last-level cache, or one copy
  std::vector<std::int64_t> bytes;    // memory: block sizes
  std::string recipe = "default";     // loop
  std::string model = "7b";           // loop
  std::int64_t depth = 16;            // loop
};

struct Suite {
  std::string name;  // file name without folder and .toml
  std::vector<Case> cases;
  std::vector<BenchmarkSpec> benchmarks;
};

// Throws BadInput "file:line: what and what to do" on anything it does not understand, and on a suite of nothing.
Suite read_suite(const std::string& path);
Suite parse_suite(const std::string& text, const std::string& path);

}  // namespace bitproof
