#include "recipe.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <sstream>

#include "error.hpp"
#include "nearest.hpp"

namespace bitproof {
namespace {

// Where several variants carry the same techniques, these are the ones a technique (or none) stands for. The products
// are all of 2 bits a weight, so that no technique is credited with a denser format; `best` may take any.
constexpr std::array kPreferred = {"kv_cache/ring", "threading/omp_static", "ternary_matmul/scalar",
                                   "ternary_matmul/direct", "ternary_matmul/tmac"};

// Larger is better among variants of equal techniques: then the wider instruction set, then the row that stands for
// prefetching, or the main row.
std::array<int, 3> preference(const Variant& v) {
  const std::string file = v.id.substr(0, v.id.find_first_of(".:"));
  const std::string row = v.info->row;
  return {std::find(kPreferred.begin(), kPreferred.end(), file) != kPreferred.end(), std::popcount(v.features),
          row.empty() || row == kPrefetchRow};
}

Techniques known_to(const std::string& op) {
  Techniques known{};
  for (const Variant& v : all_variants()) {
    if (v.op == op) known.bits |= v.info->techniques.bits;
  }
  return known;
}

Techniques part_of(const std::string& op, Techniques set) {
  return {static_cast<std::uint8_t>(set.bits & known_to(op).bits)};
}

// A recipe's cache keeps floats; rows of attention that read others are chosen with such a cache, by --kv or --slot.
bool reads_floats(const Variant& v) {
  const auto* reader = find_variant<attention::Kernel>(v.id);
  return !reader || reader->kernel->element == kv_cache::Element::f32;
}

// nullptr if none runs here.
const Variant* pick(const std::string& op, Techniques set) {
  const Techniques wanted = part_of(op, set);
  const Variant* best = nullptr;
  for (const Variant& v : all_variants()) {
    if (v.op != op || v.isa == "autovec" || v.info->exactness != Exactness::exact || !v.runnable()) continue;
    if (v.info->techniques != wanted || !reads_floats(v)) continue;
    if (!best || preference(v) > preference(*best)) best = &v;
  }
  return best;
}

}  // namespace

Technique parse_technique(const std::string& text) {
  std::vector<std::string> known;
  for (int t = 0; t < kTechniqueCount; ++t) {
    known.push_back(name(static_cast<Technique>(t)));
    if (known.back() == text) return static_cast<Technique>(t);
  }
  throw BadInput("--recipe: no technique is named '{}'; did you mean {}? (none, all, default, or a list of {})", text,
                 nearest(text, known), fmt::join(known, ", "));
}

Techniques parse_recipe(const std::string& text) {
  if (text == "none") return kNoTechniques;
  if (text == "all") return kAllTechniques;
  if (text == "default") return kAllTechniques.without(Technique::tmac).without(Technique::prefetch);
  if (text == "best") throw BadInput("--recipe: best is searched by loop, run, eval and whatif; here write default");
  Techniques set{};
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) set = set.with(parse_technique(item));
  if (set == kNoTechniques) throw BadInput("--recipe: empty; write none, all, default, or a list of techniques");
  return set;
}

std::string recipe_name(Techniques set) {
  if (set == kNoTechniques) return "none";
  if (set == kAllTechniques) return "all";
  std::string text;
  for (int t = 0; t < kTechniqueCount; ++t) {
    if (set.has(static_cast<Technique>(t)))
      text += (text.empty() ? "" : ",") + std::string(name(static_cast<Technique>(t)));
  }
  return text;
}

RecipeNames recipe_names(Techniques set) {
  RecipeNames names;
  for (const char* op : all_ops()) {
    const Variant* v = pick(op, set);
    if (!v) {
      throw BadInput("recipe {}: no variant of {} with techniques '{}' runs here; `bitproof list --by op` says why",
                     recipe_name(set), op, recipe_name(part_of(op, set)));
    }
    names[op] = v->id;
  }
  return names;
}

bool runs_here(Techniques set) {
  return std::ranges::all_of(all_ops(), [&](const char* op) { return pick(op, set) != nullptr; });
}

void apply_slot(RecipeNames& names, const std::string& slot) {
  const std::size_t equals = slot.find('=');
  if (equals == std::string::npos) throw BadInput("--slot: '{}' is not op=variant", slot);
  const std::string op = slot.substr(0, equals);
  std::string id = slot.substr(equals + 1);
  if (!names.contains(op)) {
    std::vector<std::string> ops;
    for (const auto& [known, _] : names) ops.push_back(known);
    throw BadInput("--slot: no op is named '{}'; did you mean {}?", op, nearest(op, ops));
  }
  if (!id.starts_with(op + "/")) id = op + "/" + id;
  std::vector<std::string> ids;
  for (const Variant& v : all_variants()) {
    if (v.op == op) ids.push_back(v.id);
    if (v.id != id) continue;
    if (!v.runnable()) throw BadInput("--slot: {} cannot run here: {}", id, v.reason());
    names[op] = id;
    return;
  }
  throw BadInput("--slot: no variant is named '{}'; did you mean {}?", id, nearest(id, ids));
}

void apply_kv(RecipeNames& names, const std::string& element) {
  const std::vector<std::string> known = {"f32", "f16", "q8"};
  if (std::ranges::find(known, element) == known.end()) {
    throw BadInput("--kv: '{}' is none of {}", element, fmt::join(known, ", "));
  }
  for (const char* op : {"kv_cache", "attention"}) {
    const std::string main_row = names.at(op).substr(0, names.at(op).find(':'));
    apply_slot(names, std::string(op) + "=" + main_row + (element == "f32" ? "" : ":" + element));
  }
}

Techniques techniques_of(const RecipeNames& names) {
  Techniques set{};
  for (const Variant& v : all_variants()) {
    const auto slot = names.find(v.op);
    if (slot != names.end() && slot->second == v.id) set.bits |= v.info->techniques.bits;
  }
  return set;
}

}  // namespace bitproof
