#include "reports/audit/run_claims.hpp"

#include <algorithm>
#include <cmath>

#include "error.hpp"
#include "reports/audit/run_collector.hpp"
#include "reports/audit/run_json.hpp"

namespace bitproof::audit {

Claim* RunCollector::add(const std::string& id, const std::string& path, std::optional<double> value,
                         const char* metric, const char* unit) {
  if (!value || !std::isfinite(*value)) return nullptr;
  Claim c;
  c.report = report.name;
  c.id = c.of = id;
  c.line = 1;
  c.quote = path;
  c.metric = metric;
  c.unit_text = unit;
  c.unit = parse_unit(unit);
  c.value = exact(*value);
  c.printed = fmt::format("{:.6g}", *value);
  c.basis = "measured";
  report.claims.push_back(std::move(c));
  return &report.claims.back();
}

void RunCollector::op_rate(const std::string& id, const std::string& path, std::optional<double> ops_per_s, bool floats,
                           std::int64_t threads, const std::set<std::string>& states, const char* scope) {
  if (!ops_per_s || !machine.has_ceiling(floats ? kFloatProducts : kByteProducts, threads, states)) return;
  Claim* c = add(id, path, *ops_per_s * 1e-9, "op_rate", floats ? "GFLOPS" : "GOPS");
  if (!c) return;
  if (!floats) c->value_bytes = 1;
  c->threads = threads;
  c->scope = scope;
}

void collect_check(RunCollector& collect, const Json& check) {
  std::vector<std::string> parts;
  for (const char* key : {"passed", "failed", "mistrusted", "fallback", "skipped"}) {
    if (collect.add(fmt::format("check_{}", key), fmt::format("check.{}", key), finite(check, key), "count", ""))
      parts.push_back(fmt::format("check_{}", key));
  }
  Claim* cases = collect.add("check_cases", "check.cases", finite(check, "cases"), "count", "");
  if (cases && parts.size() == 5) cases->parts = parts;
}

namespace {

Model model_of(const Json& model) {
  Model m;
  m.layers = at_least_one(model, "layers");
  m.hidden = at_least_one(model, "hidden");
  m.ffn = at_least_one(model, "ffn");
  m.heads = at_least_one(model, "heads");
  m.kv_heads = at_least_one(model, "kv_heads");
  m.head_dim = at_least_one(model, "head_dim");
  if (!m.kv_heads) m.ffn.reset();  // a run that does not give its shape bounds no work
  return m;
}

Report claims_by(const Json& run, const RunMachine& machine) {
  Report report;
  report.name = "run";
  report.cpu = machine.cpu().name;
  report.model = model_of(member(run, "model"));
  RunCollector collect{run, machine, report};
  collect_check(collect, member(run, "check"));
  each(member(run, "arms"), [&](const Json& a, std::size_t i) { collect_arm(collect, a, i); });
  each(member(run, "bench"), [&](const Json& b, std::size_t i) { collect_bench(collect, b, i); });
  collect_attribution(collect, member(run, "attribution"));
  return report;
}

}  // namespace

std::vector<std::string> audit_run(const Json& document) try {
  const Json run = as_run(document);
  const RunMachine machine(run);
  Docket docket;
  docket.reports.push_back(claims_by(run, machine));
  if (!machine.cpu().name.empty()) docket.cpus.push_back(machine.cpu());
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
} catch (const BadInput& e) {  // figures so far off that they cannot be reckoned with; what was measured is kept
  return {one_line(fmt::format("audit: {}", e.what()))};
}

std::vector<std::string> undeclared_faults(const Json& run) {
  std::vector<std::string> faults = audit_run(run);
  const Json& declared = member(run, "failures");
  std::erase_if(faults, [&](const std::string& f) {
    return declared.is_array() && std::find(declared.begin(), declared.end(), Json(f)) != declared.end();
  });
  return faults;
}

}  // namespace bitproof::audit
