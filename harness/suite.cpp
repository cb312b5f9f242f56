#include "suite.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "error.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kMostCases = 100'000;  // a suite, or a product of lists, larger than this is a mistake
// toml++ frees nested tables by recursion, and a dotted key nests one for every two bytes: this deep is safe.
constexpr std::size_t kLongest = 32'768;
constexpr std::int64_t kMostDepth = 1'000'000, kLargest = std::int64_t{1} << 31, kMostBytes = std::int64_t{1} << 40;

class SuiteReader {
 public:
  explicit SuiteReader(std::string path) : path_(std::move(path)) {}

  void read(const toml::table& root, Suite& suite) {
    for (const auto& [key, node] : root) {
      if (key.str() != "cases" && key.str() != "benchmarks") {
        throw bad(node, "unknown key '{}'; a suite has [[cases]] and [[benchmarks]]", key.str());
      }
      const toml::array* groups = node.as_array();
      if (!groups) throw bad(node, "{0} must be tables: write [[{0}]]", key.str());
      for (const toml::node& group : *groups) {
        const toml::table* table = group.as_table();
        if (!table) throw bad(group, "{0} must be tables: write [[{0}]]", key.str());
        if (key.str() == "cases") {
          expand(*table);
        } else {
          suite.benchmarks.push_back(benchmark(*table));
        }
      }
    }
    suite.cases = std::move(cases_);
    if (suite.cases.empty() && suite.benchmarks.empty()) {
      throw BadInput("{}: no [[cases]] and no [[benchmarks]]; an empty suite proves nothing", path_);
    }
  }

 private:
  template <class... Args>
  BadInput bad(const toml::node& node, fmt::format_string<Args...> format, Args&&... args) const {
    return BadInput("{}:{}: {}", path_, node.source().begin.line, fmt::format(format, std::forward<Args>(args)...));
  }

  // Counts the cases of the whole file.
  void book(const toml::table& table, std::size_t cases) {
    booked_ += cases;
    if (booked_ > kMostCases) throw bad(table, "over {} cases", kMostCases);
  }

  // A value or a list of values of one type.
  template <class T>
  std::vector<T> list(const toml::node& node, const std::string& key) const {
    std::vector<T> values;
    const auto take = [&](const toml::node& item) {
      const auto value = item.value_exact<T>();
      if (!value) throw bad(item, "{} must be {}", key, std::is_same_v<T, std::string> ? "text" : "an integer");
      values.push_back(*value);
    };
    if (const toml::array* array = node.as_array()) {
      for (const toml::node& item : *array) take(item);
    } else {
      take(node);
    }
    if (values.empty()) throw bad(node, "{} is an empty list", key);
    return values;
  }

  // A key of which there can be only one value.
  template <class T>
  T one(const toml::node& node, const std::string& key) const {
    if (node.is_array()) throw bad(node, "{} takes one value, not a list", key);
    return list<T>(node, key)[0];
  }

  std::vector<std::int64_t> within(std::vector<std::int64_t> values, std::int64_t low, std::int64_t high,
                                   const toml::node& node, const std::string& key) const {
    for (const std::int64_t v : values) {
      if (v < low || v > high) throw bad(node, "{} = {} is not in {} .. {}", key, v, low, high);
    }
    return values;
  }

  // [[rows, cols, batch], ...]
  std::vector<std::array<std::int64_t, 3>> shapes(const toml::node& node) const {
    std::vector<std::array<std::int64_t, 3>> all;
    const toml::array* outer = node.as_array();
    for (std::size_t i = 0; outer && i < outer->size(); ++i) {
      const std::vector<std::int64_t> s = list<std::int64_t>((*outer)[i], "shapes");
      if (s.size() != 3) throw bad((*outer)[i], "a shape is [rows, cols, batch]");
      all.push_back({s[0], s[1], s[2]});
    }
    if (all.empty()) throw bad(node, "shapes must be [[rows, cols, batch], ...]");
    return all;
  }

  void expand(const toml::table& table) {
    const toml::node* ops = table.get("op");
    if (!ops) throw bad(table, "this case has no op");
    for (const std::string& op : list<std::string>(*ops, "op")) {
      std::vector<Case> group(1);
      group[0].op = op;
      std::span<const char* const> known;
      try {
        known = dimensions(op);
      } catch (const BadInput& e) {
        throw bad(*ops, "{}", e.what());
      }
      for (const auto& [key, node] : table) multiply(group, std::string(key.str()), node, known);
      for (const Case& c : group) {
        validate(c, fmt::format("{}:{}", path_, table.source().begin.line));
      }
      book(table, group.size());
      cases_.insert(cases_.end(), group.begin(), group.end());
    }
  }

  BenchmarkSpec benchmark(const toml::table& table) {
    static constexpr const char* kKinds[] = {"kernel", "memory", "threading", "kv_cache", "loop"};
    static constexpr const char* kShape[] = {"rows", "cols", "batch", "kv_heads", "positions", "mode"};
    BenchmarkSpec spec;
    std::vector<Case> group(1);
    for (const auto& [k, node] : table) {
      const std::string key(k.str());
      if (key == "name") {
        spec.name = one<std::string>(node, key);
      } else if (key == "kind") {
        spec.kind = one<std::string>(node, key);
      } else if (key == "variants") {
        spec.variants = list<std::string>(node, key);
      } else if (key == "recipe") {
        spec.recipe = one<std::string>(node, key);
      } else if (key == "model") {
        spec.model = one<std::string>(node, key);
      } else if (key == "depth") {
        spec.depth = within({one<std::int64_t>(node, key)}, 0, kMostDepth, node, key)[0];
      } else if (key == "bytes") {
        spec.bytes = within(list<std::int64_t>(node, key), 1, kMostBytes, node, key);
      } else if (key == "threads") {
        spec.threads.clear();
        if (node.value_exact<std::string>() == "1..cores") continue;
        for (const std::int64_t t : list<std::int64_t>(node, key)) {
          if (t < 0 || t > 64) throw bad(node, "threads = {} is not in 0 (all cores) .. 64", t);
          spec.threads.push_back(static_cast<int>(t));
        }
      } else if (key == "temperature") {
        spec.cold.clear();
        for (const std::string& t : list<std::string>(node, key)) {
          if (t != "cold" && t != "hot") throw bad(node, "temperature '{}' is neither cold nor hot", t);
          spec.cold.push_back(t == "cold");
        }
      } else {
        multiply(group, key, node, kShape);
      }
    }
    if (spec.name.empty()) throw bad(table, "this benchmark has no name");
    if (std::find(std::begin(kKinds), std::end(kKinds), spec.kind) == std::end(kKinds)) {
      throw bad(table, "kind '{}' is not one of {}", spec.kind, fmt::join(kKinds, ", "));
    }
    if (spec.kind != "loop" && spec.variants.empty()) throw bad(table, "this benchmark names no variants");
    book(table, group.size());
    spec.cases = std::move(group);
    return spec;
  }

  // Replaces every case of the group by one for each value of the key.
  void multiply(std::vector<Case>& group, const std::string& key, const toml::node& node,
                std::span<const char* const> known) const {
    const auto cross = [&](const auto& values, auto&& set) {
      if (group.size() * values.size() > kMostCases) throw bad(node, "over {} cases", kMostCases);
      std::vector<Case> product;
      for (const Case& c : group) {
        for (const auto& value : values) {
          product.push_back(c);
          set(product.back(), value);
        }
      }
      group = std::move(product);
    };
    if (key == "op") return;
    if (key == "shapes") {
      cross(shapes(node), [](Case& c, const std::array<std::int64_t, 3>& s) {
        c.rows = s[0];
        c.cols = s[1];
        c.batch = s[2];
      });
      return;
    }
    if (key == "name") {
      cross(list<std::string>(node, key), [](Case& c, const std::string& v) { c.name = v; });
    } else if (key == "fill") {
      std::vector<Fill> fills;
      for (const std::string& text : list<std::string>(node, key)) {
        try {
          fills.push_back(parse_fill(text));
        } catch (const BadInput& e) {
          throw bad(node, "{}", e.what());
        }
      }
      cross(fills, [](Case& c, Fill v) { c.fill = v; });
    } else if (key == "seed") {
      cross(list<std::int64_t>(node, key), [](Case& c, std::int64_t v) { c.seed = static_cast<std::uint64_t>(v); });
    } else if (key == "offsets") {
      if (node.value_exact<std::string>() != "all") throw bad(node, "offsets can only be \"all\"");
      for (Case& c : group) c.every_offset = true;
    } else if (std::find_if(known.begin(), known.end(), [&](const char* d) { return key == d; }) != known.end()) {
      const std::int64_t low = key == "mode" ? 0 : 1;
      cross(within(list<std::int64_t>(node, key), low, kLargest, node, key),
            [&](Case& c, std::int64_t v) { dimension(c, key) = v; });
    } else {
      throw bad(node, "unknown key '{}'{}{}; known here: name, op, fill, seed, offsets, {}", key,
                group[0].op.empty() ? "" : " for ", group[0].op, fmt::join(known, ", "));
    }
  }

  std::string path_;
  std::vector<Case> cases_;
  std::size_t booked_ = 0;  // cases of the file so far, those of benchmarks too
};

}  // namespace

Suite parse_suite(const std::string& text, const std::string& path) {
  if (text.size() > kLongest) {
    throw BadInput("{}: {} bytes, and a suite has {} at most: split it, --suite may be repeated", path, text.size(),
                   kLongest);
  }
  try {
    const toml::table root = toml::parse(text, path);
    Suite suite{std::filesystem::path(path).stem().string(), {}, {}};
    SuiteReader(path).read(root, suite);
    return suite;
  } catch (const toml::parse_error& e) {
    throw BadInput("{}:{}: not TOML: {}", path, e.source().begin.line, e.description());
  }
}

Suite read_suite(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw BadInput("{}: cannot be read; name a .toml file of suites/", path);
  std::ostringstream text;
  text << file.rdbuf();
  return parse_suite(text.str(), path);
}

}  // namespace bitproof
