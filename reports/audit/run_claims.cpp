#include "reports/audit/run_claims.hpp"

#include <algorithm>
#include <cmath>

#include "error.hpp"

namespace bitproof::audit {
namespace {

const Json kNothing;

const Json& at(const Json& object, const std::string& key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() ? *found : kNothing;
}

std::optional<double> number(const Json& object, const std::string& key) {
  const Json& j = at(object, key);
  if (!j.is_number()) return std::nullopt;
  const double value = j.get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string word(const Json& object, const std::string& key) {
  const Json& j = at(object, key);
  return j.is_string() ? j.get<std::string>() : j.dump();
}

std::optional<std::int64_t> size_of(const Json& object, const char* key) {
  const auto value = number(object, key);
  return value && *value >= 1 && *value < 1e12 ? std::optional(static_cast<std::int64_t>(*value)) : std::nullopt;
}

class Collector {
 public:
  explicit Collector(Report& report) : report_(report) {}

  // Null when there is no such number; else to be completed.
  Claim* add(const std::string& id, const std::string& path, std::optional<double> value, const char* metric,
             const char* unit) {
    if (!value) return nullptr;
    Claim c;
    c.report = report_.name;
    c.id = c.of = id;
    c.line = 1;
    c.quote = path;
    c.metric = metric;
    c.unit_text = unit;
    c.unit = parse_unit(unit);
    c.value = exact(*value);
    c.printed = fmt::format("{:.6g}", *value);
    c.basis = "measured";
    report_.claims.push_back(std::move(c));
    return &report_.claims.back();
  }

  void arm(const Json& arm, std::size_t i) {
    const std::string id = fmt::format("arm{}", i), path = fmt::format("arms[{}] ({})", i, word(arm, "recipe"));
    const auto threads = size_of(arm, "threads");
    const auto rate = number(at(arm, "tok_per_s"), "median");
    if (Claim* c = add(id + "_rate", path + ".tok_per_s", rate, "throughput", "tok/s")) c->threads = threads;
    add(id + "_bytes", path + ".bytes_per_token", number(arm, "bytes_per_token"), "token_bytes", "B/tok");
    if (Claim* c = add(id + "_bandwidth", path + ".gb_per_s", number(arm, "gb_per_s"), "bandwidth", "GB/s")) {
      if (report_.find(id + "_rate") && report_.find(id + "_bytes"))
        c->expression = fmt::format("{0}_rate * {0}_bytes", id);
    }
    add(id + "_ops", path + ".ops_per_token", number(arm, "ops_per_token"), "token_ops", "op/tok");
    profile(arm, id, path);
  }

  // The time of a token is that of its ops, of reading the clock, and the residual that is printed.
  void profile(const Json& arm, const std::string& id, const std::string& path) {
    std::vector<std::string> parts;
    const auto part = [&](const std::string& name, const std::string& where, std::optional<double> ns) {
      if (add(name, where, ns, "token_time", "ns/tok")) parts.push_back(name);
      return ns.has_value();
    };
    const Json& ops = at(arm, "ops");
    bool whole = ops.is_array() && !ops.empty();
    for (std::size_t i = 0; whole && i < ops.size(); ++i) {
      whole = part(fmt::format("{}_op{}", id, i), fmt::format("{}.ops[{}]", path, i), number(ops[i], "ns_per_token"));
    }
    whole = whole && part(id + "_timer", path + ".timer_ns", number(arm, "timer_ns"));
    whole = whole && part(id + "_residual", path + ".residual_ns", number(arm, "residual_ns"));
    Claim* wall =
        add(id + "_wall", path + ".wall_ns_per_token", number(arm, "wall_ns_per_token"), "token_time", "ns/tok");
    if (wall && whole) wall->parts = parts;
  }

  void bench(const Json& b, std::size_t i) {
    const std::string id = fmt::format("bench{}", i), path = fmt::format("bench[{}] ({})", i, word(b, "id"));
    const auto ns = number(b, "median_ns");
    if (!ns || *ns <= 0) return;
    add(id + "_time", path + ".median_ns", ns, "time", "ns");
    if (Claim* c = add(id + "_rate", path + ".tok_per_s", number(b, "tok_per_s"), "throughput", "tok/s"))
      c->expression = fmt::format("1 tok / {}_time", id);
    const auto threads = size_of(b, "threads");
    const bool speedup = add(id + "_speedup", path + ".speedup", number(b, "speedup"), "speedup", "x") != nullptr;
    Claim* efficiency = add(id + "_efficiency", path + ".efficiency", number(b, "efficiency"), "efficiency", "");
    if (!efficiency || !threads) return;
    efficiency->threads = threads;
    if (speedup) efficiency->expression = fmt::format("{}_speedup / {}", id, *threads);
  }

  // A technique's realization is (credited - 1) / (expected - 1), end by end.
  void technique(const Json& t, std::size_t i) {
    const std::string id = fmt::format("technique{}", i),
                      path = fmt::format("attribution.techniques[{}] ({})", i, word(t, "name"));
    const Json& realized = at(t, "realization");
    if (!at(t, "name").is_string() || !realized.is_array() || realized.size() != 2 || !realized[0].is_number() ||
        !realized[1].is_number())
      return;
    if (!add(id + "_credited", path + ".credited", number(t, "credited"), "speedup", "x")) return;
    Claim* expected = add(id + "_expected", path + ".expected", 0, "ratio", "x");
    try {
      const std::string text = word(t, "expected");
      expected->value = parse_printed(text.substr(0, text.find(' ')));
    } catch (const BadInput&) {
      report_.claims.pop_back();
      return;
    }
    expected->value->step = expected->value->coarse = 1e-9;  // a promise is not rounded
    if (expected->value->low <= 1) return;
    Claim* c = add(id + "_realization", path + ".realization", 0, "ratio", "");
    const double a = realized[0].get<double>(), b = realized[1].get<double>();
    *c->value = exact(std::max(std::abs(a), std::abs(b)));
    c->value->low = std::min(a, b);
    c->value->high = std::max(a, b);
    c->printed = fmt::format("{:.6g} to {:.6g}", c->value->low, c->value->high);
    c->expression = fmt::format("({0}_credited - 1) / ({0}_expected - 1)", id);
  }

  void check(const Json& check) {
    std::vector<std::string> parts;
    for (const char* key : {"passed", "failed", "mistrusted", "fallback", "skipped"}) {
      if (add(fmt::format("check_{}", key), fmt::format("check.{}", key), number(check, key), "count", ""))
        parts.push_back(fmt::format("check_{}", key));
    }
    Claim* cases = add("check_cases", "check.cases", number(check, "cases"), "count", "");
    if (cases && parts.size() == 5) cases->parts = parts;
  }

 private:
  Report& report_;
};

template <class Each>
void each(const Json& list, Each&& take) {
  for (std::size_t i = 0; list.is_array() && i < list.size(); ++i) take(list[i], i);
}

}  // namespace

Report claims_of(const Json& run) {
  Report report;
  report.name = "run";
  const Json& model = at(run, "model");
  Model& m = report.model;
  m.layers = size_of(model, "layers");
  m.hidden = size_of(model, "hidden");
  m.ffn = size_of(model, "ffn");
  m.heads = size_of(model, "heads");
  m.kv_heads = size_of(model, "kv_heads");
  m.head_dim = size_of(model, "head_dim");
  if (!m.kv_heads) m.ffn.reset();  // a run that does not give its shape bounds no work
  Collector collect(report);
  collect.check(at(run, "check"));
  each(at(run, "arms"), [&](const Json& a, std::size_t i) { collect.arm(a, i); });
  each(at(run, "bench"), [&](const Json& b, std::size_t i) { collect.bench(b, i); });
  each(at(at(run, "attribution"), "techniques"), [&](const Json& t, std::size_t i) { collect.technique(t, i); });
  return report;
}

std::vector<std::string> audit_run(const Json& run) {
  Docket docket;
  docket.reports.push_back(claims_of(run));
  validate(docket.reports[0], "run.json");
  std::vector<std::string> faults;
  for (const ClaimVerdict& v : audit(docket)) {
    for (const Finding& f : v.findings) {
      if (f.verdict == Verdict::holds) continue;
      faults.push_back(
          one_line(fmt::format("audit: {}: {}: {} ({})", v.claim->quote, name(f.verdict), f.text, f.arithmetic)));
    }
  }
  return faults;
}

std::vector<std::string> undeclared_faults(const Json& run) {
  std::vector<std::string> faults = audit_run(run);
  const Json& declared = at(run, "failures");
  std::erase_if(faults, [&](const std::string& f) {
    return declared.is_array() && std::find(declared.begin(), declared.end(), Json(f)) != declared.end();
  });
  return faults;
}

}  // namespace bitproof::audit
