#include "machine.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <map>
#include <set>

#include "git_revision.hpp"  // generated at every build
#include "registry.hpp"

// Set for this file by harness/CMakeLists.txt.
#ifndef BITPROOF_COMPILER_FLAGS
#define BITPROOF_COMPILER_FLAGS ""
#endif
#ifndef BITPROOF_BUILD_TYPE
#define BITPROOF_BUILD_TYPE ""
#endif

namespace bitproof {
namespace {

namespace fs = std::filesystem;
struct KeyValues {
  std::string file;
  std::map<std::string, std::string, std::less<>> values;
};

template <class T>
Fact<T> known(T value) {
  return {std::move(value), ""};
}

std::string_view trim(std::string_view s) {
  constexpr std::string_view kBlank = " \t\n";
  const std::size_t first = s.find_first_not_of(kBlank);
  return first == s.npos ? "" : s.substr(first, s.find_last_not_of(kBlank) - first + 1);
}

template <class Int>
std::optional<Int> to_int(std::string_view text) {
  Int value{};
  const std::string_view digits = trim(text);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) return std::nullopt;
  return value;
}

Fact<std::string> read_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  if (trim(line).empty()) return {std::nullopt, "no " + path.string()};
  return known(std::string(trim(line)));
}

// "key : value" lines up to the first empty one: /proc/meminfo, or the first CPU of /proc/cpuinfo.
KeyValues read_key_values(const fs::path& path) {
  KeyValues table{path.string(), {}};
  std::ifstream file(path);
  for (std::string line; std::getline(file, line) && !line.empty();) {
    const std::size_t colon = line.find(':');
    if (colon == line.npos) continue;
    table.values.emplace(trim(std::string_view(line).substr(0, colon)), trim(std::string_view(line).substr(colon + 1)));
  }
  return table;
}

Fact<std::string> text_of(const KeyValues& table, std::string_view key) {
  const auto found = table.values.find(key);
  if (found == table.values.end() || found->second.empty()) {
    return {std::nullopt, fmt::format("no '{}' in {}", key, table.file)};
  }
  return known(found->second);
}

template <class Int>
Fact<Int> number_of(const KeyValues& table, std::string_view key, Int unit = 1) {
  const Fact<std::string> text = text_of(table, key);
  if (!text.value) return {std::nullopt, text.why};
  const std::optional<Int> number = to_int<Int>(*text.value);
  if (!number) return {std::nullopt, fmt::format("'{}' in {} is no number", key, table.file)};
  return known(static_cast<Int>(*number * unit));
}

fs::path cpu_directory(const fs::path& root, int cpu) {
  return root / fmt::format("sys/devices/system/cpu/cpu{}", cpu);
}

// "48K", "32M": sysfs writes no other unit.
std::optional<std::size_t> parse_size(std::string_view text) {
  const std::optional<std::size_t> number = to_int<std::size_t>(text);
  if (!number) return std::nullopt;
  return *number << (text.ends_with('K') ? 10 : text.ends_with('M') ? 20 : 0);
}

std::vector<Cache> caches_in_sysfs(const std::vector<int>& cpus, const fs::path& root) {
  std::vector<Cache> caches;
  std::set<std::string> seen;
  for (int cpu : cpus) {
    for (int index = 0;; ++index) {
      const fs::path directory = cpu_directory(root, cpu) / fmt::format("cache/index{}", index);
      const auto level = read_line(directory / "level").value, type = read_line(directory / "type").value,
                 size = read_line(directory / "size").value, shared = read_line(directory / "shared_cpu_list").value;
      if (!level || !type) break;
      const std::optional<std::size_t> bytes = parse_size(size.value_or(""));
      if (!bytes || !seen.insert(*level + *type + shared.value_or(std::to_string(cpu))).second) continue;
      caches.push_back({to_int<int>(*level).value_or(0), *type, *bytes, parse_cpu_list(shared.value_or(""))});
    }
  }
  return caches;
}

// What getconf(1) prints; it does not say which CPUs share a cache.
std::vector<Cache> caches_by_getconf() {
  struct Name {
    int level;
    const char* type;
    int id;
  };
  constexpr Name kNames[] = {{1, "Data", _SC_LEVEL1_DCACHE_SIZE},
                             {1, "Instruction", _SC_LEVEL1_ICACHE_SIZE},
                             {2, "Unified", _SC_LEVEL2_CACHE_SIZE},
                             {3, "Unified", _SC_LEVEL3_CACHE_SIZE},
                             {4, "Unified", _SC_LEVEL4_CACHE_SIZE}};
  std::vector<Cache> caches;
  for (const Name& name : kNames) {
    const long bytes = sysconf(name.id);
    if (bytes > 0) caches.push_back({name.level, name.type, static_cast<std::size_t>(bytes), {}});
  }
  return caches;
}

Fact<std::size_t> last_level_bytes(const std::vector<Cache>& caches) {
  if (caches.empty()) return {std::nullopt, "caches are neither in sysfs nor known to getconf"};
  const int last = std::ranges::max(caches, {}, &Cache::level).level;
  std::size_t bytes = 0;
  for (const Cache& c : caches) bytes += c.level == last && c.type != "Instruction" ? c.bytes : 0;
  return known(bytes);
}

// The lowest limit on the way from this process's control group to the root; v2 and v1. A group that is mounted
// elsewhere (a container sees its own as the root) is covered by the walk ending there.
Fact<std::int64_t> memory_limit(const fs::path& root, std::int64_t memory_bytes) {
  std::int64_t lowest = memory_bytes;
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {  // "0::/a/b" (v2) or "4:memory:/a/b" (v1)
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == line.npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    if (!controllers.empty() && controllers != "memory") continue;
    const char* file = controllers.empty() ? "memory.max" : "memory.limit_in_bytes";
    const fs::path mount = root / "sys/fs/cgroup" / controllers;
    fs::path group = fs::path(line.substr(second + 1)).relative_path();
    for (;; group = group.parent_path()) {
      const auto limit = to_int<std::int64_t>(read_line(mount / group / file).value.value_or(""));
      if (limit) lowest = std::min(lowest, *limit);
      if (group.empty()) break;
    }
  }
  if (lowest == memory_bytes) return {std::nullopt, "no control group limits it below the machine's memory"};
  return known(lowest);
}

// "always [madvise] never" -> madvise
Fact<std::string> bracketed(Fact<std::string> line) {
  if (!line.value) return line;
  const std::size_t open = line.value->find('['), close = line.value->find(']');
  if (open == line.value->npos || close == line.value->npos)
    return {std::nullopt, "no choice in '" + *line.value + "'"};
  return known(line.value->substr(open + 1, close - open - 1));
}

Fact<bool> hypervisor_flag(const KeyValues& cpuinfo) {
  const Fact<std::string> flags = text_of(cpuinfo, "flags");
  if (!flags.value) return {std::nullopt, flags.why};
  return known((" " + *flags.value + " ").find(" hypervisor ") != std::string::npos);
}

Fact<std::string> from_build(std::string text, const char* what) {
  if (text.empty() || text == "unknown") return {std::nullopt, fmt::format("the build did not record its {}", what)};
  return known(std::move(text));
}

std::string compiler_name() {
#ifdef __clang__
  return __VERSION__;
#else
  return "GCC " __VERSION__;
#endif
}

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

std::vector<int> parse_cpu_list(std::string_view list) {
  std::vector<int> cpus;
  while (!list.empty()) {
    const std::string_view range = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), range.size() + 1));
    const std::size_t dash = range.find('-');
    const auto first = to_int<int>(range.substr(0, dash));
    const auto last = dash == range.npos ? first : to_int<int>(range.substr(dash + 1));
    if (!first || !last) continue;
    for (int cpu = *first; cpu <= *last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<int> usable_cpus() {
  std::vector<cpu_set_t> mask(1);  // the kernel refuses a mask shorter than its own
  while (sched_getaffinity(0, mask.size() * sizeof(cpu_set_t), mask.data()) != 0 && mask.size() < 64) {
    mask.resize(mask.size() * 2);
  }
  std::vector<int> cpus;
  const std::size_t bytes = mask.size() * sizeof(cpu_set_t);
  for (std::size_t cpu = 0; cpu < bytes * 8; ++cpu) {
    if (CPU_ISSET_S(cpu, bytes, mask.data())) cpus.push_back(static_cast<int>(cpu));
  }
  return cpus;
}

std::vector<int> core_cpus(const std::vector<int>& cpus, const fs::path& root) {
  std::vector<int> firsts;
  std::set<std::string> cores;
  for (int cpu : cpus) {
    const Fact<std::string> siblings = read_line(cpu_directory(root, cpu) / "topology/thread_siblings_list");
    if (siblings.value && cores.insert(*siblings.value).second) firsts.push_back(cpu);
  }
  return firsts;
}

Machine read_machine(const fs::path& root) {
  const KeyValues cpuinfo = read_key_values(root / "proc/cpuinfo"), meminfo = read_key_values(root / "proc/meminfo");
  Machine m;
  m.cpu_model = text_of(cpuinfo, "model name");
  m.cpu_vendor = text_of(cpuinfo, "vendor_id");
  m.family = number_of<int>(cpuinfo, "cpu family");
  m.model = number_of<int>(cpuinfo, "model");
  m.stepping = number_of<int>(cpuinfo, "stepping");
  m.hypervisor = hypervisor_flag(cpuinfo);

  m.cpus = usable_cpus();
  const int cores = static_cast<int>(core_cpus(m.cpus, root).size());
  m.physical_cores = cores ? known(cores) : Fact<int>{std::nullopt, "no topology/thread_siblings_list in sysfs"};
  m.caches = caches_in_sysfs(m.cpus, root);
  if (m.caches.empty()) m.caches = caches_by_getconf();
  m.llc_bytes = last_level_bytes(m.caches);

  m.memory_bytes = number_of<std::int64_t>(meminfo, "MemTotal", 1024);
  m.memory_available_bytes = number_of<std::int64_t>(meminfo, "MemAvailable", 1024);
  m.memory_limit_bytes = memory_limit(root, m.memory_bytes.value.value_or(std::int64_t{1} << 62));
  if (m.memory_limit_bytes.value && m.memory_available_bytes.value) {
    m.memory_available_bytes = known(std::min(*m.memory_available_bytes.value, *m.memory_limit_bytes.value));
  }

  if (!m.cpus.empty()) m.governor = read_line(cpu_directory(root, m.cpus[0]) / "cpufreq/scaling_governor");
  m.transparent_hugepages = bracketed(read_line(root / "sys/kernel/mm/transparent_hugepage/enabled"));
  m.kernel = read_line(root / "proc/sys/kernel/osrelease");
  m.features = feature_names(machine_features());
  for (char** variable = environ; *variable; ++variable) {
    const std::string_view text(*variable);
    for (const char* prefix : {"OMP_", "GOMP_", "MALLOC_"}) {
      if (text.starts_with(prefix)) m.environment.emplace_back(text);
    }
  }

  m.compiler = compiler_name();
  m.build_type = from_build(BITPROOF_BUILD_TYPE, "type");
  m.compiler_flags = from_build(BITPROOF_COMPILER_FLAGS, "compiler flags");
  m.git_revision = from_build(BITPROOF_GIT_REVISION, "git revision");
  return m;
}

std::string Machine::fingerprint() const {
  const std::int64_t gib = (memory_bytes.value.value_or(0) + (1 << 29)) >> 30;  // MemTotal varies a little by boot
  std::string text = fmt::format("{}|{}|{}|{}|{}|{}", cpu_model.value.value_or("?"), cpus.size(),
                                 physical_cores.value.value_or(-1), gib, compiler, compiler_flags.value.value_or("?"));
  for (const std::string& feature : features) text += "|" + feature;
  for (const Cache& c : caches) text += fmt::format("|L{} {} {}", c.level, c.type, c.bytes);
  return fmt::format("{:016x}", fnv1a(text));
}

}  // namespace bitproof
