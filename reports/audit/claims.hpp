// A claims file: somebody's report, transcribed figure by figure. Its keys are in claims_file.cpp, metrics in
// metrics.cpp and units in units.cpp; what is not known there is refused.
//
//   [report]
//   title = "Phase 2 results"
//   system = "engine X"          # reports on one system are held against each other
//   cpu = "AMD Ryzen 7 7730U"    # as printed; suites/machines/cpus.toml knows it, also by its aliases
//   [model]
//   layers = 32
//   [[claims]]
//   id = "speed"                 # what expressions call it
//   line = 77
//   also = [95, 266]             # lines that repeat it
//   quote = "Throughput: 56.62 tok/s"
//   metric = "throughput"
//   value = "56.62"              # as printed: 2,380 or ~48 or 15-25 or <500 or 100+
//   unit = "tok/s"
//   of = "token loop"            # the same metric of the same thing must not have two values
//   basis = "measured"
//   expression = "1 / token_time"       # what the report computes it by
//   implied = ["tokens / total_time"]   # what it must equal by the report's other figures
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/audit/expression.hpp"
#include "reports/audit/printed.hpp"

namespace bitproof::audit {

// What is known of the model; sizes in elements.
struct Model {
  std::optional<std::int64_t> layers, hidden, ffn, heads, kv_heads, head_dim, vocab, context, batch;
  std::optional<double> parameters;
  std::optional<Range> weight_bits;  // of a weight, from the least to the most that the format can mean

  std::optional<double> macs_per_token() const;                // of all layers' matrices
  std::optional<double> weight_bytes_per_token() const;        // at the fewest bits
  std::optional<double> cache_values(double positions) const;  // K and V of all layers, one sequence
};

// How the same is measured here.
struct Reproduction {
  std::string command;  // of bitproof, which is given --json
  std::string value;    // where the figure stands in what it prints: techniques[name=simd].alone
  std::string unit_text;
  Unit unit;  // of that figure, of the claim's dimension
};

struct Claim {
  std::string report, id;  // report: file name without folder and .toml
  int line = 0;
  std::vector<std::int64_t> also;
  std::string quote;
  std::string metric;
  std::string stated_as;  // the metric that the report calls it, where that is another
  std::optional<Printed> value;
  std::string unit_text;
  Unit unit;
  std::string text;   // a value that is no number: "DDR5"
  std::string of;     // the id, unless told
  std::string scope;  // op, layer, token, run, model, machine
  std::string basis;  // measured, estimated, projected, stated, target
  std::string expression;
  std::vector<std::string> implied;
  std::vector<std::string> parts;     // what a total is made of: speedups multiply, all else adds
  std::vector<std::string> leans_on;  // claims that it takes for granted
  std::vector<std::string> credits;   // techniques that are given the speedup
  std::string over;                   // the claim that a speedup or target is over
  std::string wording;                // of, by, faster, slower, up to, at least
  std::string status;                 // passed, failed, crashed
  std::string size;                   // tiny, small, medium, large
  std::string holds;                  // what the memory holds, or a bandwidth reads: weights, kv_cache, pool
  std::vector<std::int64_t> shape;    // rows, cols, batch
  std::optional<std::int64_t> threads, samples, tokens, batch, value_bytes;
  std::optional<Reproduction> reproduce;
  bool headline = false;  // one of the few that a reader remembers

  std::string key() const { return report + "/" + id; }
  bool has_number() const { return value.has_value(); }
  Range range() const { return {value->low * unit.scale, value->high * unit.scale}; }
  std::string shown() const;  // as printed, with its unit
  std::string printed;        // the figure, as printed
};

struct Report {
  std::string name, title, date, system, cpu;
  Model model;
  std::vector<Claim> claims;

  const Claim* find(const std::string& id) const;
};

// Throws BadInput "file:line: what and what to do": unknown keys, units that do not fit, operands that are missing,
// expressions that cannot be evaluated.
Report parse_claims(const std::string& text, const std::string& path);

// As a reader leaves it: every reference, unit and expression was looked at. For reports that no file holds.
void validate(const Report& report, const std::string& path);

// The dimension of a metric; nothing for one that is not known.
std::optional<Dimension> dimension_of(const std::string& metric);
std::vector<std::string> metric_names();

struct Evaluated {
  Range range;
  Dimension dimension;
};

// End by end: over operands that are ranges, low ends with low ends. `value` gives the number of a claim.
Evaluated evaluate(const Report& report, const std::string& expression,
                   const std::function<Range(const Claim&)>& value);
Evaluated evaluate(const Report& report, const std::string& expression);  // over what was printed

// How far the rounding of its operands, and of what they were computed from, can move it, to first order.
double rounding_slack(const Report& report, const std::string& expression);

}  // namespace bitproof::audit
