// A table look-up has no instruction of its own: scalar code looks up with a load. It shows in what a product depends
// on.
#pragma once

#include "ternary_matmul/contract.hpp"
#include "verdict.hpp"

namespace bitproof {

// Of what `prepare` left, one byte after another is changed, and the product repeated. An entry of a table reaches the
// rows whose weights select it: with four weights to an index, one row in eight. A prepared activation reaches each row
// with a nonzero weight, two in three, and a sum of activations every row.
struct TableReach {
  std::int64_t bytes = 0;  // changed; 0 when the kernel prepares nothing
  double mean = 0;         // share of the rows that a change of one byte reaches

  // Two weights to an index, the least that can be called a table, reach one row in two.
  bool is_table() const { return bytes > 0 && mean > 0 && mean < 0.6; }
};

// Runs the kernel on a small case, once a set of functions; the answer is remembered.
TableReach table_reach(const ternary_matmul::Kernel&);

Verdict screen_look_up(const ternary_matmul::Kernel&);

}  // namespace bitproof
