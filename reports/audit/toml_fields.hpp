// The fields of a TOML file that a person wrote, read into members: what is not known, or of another type, is refused
// in one line with its place.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "error.hpp"
#include "nearest.hpp"
#include "reports/audit/printed.hpp"

namespace bitproof::audit {

class TomlFields {
 protected:
  using Words = std::vector<std::string>;
  static constexpr std::int64_t kMost = std::int64_t{1} << 40;

  explicit TomlFields(std::string path) : path_(std::move(path)) {}

  template <class... Args>
  BadInput bad(const toml::node& node, fmt::format_string<Args...> format, Args&&... args) const {
    return BadInput("{}:{}: {}", path_, node.source().begin.line, fmt::format(format, std::forward<Args>(args)...));
  }

  const toml::table& table_of(const toml::node& node, const char* what) const {
    const toml::table* table = node.as_table();
    if (!table) throw bad(node, "{} must be a table", what);
    return *table;
  }

  std::string text(const toml::node& node, const std::string& key) const {
    const auto value = node.value_exact<std::string>();
    if (!value) throw bad(node, "{} must be text, in quotes", key);
    return *value;
  }

  std::int64_t integer(const toml::node& node, const std::string& key) const {
    const auto value = node.value_exact<std::int64_t>();
    if (!value || *value < 0 || *value > kMost) throw bad(node, "{} must be an integer from 0 to 2^40", key);
    return *value;
  }

  template <class T, class Read>
  std::vector<T> list(const toml::node& node, const std::string& key, Read read) const {
    const toml::array* array = node.as_array();
    if (!array || array->empty()) throw bad(node, "{} must be a list", key);
    std::vector<T> values;
    for (const toml::node& item : *array) values.push_back(read(item));
    return values;
  }
  Words words(const toml::node& node, const std::string& key) const {
    return list<std::string>(node, key, [&](const toml::node& item) { return text(item, key); });
  }
  std::vector<std::int64_t> integers(const toml::node& node, const std::string& key) const {
    return list<std::int64_t>(node, key, [&](const toml::node& item) { return integer(item, key); });
  }

  template <class Known>
  std::string one_of(const toml::node& node, const std::string& key, const Known& known) const {
    const std::string value = text(node, key);
    if (std::find(std::begin(known), std::end(known), value) == std::end(known)) {
      throw bad(node, "{} '{}' is not one of {}", key, value, fmt::join(known, ", "));
    }
    return value;
  }

  Printed printed(const toml::node& node, const std::string& key) const {
    try {
      return parse_printed(text(node, key));
    } catch (const BadInput& e) {
      throw bad(node, "{}: {}", key, e.what());
    }
  }

  // Sets the member that a key names; refuses a key that names none.
  using Setters = std::map<std::string, std::function<void(const toml::node&)>>;
  void apply(const toml::table& table, const Setters& setters, const char* what) const {
    for (const auto& [key, node] : table) {
      const auto set = setters.find(std::string(key.str()));
      if (set == setters.end()) {
        Words known;
        for (const auto& [name, unused] : setters) known.push_back(name);
        throw bad(node, "unknown key '{}' of {}; did you mean {}?", key.str(), what,
                  nearest(std::string(key.str()), known));
      }
      set->second(node);
    }
  }

  auto into(std::string& member, const char* key) {
    return [this, &member, key](const toml::node& n) { member = text(n, key); };
  }
  auto into(Words& member, const char* key) {
    return [this, &member, key](const toml::node& n) { member = words(n, key); };
  }
  auto into(std::vector<std::int64_t>& member, const char* key) {
    return [this, &member, key](const toml::node& n) { member = integers(n, key); };
  }
  auto into(std::optional<std::int64_t>& member, const char* key) {
    return [this, &member, key](const toml::node& n) { member = integer(n, key); };
  }
  template <class Known>
  auto into(std::string& member, const char* key, const Known& known) {
    return [this, &member, key, &known](const toml::node& n) { member = one_of(n, key, known); };
  }

  const std::string path_;
};

}  // namespace bitproof::audit
