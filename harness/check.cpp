#include "check.hpp"

#include <algorithm>
#include <string_view>

#include "error.hpp"
#include "interrupt.hpp"
#include "nearest.hpp"
#include "run_case.hpp"
#include "trial.hpp"

namespace bitproof {
namespace {

// An id names one variant; any other text, all whose ids contain it.
class Filter {
 public:
  explicit Filter(std::string text) : text_(std::move(text)) {
    for (const Variant& v : all_variants()) exact_ |= v.id == text_;
  }
  bool matches(const std::string& id) const { return exact_ ? id == text_ : id.find(text_) != std::string::npos; }

 private:
  std::string text_;
  bool exact_ = false;
};

using Report = std::function<void(const CheckResult&)>;

// Code that cannot run can still be read.
template <class Kernel>
void report_unrunnable(const Filter& filter, const Report& report) {
  for (const VariantOf<Kernel>& v : variants<Kernel>()) {
    if (!filter.matches(v.id) || v.runnable()) continue;
    const Verdict code = screen_code(v);
    report({v.id, {}, code.ok() ? Verdict{Status::skipped, v.reason()} : code, "bitproof check " + v.id});
  }
}

template <class Kernel>
void check_op(const std::string& op, std::span<const Case> cases, const Filter& filter, const Report& report) {
  std::vector<const VariantOf<Kernel>*> chosen;
  for (const VariantOf<Kernel>& v : variants<Kernel>()) {
    if (filter.matches(v.id) && v.runnable()) chosen.push_back(&v);
  }
  for (const Case& c : cases) {
    if (c.op != op || chosen.empty()) continue;
    Trial<Kernel> trial(c);
    for (const auto* v : chosen) {
      if (!interrupted()) report({v->id, c, trial.judge(*v), repro(v->id, c)});
    }
  }
}

std::vector<Case> cross(const std::string& op, std::initializer_list<std::int64_t> rows,
                        std::initializer_list<std::int64_t> cols, std::initializer_list<std::int64_t> batches,
                        std::initializer_list<std::int64_t> modes = {0}) {
  std::vector<Case> all;
  for (const std::int64_t r : rows) {
    for (const std::int64_t k : cols) {
      for (const std::int64_t b : batches) {
        for (const std::int64_t m : modes) {
          for (const Fill f : {Fill::random, Fill::extreme, Fill::zero}) {
            all.push_back({.name = "clearance",
                           .op = op,
                           .rows = r,
                           .cols = k,
                           .batch = b,
                           .kv_heads = 1,
                           .positions = std::max<std::int64_t>(b, 37),
                           .mode = m,
                           .fill = f,
                           .seed = 1});
          }
        }
      }
    }
  }
  return all;
}

// One small shape an op, with tails of every vector length: all other fills, and every address modulo 64.
std::vector<Case> small_cases(const std::string& op) {
  const bool heads = op == "attention" || op == "kv_cache";
  Case c{.name = "clearance",
         .op = op,
         .rows = heads ? 6 : 67,
         .cols = 66,
         .batch = 3,
         .kv_heads = heads ? 3 : 1,
         .positions = 37};
  const auto known = dimensions(op);
  const bool modes = std::any_of(known.begin(), known.end(), [](const std::string_view d) { return d == "mode"; });
  std::vector<Case> all;
  for (c.mode = 0; c.mode <= modes; ++c.mode) {
    for (int fill = static_cast<int>(Fill::sparse); fill < kFills; ++fill) {
      c.fill = static_cast<Fill>(fill);
      for (c.seed = 1; has_fill(op, c.fill) && c.seed <= 2; ++c.seed) all.push_back(c);
    }
    c.fill = Fill::random;
    c.seed = 1;
    if (op == "memory" || op == "threading" || op == "kv_cache") continue;
    all.push_back(c);
    all.back().every_offset = true;
  }
  return all;
}

// Also with the even seed, which puts ties into activation_quant and NaN into sampling (problems/norms.cpp).
std::vector<Case> with_even_seed(std::vector<Case> cases) {
  for (std::size_t i = 0, n = cases.size(); i < n; ++i) {
    cases.push_back(cases[i]);
    cases.back().seed = 2;
  }
  return cases;
}

std::vector<Case> clearance_shapes(const std::string& op) {
  if (op == "ternary_matmul" || op == "dense_matmul") {
    auto all = cross(op, {1, 17, 70}, {1, 63, 257, 4096}, {1, 3});
    const auto large = cross(op, {64}, {11008}, {1, 9});
    all.insert(all.end(), large.begin(), large.end());
    return all;
  }
  if (op == "attention") {
    auto all = cross(op, {1, 6}, {7, 128}, {1, 5}, {0, 1});
    for (Case& c : all) c.kv_heads = c.rows == 6 ? 3 : 1;
    return all;
  }
  if (op == "kv_cache") return cross(op, {4}, {32}, {1});
  if (op == "memory" || op == "threading") return cross(op, {1, 70}, {257}, {1, 3});
  if (op == "rope") return cross(op, {1, 5}, {2, 30, 128}, {1, 3}, {0, 1});
  if (op == "dequantize") return cross(op, {1, 33, 4096}, {1}, {1, 3}, {0, 1});
  if (op == "gated_ffn") return cross(op, {1}, {1, 33, 11008}, {1, 3}, {0, 1});
  if (op == "sampling") return with_even_seed(cross(op, {1, 7, 32000}, {1}, {1}));
  if (op == "embedding") return cross(op, {50}, {1, 33, 4096}, {1, 3});
  if (op == "activation_quant") return with_even_seed(cross(op, {1}, {1, 33, 4096}, {1, 3}));
  return cross(op, {1}, {1, 33, 4096}, {1, 3});
}

}  // namespace

void CheckSummary::add(const CheckResult& r) {
  ++cases;
  switch (r.verdict.status) {
    case Status::pass:
      ++passed;
      ++passed_by_variant[r.id];
      return;
    case Status::skipped:
      ++skipped;
      skipped_variants[r.id] = r.verdict.reason;
      return;
    case Status::failed:
      ++failed;
      break;
    case Status::mistrusted:
      ++mistrusted;
      break;
    case Status::fallback:
      ++fallback;
      break;
  }
  failures.push_back(r);
}

std::string repro(const std::string& id, const Case& c) {
  return fmt::format("bitproof check {} --case {}", id, to_string(c));
}

std::map<std::string, std::size_t> runnable_by_op(const std::string& filter_text) {
  const Filter filter(filter_text);
  std::map<std::string, std::size_t> count;
  for (const Variant& v : all_variants()) count[v.op] += filter.matches(v.id) && v.runnable();
  return count;
}

void check_each(std::span<const Case> cases, const std::string& filter_text, const Report& report) {
  const Filter filter(filter_text);
#define BITPROOF_CHECK(op) check_op<op::Kernel>(#op, cases, filter, report);
  BITPROOF_FOR_EACH_OP(BITPROOF_CHECK)
#undef BITPROOF_CHECK
}

CheckSummary summary_without_cases(const std::string& filter_text) {
  const Filter filter(filter_text);
  std::vector<std::string> ids;
  for (const Variant& v : all_variants()) ids.push_back(v.id);
  if (std::none_of(ids.begin(), ids.end(), [&](const auto& id) { return filter.matches(id); })) {
    throw BadInput("no variant matches '{}'; did you mean {}?", filter_text, nearest(filter_text, ids));
  }
  CheckSummary summary;
  const Report report = [&](const CheckResult& r) { summary.add(r); };
#define BITPROOF_READ(op) report_unrunnable<op::Kernel>(filter, report);
  BITPROOF_FOR_EACH_OP(BITPROOF_READ)
#undef BITPROOF_READ
  return summary;
}

CheckSummary check(std::span<const Case> cases, const std::string& filter,
                   const std::function<void(std::size_t, std::size_t)>& progress) {
  CheckSummary summary = summary_without_cases(filter);
  std::map<std::string, std::size_t> runnable = runnable_by_op(filter);
  std::size_t total = 0, done = 0;
  for (const Case& c : cases) total += runnable[c.op];
  check_each(cases, filter, [&](const CheckResult& r) {
    summary.add(r);
    if (progress) progress(++done, total);
  });
  return summary;
}

std::vector<Case> clearance_cases(const std::string& op) {
  std::vector<Case> all = clearance_shapes(op);
  const std::vector<Case> small = small_cases(op);
  all.insert(all.end(), small.begin(), small.end());
  return all;
}

template <class Kernel>
Cleared<Kernel> Clearance::clear(const std::string& id) {
  const VariantOf<Kernel>* variant = find_variant<Kernel>(id);
  if (!variant) throw BadInput("no variant is named '{}'; `bitproof list` shows them", id);
  if (!variant->runnable()) throw BadInput("{} cannot run here: {}", id, variant->reason());
  if (!cleared_[id]) {
    const std::vector<Case> cases = clearance_cases(variant->op);
    check_op<Kernel>(variant->op, cases, Filter(id), [&](const CheckResult& r) {
      ++cases_;
      if (!r.verdict.ok()) {
        throw NotCleared(
            fmt::format("{} is {}: {}; replay: {}", id, name(r.verdict.status), r.verdict.reason, r.repro));
      }
    });
    if (interrupted()) throw Interrupted();  // the rest of the cases did not run
    cleared_[id] = true;
  }
  return Cleared<Kernel>(*variant);
}

template <class Kernel>
Cleared<Kernel> Clearance::clear(const std::string& id, Problem<Kernel>& problem, const Case& c) {
  const Cleared<Kernel> ticket = clear<Kernel>(id);
  const std::string key = id + " " + to_string(c);
  if (cleared_[key]) return ticket;
  ++cases_;
  if (const Verdict v = run_case(problem, ticket.kernel()); !v.ok()) {
    throw NotCleared(fmt::format("{} is {}: {}; replay: {}", id, name(v.status), v.reason, repro(id, c)));
  }
  cleared_[key] = true;
  return ticket;
}

#define BITPROOF_INSTANTIATE(op) template Cleared<op::Kernel> Clearance::clear(const std::string&);
BITPROOF_FOR_EACH_OP(BITPROOF_INSTANTIATE)
#undef BITPROOF_INSTANTIATE
#define BITPROOF_INSTANTIATE(op) \
  template Cleared<op::Kernel> Clearance::clear(const std::string&, Problem<op::Kernel>&, const Case&);
BITPROOF_INSTANTIATE(ternary_matmul)
BITPROOF_INSTANTIATE(dense_matmul)
BITPROOF_INSTANTIATE(dequantize)
BITPROOF_INSTANTIATE(activation_quant)
BITPROOF_INSTANTIATE(rms_norm)
BITPROOF_INSTANTIATE(rope)
BITPROOF_INSTANTIATE(attention)
BITPROOF_INSTANTIATE(gated_ffn)
BITPROOF_INSTANTIATE(residual_add)
BITPROOF_INSTANTIATE(embedding)
BITPROOF_INSTANTIATE(sampling)
#undef BITPROOF_INSTANTIATE

Recipe Clearance::clear(const RecipeNames& names) {
  return Recipe{
#define BITPROOF_CLEAR(op) clear<op::Kernel>(names.at(#op)),
      BITPROOF_FOR_EACH_OP(BITPROOF_CLEAR)
#undef BITPROOF_CLEAR
  };
}

}  // namespace bitproof
