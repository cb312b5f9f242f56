// Tokens per second by thread count: measured efficiency and serial fraction, and a model for more cores than there
// are.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attribution.hpp"

namespace bitproof {

struct ScalePoint {
  int threads;
  double tok_per_s;                         // median
  std::optional<RatioEstimate> speedup{};   // over one thread, paired by round
  std::optional<double> efficiency{};       // speed-up over threads
  std::optional<double> serial_fraction{};  // A. H. Karp and H. P. Flatt, 1990: (1/speed-up - 1/p) / (1 - 1/p)
  bool oversubscribed = false;              // more threads than cores
};

// Of the cells labelled "default on N thread(s)", ascending; the first is of one thread.
std::vector<ScalePoint> scaling(std::span<const Cell> cells, int cores);

// Modelled, not measured. Ops that are split over threads take their time at one thread over p, but read no faster than
// `read_gb_per_s`, the bandwidth measured at all the cores there are: more cores are not assumed to bring more of it.
// What is not split takes what it takes.
struct ScaleModel {
  int threads;
  double tok_per_s;
  std::string bound_by;  // "memory read" or "cores": what most of the token's time is
};
std::vector<ScaleModel> scale_model(const Cell& one_thread, double read_gb_per_s, std::span<const int> threads);

}  // namespace bitproof
