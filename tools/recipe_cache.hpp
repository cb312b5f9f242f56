// `--recipe best`: searched once a machine, build, model and thread count, then read from a file.
#pragma once

#include "arm.hpp"
#include "best_recipe.hpp"

namespace bitproof {

// Where answers are kept: $XDG_CACHE_HOME/bitproof or ~/.cache/bitproof; empty where neither variable is set.
std::string recipe_cache_folder();

// What is kept for such a search, if every variant of it still runs here; else it is searched, and kept.
RecipeNames best_recipe(const std::string& model, int threads, Clearance& clearance);

// The arm of a recipe in words on so many threads. One thread is what threading off is.
ArmSpec named_arm(const std::string& recipe, const std::string& model, int threads, Clearance& clearance);

}  // namespace bitproof
