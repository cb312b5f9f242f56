#include "reports/audit/machines.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "error.hpp"

namespace bitproof::audit {
namespace {

Cpu read_cpu(const toml::table& table, const std::string& path) {
  Cpu cpu;
  const auto bad = [&](const toml::node& node, const std::string& why) {
    return BadInput("{}:{}: {}", path, node.source().begin.line, why);
  };
  const auto text = [&](const toml::node& node, std::string_view key) {
    const auto value = node.value_exact<std::string>();
    if (!value || value->empty()) throw bad(node, fmt::format("{} must be text", key));
    return *value;
  };
  const struct {
    const char* key;
    double& member;
    double scale;
  } numbers[] = {{"cores", cpu.cores, 1},
                 {"threads", cpu.threads, 1},
                 {"boost_ghz", cpu.boost_hz, 1e9},
                 {"tdp_w", cpu.tdp_w, 1},
                 {"l3_mib", cpu.l3_bytes, 1048576},
                 {"memory_gb_per_s", cpu.memory_bytes_per_s, 1e9},
                 {"f32_ops_per_cycle", cpu.f32_ops_per_cycle, 1},
                 {"int8_ops_per_cycle", cpu.int8_ops_per_cycle, 1}};
  for (const auto& [k, node] : table) {
    const std::string_view key = k.str();
    if (key == "name" || key == "source") {
      (key == "name" ? cpu.name : cpu.source) = text(node, key);
    } else if (key == "aliases" || key == "memory") {
      const toml::array* list = node.as_array();
      if (!list) throw bad(node, fmt::format("{} must be a list", key));
      for (const toml::node& item : *list) (key == "aliases" ? cpu.aliases : cpu.memory).push_back(text(item, key));
    } else {
      const auto* number =
          std::find_if(std::begin(numbers), std::end(numbers), [&](const auto& n) { return key == n.key; });
      if (number == std::end(numbers)) throw bad(node, fmt::format("unknown key '{}' of a CPU", key));
      const auto value = node.value<double>();
      if (!value || !(*value > 0 && *value < 1e9)) throw bad(node, fmt::format("{} must be a number above 0", key));
      number->member = *value * number->scale;
    }
  }
  if (cpu.name.empty() || cpu.source.empty()) throw bad(table, "a CPU has a name and a source");
  return cpu;
}

}  // namespace

Cpus parse_cpus(const std::string& text, const std::string& path) {
  try {
    const toml::table root = toml::parse(text, path);
    const toml::array* list = root["cpu"].as_array();
    if (!list || root.size() != 1) throw BadInput("{}: a table of CPUs has [[cpu]] and nothing else", path);
    Cpus cpus;
    for (const toml::node& node : *list) {
      if (!node.is_table()) throw BadInput("{}:{}: write [[cpu]]", path, node.source().begin.line);
      cpus.push_back(read_cpu(*node.as_table(), path));
    }
    return cpus;
  } catch (const toml::parse_error& e) {
    throw BadInput("{}:{}: not TOML: {}", path, e.source().begin.line, e.description());
  }
}

const Cpu* find(const Cpus& cpus, const std::string& name) {
  const auto found = std::find_if(cpus.begin(), cpus.end(), [&](const Cpu& c) {
    return c.name == name || std::find(c.aliases.begin(), c.aliases.end(), name) != c.aliases.end();
  });
  return found == cpus.end() ? nullptr : &*found;
}

}  // namespace bitproof::audit
