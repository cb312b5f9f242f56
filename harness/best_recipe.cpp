#include "best_recipe.hpp"

#include <algorithm>
#include <chrono>
#include <map>

#include "interrupt.hpp"
#include "statistics.hpp"
#include "synthetic_model.hpp"

namespace bitproof {
namespace {

constexpr int kPasses = 7;
constexpr double kPass_ns = 10e6;  // so long at least that a wake-up of the system is a small part
constexpr double kWinsBy = 0.99;   // a tie leaves the champion

// Packed at two bits a ternary weight, eight one of the head.
std::size_t weight_bytes(const ModelShape& m) {
  std::int64_t ternary = 0;
  for (const Matrix matrix : kMatrices) ternary += matrix_shape(m, matrix).rows * matrix_shape(m, matrix).cols;
  return static_cast<std::size_t>(m.layers * ternary / 4 + m.vocab * m.hidden);
}

// One variant under one split on copies of its own.
class TimedVariant : public Contender {
 public:
  TimedVariant(std::unique_ptr<Workload> workload, int copies) : workload_(std::move(workload)), copies_(copies) {
    one_round_ns();  // first touch
    rounds_ = std::max(1, static_cast<int>(kPass_ns / one_round_ns()));
  }

  double pass_ns() override {
    double ns = 0;
    for (int i = 0; i < rounds_; ++i) ns += one_round_ns();
    return ns / rounds_;
  }

 private:
  double one_round_ns() {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < copies_; ++i) workload_->call(i);
    return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count() / copies_;
  }

  std::unique_ptr<Workload> workload_;
  int copies_, rounds_ = 1;
};

// What a contest is about: one op on one shape.
template <class Kernel>
class Contest {
 public:
  Contest(const Case& c, const BestSearch& search, std::int64_t layers, Clearance& clearance)
      : case_(c), search_(search), layers_(layers), clearance_(clearance), problem_(make_problem<Kernel>(c)) {}

  std::unique_ptr<Contender> enter(const std::string& id, const threading::Kernel& split) {
    const Cleared<Kernel> ticket = clearance_.clear<Kernel>(id, *problem_, case_);
    const matmul::Shape shape{case_.rows, case_.cols};
    const std::size_t bytes = std::max<std::size_t>(ticket.kernel().packed_bytes(shape), 1);
    const auto copies =
        static_cast<int>(std::min<std::size_t>(4 * search_.llc_bytes / bytes + 2, static_cast<std::size_t>(layers_)));
    return std::make_unique<TimedVariant>(
        problem_->workload(ticket.kernel(),
                           {.threading = &split, .threads = search_.threads, .copies = copies, .guarded = false}),
        copies);
  }

 private:
  Case case_;
  const BestSearch& search_;
  std::int64_t layers_;
  Clearance& clearance_;
  std::shared_ptr<Problem<Kernel>> problem_;
};

std::string file_of(const std::string& id) { return id.substr(0, id.find(':')); }

// Exact variants of an op that run here with the technique; main rows, or the other rows of the given files.
std::vector<std::string> candidates(const std::string& op, Technique technique,
                                    const std::vector<std::string>& files = {}) {
  std::vector<std::string> ids;
  for (const Variant& v : all_variants()) {
    if (v.op != op || !v.runnable() || v.info->exactness != Exactness::exact) continue;
    if (!v.info->techniques.has(technique)) continue;
    const bool is_main = std::string(v.info->row).empty();
    if (files.empty() ? is_main : !is_main && std::ranges::count(files, file_of(v.id)) > 0) ids.push_back(v.id);
  }
  return ids;
}

// The files of the two fastest.
std::vector<std::string> two_fastest(const Standing& standing) {
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [id, ratio] : standing.ratio) order.emplace_back(ratio, file_of(id));
  std::ranges::sort(order);
  std::vector<std::string> files;
  for (const auto& [ratio, file] : order) {
    if (files.size() < 2 && std::ranges::count(files, file) == 0) files.push_back(file);
  }
  return files;
}

using Enter = std::function<std::unique_ptr<Contender>(const std::string& id)>;

Standing announced(const BestSearch& search, const std::string& champion, const std::vector<std::string>& challengers,
                   const Enter& enter) {
  Standing standing = king_of_the_hill(champion, challengers, [&](const std::string& id) {
    if (search.entered) search.entered(id);
    return enter(id);
  });
  for (const auto& [id, why] : standing.refused) {
    if (search.refused) search.refused(why);
  }
  return standing;
}

std::string fastest_product(const BestSearch& search, const std::string& op, const std::string& first,
                            const Enter& enter) {
  const Standing families = announced(search, file_of(first), candidates(op, Technique::simd), enter);
  if (interrupted()) return first;
  const std::vector<std::string> rows = candidates(op, Technique::simd, two_fastest(families));
  return announced(search, families.champion, rows, enter).champion;
}

}  // namespace

Standing king_of_the_hill(std::string champion, const std::vector<std::string>& challengers,
                          const std::function<std::unique_ptr<Contender>(const std::string& id)>& enter) {
  Standing standing{champion, {{champion, 1.0}}};
  std::unique_ptr<Contender> king = enter(champion);
  for (const std::string& id : challengers) {
    if (interrupted()) break;
    if (id == standing.champion) continue;
    std::unique_ptr<Contender> other;
    try {
      other = enter(id);
    } catch (const NotCleared& e) {
      standing.refused[id] = e.what();
      continue;
    }
    std::vector<double> kings, others;
    for (int i = 0; i < kPasses; ++i) {
      kings.push_back(king->pass_ns());
      others.push_back(other->pass_ns());
    }
    const double ratio = median(others) / median(kings);
    standing.ratio[id] = ratio * standing.ratio[standing.champion];
    if (ratio < kWinsBy) {
      standing.champion = id;
      king = std::move(other);
    }
  }
  return standing;
}

RecipeNames search_best_recipe(const BestSearch& search, Clearance& clearance) {
  Techniques first = parse_recipe("default");
  if (search.threads == 1) first = first.without(Technique::threading);
  if (!runs_here(first)) return recipe_names(first.without(Technique::simd));
  RecipeNames names = recipe_names(first);
  if (weight_bytes(search.shape) < search.llc_bytes) return names;
  const auto entry = [&](auto& contest) {
    return [&](const std::string& id) {
      return contest.enter(id, clearance.clear<threading::Kernel>(names.at("threading")).kernel());
    };
  };

  const matmul::Shape gate = matrix_shape(search.shape, Matrix::gate);
  const Case gate_case{.op = "ternary_matmul", .rows = gate.rows, .cols = gate.cols};
  Contest<ternary_matmul::Kernel> products(gate_case, search, search.shape.layers, clearance);
  names["ternary_matmul"] = fastest_product(search, "ternary_matmul", names["ternary_matmul"], entry(products));

  const Case head_case{.op = "dense_matmul", .rows = search.shape.vocab, .cols = search.shape.hidden};
  // One head, read once a token: between two readings all layers pass through the caches.
  Contest<dense_matmul::Kernel> heads(head_case, search, search.shape.layers, clearance);
  names["dense_matmul"] = fastest_product(search, "dense_matmul", names["dense_matmul"], entry(heads));

  if (search.threads > 1 && !interrupted()) {
    const auto enter = [&](const std::string& id) {
      return products.enter(names["ternary_matmul"], clearance.clear<threading::Kernel>(id).kernel());
    };
    std::vector<std::string> splits = candidates("threading", Technique::threading);
    const std::vector<std::string> rows = candidates("threading", Technique::threading, splits);
    splits.insert(splits.end(), rows.begin(), rows.end());
    names["threading"] = announced(search, names["threading"], splits, enter).champion;
  }
  return names;
}

}  // namespace bitproof
