#include <cctype>

#include "reports/exports.hpp"
#include "reports/run_cases.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// The load and the clock rate that the library adds were not read, so they are not there; nor is the host's name.
Json context(const Json& run) {
  const Json& machine = run.at("machine");
  Json caches = Json::array();
  for (const Json& c : machine.at("caches")) {
    caches.push_back({{"type", c.at("type")},
                      {"level", c.at("level")},
                      {"size", c.at("bytes")},
                      {"num_sharing", c.at("shared_cpus").size()}});
  }
  const Json& build = machine.at("build_type");
  return {{"date", run.value("started", "unknown")},
          {"host_name", machine.at("fingerprint")},
          {"executable", "bitproof"},
          {"num_cpus", machine.at("cpus").size()},
          {"cpu_scaling_enabled", machine.at("governor").is_string() && machine.at("governor") != "performance"},
          {"caches", caches},
          {"library_build_type", build.is_string() ? lower(build.get<std::string>()) : "unknown"},
          {"git_revision", machine.at("git_revision")}};
}

Json row_of(const RunCase& c, std::size_t family) {
  return {{"name", c.name},        {"family_index", family},  {"per_family_instance_index", 0},
          {"run_name", c.name},    {"run_type", "iteration"}, {"repetitions", c.samples.size()},
          {"repetition_index", 0}, {"threads", c.threads},    {"iterations", 1},
          {"real_time", 0.0},      {"cpu_time", 0.0},         {"time_unit", "ns"}};
}

// The format has no null: where CPU time was not kept its field repeats the real time, and the label says so.
constexpr const char* kNotKept = "cpu_time and iterations were not kept: cpu_time repeats real_time";

void add_repetitions(Json& rows, const RunCase& c, std::size_t family) {
  for (std::size_t i = 0; i < c.samples.size(); ++i) {
    Json row = row_of(c, family);
    row["repetition_index"] = i;
    if (!c.operations.empty()) row["iterations"] = c.operations[i];
    row["real_time"] = c.samples[i];
    row["cpu_time"] = c.cpu_ns.empty() ? c.samples[i] : c.cpu_ns[i];
    if (c.cpu_ns.empty()) row["label"] = kNotKept;
    rows.push_back(std::move(row));
  }
}

void add_median(Json& rows, const RunCase& c, std::size_t family) {
  Json row = row_of(c, family);
  row.erase("repetition_index");
  row["name"] = c.name + "_median";
  row["run_type"] = "aggregate";
  row["aggregate_name"] = "median";
  row["aggregate_unit"] = "time";
  row["iterations"] = c.samples.size();
  row["real_time"] = c.ns->median;
  row["cpu_time"] = c.cpu_ns.empty() ? c.ns->median : median(c.cpu_ns);
  if (c.cpu_ns.empty()) row["label"] = kNotKept;
  rows.push_back(std::move(row));
}

}  // namespace

std::string google_benchmark(const Json& run) {
  Json rows = Json::array(), missing = Json::array();
  std::size_t family = 0;
  for (const RunCase& c : run_cases(run)) {
    if (!c.ns) {
      missing.push_back({{"name", c.name}, {"why", c.why}});
      continue;
    }
    add_repetitions(rows, c, family);
    add_median(rows, c, family++);
  }
  return Json{{"context", context(run)}, {"benchmarks", rows}, {"bitproof", {{"without_number", missing}}}}.dump(2) +
         "\n";
}

}  // namespace bitproof
