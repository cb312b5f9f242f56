#include "subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "error.hpp"
#include "nearest.hpp"
#include "open_model.hpp"
#include "recipe.hpp"

namespace bitproof {
namespace {

const Variant& variant_named(const std::string& id) {
  std::vector<std::string> ids;
  for (const Variant& v : all_variants()) {
    if (v.id == id) return v;
    ids.push_back(v.id);
  }
  throw BadInput("no variant is named '{}'; did you mean {}?", id, nearest(id, ids));
}

// Its op is a kernel that a case describes, and not a part of the loop.
bool is_kernel(const std::string& op) { return op != "memory" && op != "threading" && op != "kv_cache"; }

}  // namespace

BenchmarkSpec spec_of(const Subject& s) {
  BenchmarkSpec spec;
  spec.name = "compare";
  spec.threads = {s.threads};
  spec.cold = {!s.hot};
  if (s.is_loop()) {
    spec.kind = "loop";
    spec.recipe = s.id.substr(std::string("loop/").size());
    parse_recipe(spec.recipe);
    whole_shape({.model = s.model});
    spec.model = s.model;
    spec.depth = s.depth;
    return spec;
  }
  const Variant& v = variant_named(s.id);
  if (!is_kernel(v.op)) {
    throw BadInput("{}: is not compared alone; compare recipes with and without it, such as loop/all and loop/all",
                   s.id);
  }
  spec.kind = "kernel";
  spec.variants = {s.id};
  spec.cases = {parse_case(v.op, s.one_case)};
  validate(spec.cases[0], "--case " + s.one_case);
  return spec;
}

std::string name_of(const Subject& s) {
  const BenchmarkSpec spec = spec_of(s);
  if (s.is_loop()) return fmt::format("{}/model={},depth={}/threads:{}", s.id, s.model, s.depth, s.threads);
  return fmt::format("{}/{}/threads:{}/{}", s.id, to_string(spec.cases[0]), s.threads, s.hot ? "hot" : "cold");
}

std::vector<Subject> subjects_of(const Suite& suite, const std::string& filter, int cores) {
  std::vector<Subject> all;
  std::set<std::string> seen;  // on one core, threads = [1, 0] is one point twice
  const auto add = [&](const Subject& s) {
    const std::string name = name_of(s);
    if (name.find(filter) != std::string::npos && seen.insert(name).second) all.push_back(s);
  };
  for (const BenchmarkSpec& spec : suite.benchmarks) {
    for (const int threads : thread_counts(spec, cores)) {
      if (threads > cores) continue;
      if (spec.kind == "loop") {
        add({.id = "loop/" + spec.recipe, .threads = threads, .model = spec.model, .depth = spec.depth});
      } else if (spec.kind == "kernel") {
        for (const Variant& v : all_variants()) {
          if (std::ranges::none_of(spec.variants, [&](const std::string& text) { return meant(v.id, text); })) continue;
          if (!v.runnable()) continue;
          for (Case c : spec.cases) {
            c.op = v.op;
            for (const bool cold : spec.cold) {
              add({.id = v.id, .one_case = to_string(c), .threads = threads, .hot = !cold});
            }
          }
        }
      }
    }
  }
  return all;
}

std::vector<std::string> arguments_of(const Subject& s) {
  std::vector<std::string> arguments = {"sample", s.id, "--threads", std::to_string(s.threads)};
  if (s.is_loop()) {
    arguments.insert(arguments.end(), {"--model", s.model, "--depth", std::to_string(s.depth)});
  } else {
    arguments.insert(arguments.end(), {"--case", s.one_case});
    if (s.hot) arguments.push_back("--hot");
  }
  return arguments;
}

}  // namespace bitproof
