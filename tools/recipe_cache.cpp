#include "recipe_cache.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "error.hpp"
#include "interrupt.hpp"
#include "machine.hpp"
#include "open_model.hpp"
#include "reports/file.hpp"
#include "reports/json.hpp"
#include "reports/lattice_file.hpp"
#include "terminal.hpp"

namespace bitproof {
namespace {

std::string recipe_file_name(const BestSearch& search, const std::string& model) {
  return fmt::format("best-{}-{}-{}x{}-{}t.json", read_machine().fingerprint(),
                     std::filesystem::path(model).stem().string(), search.shape.layers, search.shape.hidden,
                     search.threads);
}

// nullopt for what is not there, is torn, names what does not run here, or is of another build, whose kernels may be
// others under the same names.
std::optional<RecipeNames> kept_recipe(const std::string& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  try {
    RecipeNames names = recipe_names(kNoTechniques);
    const Json file = Json::parse(read_file(path));
    if (file.at("build") != build_fingerprint()) return std::nullopt;
    for (auto& [op, id] : names) apply_slot(names, op + "=" + file.at("slots").at(op).get<std::string>());
    return names;
  } catch (const std::exception& e) {
    note(fmt::format("{}: not used: {}", path, e.what()));
    return std::nullopt;
  }
}

std::string searched_slots(const RecipeNames& names) {
  return fmt::format("{}, {}, {}", names.at("ternary_matmul"), names.at("dense_matmul"), names.at("threading"));
}

}  // namespace

std::string recipe_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache && *cache == '/') return std::string(cache) + "/bitproof";
  const char* home = std::getenv("HOME");
  return home && *home == '/' ? std::string(home) + "/.cache/bitproof" : "";
}

RecipeNames best_recipe(const std::string& model, int threads, Clearance& clearance) {
  BestSearch search{.shape = whole_shape({.model = model}), .threads = threads};
  search.llc_bytes = read_machine().llc_bytes.value.value_or(search.llc_bytes);
  const std::string folder = recipe_cache_folder();
  const std::string path = folder.empty() ? "" : folder + "/" + recipe_file_name(search, model);
  if (!path.empty()) {
    if (const auto names = kept_recipe(path)) {
      note(fmt::format("best: {} (searched before: {})", searched_slots(*names), path));
      return *names;
    }
  }
  RecipeNames names;
  {
    ProgressLine progress("searching the fastest recipe");
    search.entered = [&](const std::string& id) { progress.update(0, id); };
    search.refused = [](const std::string& why) { note("best: NOT IN THE SEARCH: " + why); };
    names = search_best_recipe(search, clearance);
  }
  note(fmt::format("best: {}", searched_slots(names)));
  if (path.empty() || interrupted()) return names;
  try {
    make_folder(folder);
    write_file(path, Json{{"build", build_fingerprint()}, {"slots", names}}.dump(2) + "\n");
  } catch (const BadInput& e) {  // a read-only home: the search is then repeated, and says so
    note(fmt::format("best: not kept: {}", e.what()));
  }
  return names;
}

ArmSpec named_arm(const std::string& recipe, const std::string& model, int threads, Clearance& clearance) {
  const bool searched = recipe == "best";
  Techniques set = parse_recipe(searched ? "default" : recipe);
  if (threads == 1) set = set.without(Technique::threading);
  if (!searched) return arm_of(set, threads, recipe);
  ArmSpec arm{recipe, best_recipe(model, threads, clearance), set, threads};
  arm.techniques = techniques_of(arm.names);
  return arm;
}

}  // namespace bitproof
