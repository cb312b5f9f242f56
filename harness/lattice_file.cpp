// Lattices from TOML.
#include <toml++/toml.h>

#include <fstream>
#include <set>
#include <sstream>

#include "error.hpp"
#include "lattice.hpp"

namespace bitproof {
namespace {

constexpr std::size_t kLongestLattice = 32'768;  // toml++ nests by recursion: this deep is safe

class LatticeReader {
 public:
  explicit LatticeReader(std::string path) : path_(std::move(path)) {}

  Lattice read(const toml::table& root) const {
    allow(root, {"name", "base", "factors"});
    Lattice lattice{.name = text(root, "name"), .base = techniques(root, "base"), .factors = {}};
    for (const toml::table* t : tables(root, "factors")) lattice.factors.push_back(factor(*t));
    std::set<std::string> names;
    std::size_t cells = 1;
    for (const Factor& f : lattice.factors) {
      if (!names.insert(f.name).second) throw bad(root, "two factors are named '{}'", f.name);
      cells *= f.levels.size();
      if (cells > kMostCells) throw bad(root, "over {} recipes: use fewer factors or levels", kMostCells);
    }
    return lattice;
  }

 private:
  template <class... Args>
  BadInput bad(const toml::node& node, fmt::format_string<Args...> format, Args&&... args) const {
    return BadInput("{}:{}: {}", path_, node.source().begin.line, fmt::format(format, std::forward<Args>(args)...));
  }

  void allow(const toml::table& table, const std::set<std::string_view>& known) const {
    for (const auto& [key, node] : table) {
      if (!known.contains(key.str()))
        throw bad(node, "unknown key '{}'; known are {}", key.str(), fmt::join(known, ", "));
    }
  }

  std::string text(const toml::table& table, const char* key) const {
    const auto value = table[key].value_exact<std::string>();
    if (!value || value->empty()) throw bad(table, "{} is missing: write {} = \"...\"", key, key);
    return *value;
  }

  std::vector<std::string> texts(const toml::table& table, const char* key) const {
    std::vector<std::string> list;
    if (!table.contains(key)) return list;
    const toml::array* array = table[key].as_array();
    if (!array) throw bad(*table.get(key), "{} must be a list of texts", key);
    for (const toml::node& item : *array) {
      const auto value = item.value_exact<std::string>();
      if (!value) throw bad(item, "{} must be a list of texts", key);
      list.push_back(*value);
    }
    return list;
  }

  Techniques techniques(const toml::table& table, const char* key) const {
    Techniques set{};
    for (const std::string& name : texts(table, key)) {
      try {
        set = set.with(parse_technique(name));
      } catch (const BadInput& e) {
        throw bad(*table.get(key), "{}", e.what());
      }
    }
    return set;
  }

  std::vector<const toml::table*> tables(const toml::table& table, const char* key) const {
    const toml::array* array = table[key].as_array();
    if (!array || array->empty()) throw bad(table, "no [[{}]]: a lattice of nothing measures nothing", key);
    std::vector<const toml::table*> list;
    for (const toml::node& node : *array) {
      if (!node.is_table()) throw bad(node, "{0} must be tables: write [[{0}]]", key);
      list.push_back(node.as_table());
    }
    return list;
  }

  Factor factor(const toml::table& table) const {
    allow(table, {"name", "expected", "levels"});
    Factor f{.name = text(table, "name"), .levels = {}};
    for (const toml::table* t : tables(table, "levels")) {
      allow(*t, {"name", "techniques", "slots"});
      f.levels.push_back({text(*t, "name"), techniques(*t, "techniques"), texts(*t, "slots")});
    }
    if (f.levels.size() < 2) throw bad(table, "factor '{}' has one level: write the one that is off first", f.name);
    if (const Techniques on = f.levels.back().techniques;
        std::popcount(on.bits) == 1 && f.levels.back().slots.empty()) {
      f.technique = static_cast<Technique>(std::countr_zero(on.bits));
    }
    if (const toml::node* expected = table.get("expected")) promise(*expected, f);
    return f;
  }

  void promise(const toml::node& node, Factor& f) const {
    const toml::array* range = node.as_array();
    const auto low = range && range->size() == 2 ? range->get(0)->value<double>() : std::nullopt;
    const auto high = range && range->size() == 2 ? range->get(1)->value<double>() : std::nullopt;
    if (!low || !high || !(*low > 1) || !(*high >= *low)) throw bad(node, "expected must be [low, high], both above 1");
    f.expected = fmt::format("{}-{}", *low, *high);
    f.expected_low = *low;
    f.expected_high = *high;
  }

  std::string path_;
};

}  // namespace

Lattice parse_lattice(const std::string& text, const std::string& path) {
  if (text.size() > kLongestLattice)
    throw BadInput("{}: {} bytes; a lattice has at most {}", path, text.size(), kLongestLattice);
  try {
    return LatticeReader(path).read(toml::parse(text, path));
  } catch (const toml::parse_error& e) {
    throw BadInput("{}:{}: {}", path, e.source().begin.line, e.description());
  }
}

Lattice read_lattice(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw BadInput("{}: cannot be read; give the path of a lattice (TOML)", path);
  return parse_lattice(text.str(), path);
}

}  // namespace bitproof
