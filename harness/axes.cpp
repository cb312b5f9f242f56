#include "axes.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "error.hpp"
#include "microbench.hpp"

namespace bitproof {
namespace {

using Words = std::vector<std::string>;

std::int64_t whole_number(const std::string& axis, const std::string& word, std::int64_t low) {
  constexpr std::int64_t kMost = std::int64_t{1} << 40;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value < low || value > kMost) {
    throw BadInput("--axis {}: '{}' is not a whole number from {} on", axis, word, low);
  }
  return value;
}

// The cases of the spec, each with every value.
template <class Set>
void multiply_cases(std::vector<Case>& cases, const Words& words, const Set& set) {
  std::vector<Case> product;
  for (const Case& c : cases) {
    for (const std::string& word : words) {
      product.push_back(c);
      set(product.back(), word);
    }
  }
  // Values that were listed in the suite are replaced, so what differed in them only is now twice there.
  std::set<std::string> seen;
  std::erase_if(product, [&](const Case& c) {
    return !seen.insert(fmt::format("{} {} {} {} {} {} {} {}", c.rows, c.cols, c.batch, c.kv_heads, c.positions, c.mode,
                                    static_cast<int>(c.fill), c.seed))
                .second;
  });
  cases = std::move(product);
}

// The rows :pfN of every variant that the spec means.
Words prefetch_rows(const BenchmarkSpec& spec, const Words& distances) {
  std::set<std::string> bases, chosen;
  for (const Variant& v : all_variants()) {
    const bool named = std::ranges::any_of(spec.variants, [&](const std::string& text) { return meant(v.id, text); });
    if (named) bases.insert(v.id.substr(0, v.id.find(':')));
  }
  for (const Variant& v : all_variants()) {
    for (const std::string& base : bases) {
      for (const std::string& d : distances) {
        if (v.id == (d == "0" ? base : fmt::format("{}:pf{}", base, d))) chosen.insert(v.id);
      }
    }
  }
  return {chosen.begin(), chosen.end()};
}

// The spec along the axis; empty where it means nothing to it.
std::vector<BenchmarkSpec> swept(BenchmarkSpec spec, const std::string& name, const Words& words) {
  static constexpr const char* kShape[] = {"rows", "cols", "batch", "kv_heads", "positions", "mode"};
  const bool kernel = spec.kind == "kernel", loop = spec.kind == "loop";
  const bool is_shape = std::ranges::find(kShape, name) != std::end(kShape);
  if (is_shape && (kernel || (spec.kind == "kv_cache" && name == "positions"))) {
    multiply_cases(spec.cases, words, [&](Case& c, const std::string& w) {
      dimension(c, name) = whole_number(name, w, name == "mode" ? 0 : 1);
    });
  } else if (name == "fill" && kernel) {
    multiply_cases(spec.cases, words, [](Case& c, const std::string& w) { c.fill = parse_fill(w); });
  } else if (name == "seed" && kernel) {
    multiply_cases(spec.cases, words, [](Case& c, const std::string& w) {
      c.seed = static_cast<std::uint64_t>(whole_number("seed", w, 0));
    });
  } else if (name == "threads" && (kernel || spec.kind == "threading")) {
    spec.threads.clear();
    for (const std::string& w : words) {
      const std::int64_t threads = whole_number(name, w, 0);
      if (threads > 64) throw BadInput("--axis threads: {} are over 64", threads);
      spec.threads.push_back(static_cast<int>(threads));
    }
  } else if (name == "temperature" && kernel) {
    spec.cold.clear();
    for (const std::string& w : words) {
      if (w != "cold" && w != "hot") throw BadInput("--axis temperature: '{}' is neither cold nor hot", w);
      spec.cold.push_back(w == "cold");
    }
  } else if (name == "bytes" && spec.kind == "memory") {
    spec.bytes.clear();
    for (const std::string& w : words) spec.bytes.push_back(whole_number(name, w, 1));
  } else if (name == "prefetch" && kernel) {
    for (const std::string& w : words) whole_number(name, w, 0);
    spec.variants = prefetch_rows(spec, words);
    if (spec.variants.empty()) return {};
  } else if (loop && (name == "depth" || name == "model" || name == "recipe")) {
    std::vector<BenchmarkSpec> each;
    for (const std::string& w : words) {
      each.push_back(spec);
      BenchmarkSpec& one = each.back();
      if (name == "depth") {
        one.depth = whole_number(name, w, 0);
      } else {
        (name == "model" ? one.model : one.recipe) = w;
      }
    }
    return each;
  } else {
    return {};
  }
  return {std::move(spec)};
}

}  // namespace

std::vector<BenchmarkSpec> along_axis(const std::vector<BenchmarkSpec>& specs, const std::string& axis) {
  static constexpr const char* kAxes[] = {"rows",     "cols",  "batch", "kv_heads", "positions",
                                          "mode",     "seed",  "fill",  "threads",  "temperature",
                                          "prefetch", "bytes", "depth", "model",    "recipe"};
  const auto equals = axis.find('=');
  const std::string name = axis.substr(0, equals);
  if (equals == std::string::npos || std::ranges::find(kAxes, name) == std::end(kAxes)) {
    throw BadInput("--axis '{}': write name=value,value with a name of {}", axis, fmt::join(kAxes, ", "));
  }
  Words words;
  for (std::size_t begin = equals + 1; begin <= axis.size();) {
    const std::size_t end = std::min(axis.find(',', begin), axis.size());
    if (end == begin) throw BadInput("--axis '{}': a value is missing", axis);
    words.push_back(axis.substr(begin, end - begin));
    begin = end + 1;
  }
  if (words.empty()) throw BadInput("--axis '{}': a value is missing", axis);
  std::vector<BenchmarkSpec> all;
  for (const BenchmarkSpec& spec : specs) {
    for (BenchmarkSpec& along : swept(spec, name, words)) all.push_back(std::move(along));
  }
  if (all.empty()) throw BadInput("--axis '{}': no benchmark of this suite has it", axis);
  return all;
}

}  // namespace bitproof
