#include "reports/run_cases.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "error.hpp"
#include "statistics.hpp"

namespace bitproof {
namespace {

const std::string& string_at(const Json& j, const char* key) { return j.at(key).get_ref<const std::string&>(); }

// Throws when it is none: a count is not rounded.
std::int64_t count_at(const Json& j, const char* key) { return j.at(key).get_ref<const Json::number_integer_t&>(); }

double positive(const Json& j, const std::string& where) {
  const double value = j.is_number() ? j.get<double>() : std::nan("");
  if (!(std::isfinite(value) && value > 0)) {
    throw BadInput("{} is {}: every time and rate is a number above 0", where,
                   j.is_structured() ? j.type_name() : j.dump());
  }
  return value;
}

std::optional<double> rate_at(const Json& j, const char* key, const std::string& name) {
  return j.at(key).is_null() ? std::nullopt : std::optional(positive(j.at(key), fmt::format("{} of {}", key, name)));
}

void require_samples(std::size_t samples, const Json& of, const std::string& name) {
  if (samples == 0) throw BadInput("{} has a number and no samples", name);
  const std::int64_t n = count_at(of, "n");
  if (n != static_cast<std::int64_t>(samples)) throw BadInput("{} says n = {} and has {} samples", name, n, samples);
}

// Those that its number rests on: without what was set aside, where anything was.
std::vector<double> used_samples(const Json& j, const std::string& name) {
  const bool all = j.value("samples_set_aside", Json::object()).empty();
  std::vector<double> used;
  for (std::size_t i = 0; i < j.at("samples").size(); ++i) {
    const double ns = positive(j.at("samples").at(i), "a sample of " + name);
    if (all || !j.at("sample_states").at(i).at("disturbed").get<bool>()) used.push_back(ns);
  }
  return used;
}

void require_order(const Summary& s, const std::string& name) {
  if (s.ci_low > s.median || s.median > s.ci_high) throw BadInput("{}: its median is outside its interval", name);
}

// Why the physics gate refuses a result; "" if it does not.
std::string impossible(const Json& judgement) {
  if (judgement.value("verdict", "") != "IMPOSSIBLE") return "";
  return "IMPOSSIBLE: " + judgement.value("why", "above what this machine can do");
}

RunCase bench_case(const Json& j) {
  RunCase c{.kind = "bench",
            .variant = string_at(j, "id"),
            .detail = string_at(j, "case"),
            .threads = count_at(j, "threads"),
            .memory = string_at(j, "temperature"),
            .state = string_at(j, "state"),
            .skipped = j.at("skipped").get<bool>()};
  c.name = fmt::format("{}/{}/{}/threads:{}/{}", string_at(j, "benchmark"), c.variant, c.detail, c.threads, c.memory);
  if (j.at("median_ns").is_null()) {
    c.why = string_at(j, "median_ns_why");
    return c;
  }
  c.samples = used_samples(j, c.name);
  require_samples(c.samples.size(), j, c.name);
  const auto ns = [&](const char* key) { return positive(j.at(key), fmt::format("{} of {}", key, c.name)); };
  c.ns = Summary{ns("median_ns"),           ns("ci_low_ns"),
                 ns("ci_high_ns"),          *std::ranges::min_element(c.samples),
                 quantile(c.samples, 0.05), quantile(c.samples, 0.95)};
  c.gb_per_s = rate_at(j, "gb_per_s", c.name);
  c.gop_per_s = rate_at(j, "gop_per_s", c.name);
  c.why = impossible(j.value("physics", Json::object()));
  return c;
}

// Rates become times; so what was low is high.
Summary time_of(const Json& rate, const std::string& name) {
  const auto ns = [&](const char* key) {
    return 1e9 / positive(rate.at(key), fmt::format("tok_per_s.{} of {}", key, name));
  };
  return {ns("median"), ns("ci_high"), ns("ci_low"), 0, ns("p95"), ns("p5")};
}

RunCase loop_case(const Json& j, const std::string& model) {
  RunCase c{.kind = "loop", .variant = string_at(j, "recipe"), .threads = count_at(j, "threads")};
  c.detail = fmt::format("model={},layers={},depth={}", model, count_at(j, "layers"), count_at(j, "depth"));
  c.name = fmt::format("loop/{}/{}/threads:{}", c.variant, c.detail, c.threads);
  if (j.at("tok_per_s").is_null()) {
    c.state = "unknown";
    c.why = string_at(j, "tok_per_s_why");
    return c;
  }
  c.state = string_at(j, "state");
  require_samples(j.at("samples").size(), j.at("tok_per_s"), c.name);
  for (const Json& s : j.at("samples")) {
    const auto tokens = static_cast<double>(count_at(s, "tokens"));
    if (tokens < 1) throw BadInput("{}: a sample of {:g} tokens", c.name, tokens);
    c.operations.push_back(count_at(s, "tokens"));
    c.samples.push_back(positive(s.at("wall_ns"), "wall_ns of " + c.name) / tokens);
    const double cpu_ns = s.at("cpu_ns").get<double>();  // 0: shorter than a tick of its clock
    if (!(std::isfinite(cpu_ns) && cpu_ns >= 0)) throw BadInput("cpu_ns of {} is {}", c.name, s.at("cpu_ns").dump());
    c.cpu_ns.push_back(cpu_ns / tokens);
  }
  c.ns = time_of(j.at("tok_per_s"), c.name);
  c.ns->min = *std::ranges::min_element(c.samples);
  c.gb_per_s = rate_at(j, "gb_per_s", c.name);
  c.why = impossible(j.value("physics", Json::object()).value("token", Json::object()));
  if (!j.at("ledger_ok").get<bool>()) c.why = "its ledger does not add up: " + j.value("ledger_why", "no reason kept");
  return c;
}

}  // namespace

std::vector<RunCase> run_cases(const Json& run) {
  std::vector<RunCase> cases;
  for (const Json& j : run.value("bench", Json::array())) cases.push_back(bench_case(j));
  if (run.contains("arms") && !run.at("arms").empty()) {
    const std::string& model = string_at(run.at("model"), "name");
    for (const Json& j : run.at("arms")) cases.push_back(loop_case(j, model));
  }
  std::set<std::string> names;
  for (RunCase& c : cases) {
    if (!names.insert(c.name).second) throw BadInput("two results are named {}: runs mixed into one file", c.name);
    if (c.ns) require_order(*c.ns, c.name);
    if (!c.why.empty()) c.ns.reset();
  }
  return cases;
}

}  // namespace bitproof
