#include "reports/json.hpp"

#include <algorithm>
#include <set>

#include "allocation_count.hpp"
#include "claim.hpp"
#include "gates.hpp"
#include "loop_trial.hpp"
#include "memory_map.hpp"
#include "token_physics.hpp"

namespace bitproof {
namespace {

template <class T>
void put_fact(Json& object, const std::string& key, const Fact<T>& fact) {
  if (fact.value) {
    object[key] = *fact.value;
  } else {
    object[key] = nullptr;
    object[key + "_why"] = fact.why;
  }
}

// The state that all samples share: "mixed" where they do not, "unknown" where some have no reading.
std::string common_state(const std::vector<LoopSample>& samples, const StateTracker& states) {
  std::set<std::string> labels;
  for (const LoopSample& s : samples) labels.insert(states.label(s.ping_pong_ns));
  const bool unread = labels.erase("unknown") > 0;
  return labels.size() > 1 ? "mixed" : unread ? "unknown" : *labels.begin();
}

Json samples_json(const std::vector<LoopSample>& samples, const StateTracker& states) {
  Json list = Json::array();
  for (const LoopSample& s : samples) {
    Json j;
    j["tokens"] = s.tokens;
    j["wall_ns"] = s.wall_ns;
    j["cpu_ns"] = s.cpu_ns;
    j["tok_per_s"] = s.tok_per_s();
    j["state"] = states.label(s.ping_pong_ns);
    put(j, "ping_pong_ns", s.ping_pong_ns, "one usable core, or the probe ran out of time");
    j["page_faults"] = s.page_faults;
    put(j, "allocations", s.allocations ? std::optional(static_cast<double>(*s.allocations)) : std::nullopt,
        allocations_why());
    j["disturbed"] = disturbed(s.load);
    j["load"] = to_json(s.load);
    list.push_back(std::move(j));
  }
  return list;
}

// Of a token.
double page_faults_ns(const Arm& arm) {
  double faults = 0;
  for (const LoopSample& s : arm.samples()) faults += static_cast<double>(s.page_faults);
  return faults / static_cast<double>(arm.ledger().tokens) * page_fault_ns();
}

Json profile_json(const Ledger& ledger) {
  Json ops = Json::array();
  const auto tokens = static_cast<double>(ledger.tokens);
  for (int i = 0; i < kLoopOpCount; ++i) {
    const auto op = static_cast<LoopOp>(i);
    const Entry& e = ledger[op];
    if (e.calls == 0) continue;
    ops.push_back({{"op", name(op)},
                   {"slot", slot_of(op)},
                   {"ns_per_token", e.ns / tokens},
                   {"calls_per_token", static_cast<double>(e.calls) / tokens},
                   {"ops_per_token", e.ops / tokens},
                   {"bytes_per_token", e.bytes / tokens}});
  }
  return ops;
}

Json to_json(const LoopTrial& t) {
  Json canaries = Json::array();
  for (const Canary& c : t.canaries) {
    canaries.push_back({{"op", c.op},
                        {"id", c.id},
                        {"engaged", c.verdict.ok()},
                        {"poison_changed", c.changed},
                        {"calls_per_token", c.calls},
                        {"delay_expected_ns", c.expected_ns},
                        {"delay_seen_ns", c.slowed_ns},
                        {"delay_booked_ns", c.booked_ns},
                        {"why", c.verdict.reason}});
  }
  return {{"verdict", name(t.verdict.status)},
          {"check", t.verdict.check},
          {"reason", t.verdict.reason},
          {"canaries", canaries},
          {"layers",
           {{"steps", t.layers.steps},
            {"ties", t.layers.ties},
            {"largest_kld", t.layers.largest_kld},
            {"cascaded_kld", t.layers.cascaded_kld}}},
          {"provenance",
           "measured: the same loop and kernels on the tiny model, against the reference loop and with twins"}};
}

}  // namespace

Json to_json(const Census& c) {
  Json packed = Json::object();
  for (int w = 0; w < kWidths; ++w) packed[kWidthNames[w]] = c.packed[w];
  return {{"instructions", c.instructions}, {"bytes", c.bytes},   {"packed", packed},          {"scalar", c.scalar},
          {"notable", c.notable},           {"calls", c.imports}, {"unfollowed", c.unfollowed}};
}

Json to_json(const Variant& v) {
  Json techniques = Json::array();
  for (int t = 0; t < kTechniqueCount; ++t) {
    if (v.info->techniques.has(static_cast<Technique>(t))) techniques.push_back(name(static_cast<Technique>(t)));
  }
  return {{"id", v.id},
          {"op", v.op},
          {"isa", v.isa},
          {"note", v.info->note},
          {"techniques", techniques},
          {"exact", v.info->exactness == Exactness::exact},
          {"runnable", v.runnable()},
          {"reason", v.reason()},
          {"object_code", to_json(census_of(v))}};
}

Json to_json(const CheckSummary& s) {
  Json failures = Json::array();
  for (const CheckResult& f : s.failures) {
    failures.push_back(
        {{"id", f.id}, {"verdict", name(f.verdict.status)}, {"reason", f.verdict.reason}, {"repro", f.repro}});
  }
  Json skipped = Json::array();
  for (const auto& [id, why] : s.skipped_variants) skipped.push_back({{"id", id}, {"reason", why}});
  Json passed = Json::object();
  for (const auto& [id, n] : s.passed_by_variant) passed[id] = n;
  return {{"cases", s.cases},
          {"passed", s.passed},
          {"failed", s.failed},
          {"mistrusted", s.mistrusted},
          {"fallback", s.fallback},
          {"skipped", s.skipped},
          {"failures", failures},
          {"skipped_variants", skipped},
          {"passed_by_variant", passed},
          {"provenance", "measured: outputs against the oracles of reference/"}};
}

Json to_json(const Estimate& e) {
  return {{"median", e.median},
          {"ci_low", e.ci_low},
          {"ci_high", e.ci_high},
          {"min", e.min},
          {"p5", e.p5},
          {"p95", e.p95},
          {"n", e.samples.size()},
          {"coverage", e.coverage},
          {"samples", e.samples},
          {"provenance", "measured"}};
}

Json to_json(const Machine& m) {
  Json j;
  put_fact(j, "cpu_model", m.cpu_model);
  put_fact(j, "cpu_vendor", m.cpu_vendor);
  put_fact(j, "family", m.family);
  put_fact(j, "model", m.model);
  put_fact(j, "stepping", m.stepping);
  j["cpus"] = m.cpus;
  put_fact(j, "physical_cores", m.physical_cores);
  j["caches"] = Json::array();
  for (const Cache& c : m.caches) {
    j["caches"].push_back({{"level", c.level}, {"type", c.type}, {"bytes", c.bytes}, {"shared_cpus", c.shared_cpus}});
  }
  put_fact(j, "llc_bytes", m.llc_bytes);
  put_fact(j, "memory_bytes", m.memory_bytes);
  put_fact(j, "memory_limit_bytes", m.memory_limit_bytes);
  put_fact(j, "memory_available_bytes", m.memory_available_bytes);
  put_fact(j, "governor", m.governor);
  put_fact(j, "transparent_hugepages", m.transparent_hugepages);
  put_fact(j, "hypervisor", m.hypervisor);
  put_fact(j, "kernel", m.kernel);
  j["features"] = m.features;
  j["environment"] = m.environment;
  j["compiler"] = m.compiler;
  put_fact(j, "build_type", m.build_type);
  put_fact(j, "compiler_flags", m.compiler_flags);
  put_fact(j, "git_revision", m.git_revision);
  j["fingerprint"] = m.fingerprint();
  j["provenance"] = "read from the operating system and the build; nothing measured";
  return j;
}

Json to_json(const Load& l) {
  Json j{{"wall_s", l.wall_s}, {"own_cpus", l.own_cpus}};
  put(j, "foreign_fraction", l.foreign_fraction, l.why);
  put(j, "steal_fraction", l.steal_fraction, l.why);
  j["involuntary_switches"] = l.involuntary_switches;
  j["run_queue_wait_ns"] = l.run_queue_wait_ns;
  return j;
}

Json to_json(const CeilingTable& t) {
  std::set<int> threads;
  std::set<std::string> states;
  std::set<std::pair<std::string, std::string>> peaks;  // what, and of which ISA
  for (const ReadSample& s : t.samples) {
    threads.insert(s.threads);
    states.insert(t.states.label(s.ping_pong_ns));
  }
  for (const PeakSample& s : t.peaks) {
    threads.insert(s.threads);
    states.insert(t.states.label(s.ping_pong_ns));
    peaks.insert({s.what, s.isa});
  }
  Json reads = Json::array(), rates = Json::array();
  for (const int n : threads) {
    for (const std::string& state : states) {
      if (const auto c = t.at(n, state)) {
        reads.push_back({{"threads", n},
                         {"state", state},
                         {"pattern", c->pattern},
                         {"gb_per_s", to_json(c->gb_per_s)},
                         {"most", t.most_read(n, state)}});
      }
      for (const auto& [what, isa] : peaks) {
        const auto p = t.peak(what, n, state, isa);
        if (!p || !t.peak(what, n, state)) continue;  // a narrow ISA alone bounds nothing
        const char* unit = isa.empty() ? "gb_per_s" : "gop_per_s";
        rates.push_back({{"what", what},
                         {"isa", isa},
                         {"pattern", p->pattern},
                         {"threads", n},
                         {"state", state},
                         {unit, to_json(p->per_ns)},
                         {"most", t.most(what, n, state, isa)}});
      }
    }
  }
  Json caches = Json::array();
  for (const CacheLevel& c : t.caches)
    caches.push_back({{"level", c.level}, {"bytes", c.bytes}, {"instances", c.instances}});
  Json j{{"by_threads", reads}, {"peaks", rates}, {"caches", caches}, {"samples_set_aside", t.set_aside()}};
  if (reads.empty()) j["why"] = t.why.empty() ? "too few undisturbed samples" : t.why;
  return j;
}

Json to_json(const Judgement& v) {
  Json j{{"verdict", name(v.verdict)}};
  const std::string why = v.why.empty() ? "it books no work" : v.why;
  const bool bounded = !v.bound_by.empty();
  put(j, "least_ns", bounded ? std::optional(v.least_ns) : std::nullopt, why);
  put(j, "fraction", bounded && v.measured_ns > 0 ? std::optional(v.share()) : std::nullopt,
      bounded ? "no time was measured" : why);
  if (bounded) j["bound_by"] = v.bound_by;
  if (!v.why.empty()) j["why"] = v.why;
  return j;
}

Json to_json(const Arm& arm, const CeilingTable& ceilings, std::int64_t depth) {
  Json j;
  j["recipe"] = arm.spec().label;
  j["variants"] = arm.spec().names;
  j["threads"] = arm.spec().threads;
  j["depth"] = depth;
  j["layers"] = arm.shape().layers;
  if (arm.samples().empty()) {
    j["tok_per_s"] = nullptr;
    j["tok_per_s_why"] = "interrupted before its first token";
    return j;
  }
  const Estimate rate = arm.tok_per_s();
  const std::string state = common_state(arm.samples(), ceilings.states);
  j["tokens"] = arm.ledger().tokens;
  j["positions"] = arm.ledger().positions;
  j["tok_per_s"] = to_json(rate);
  j["wall_ns_per_token"] = arm.wall_ns_per_token();
  j["bytes_per_token"] = arm.bytes_per_token();
  const double gb_per_s = arm.bytes_per_token() * rate.median * 1e-9;
  j["gb_per_s"] = gb_per_s;
  j["ops_per_token"] = arm.ledger().total_ops() / static_cast<double>(arm.ledger().tokens);
  j["state"] = state;
  const auto ceiling = ceilings.at(arm.spec().threads, state);
  const std::string why = fmt::format("no read ceiling for {} thread(s) in state {}", arm.spec().threads, state);
  put(j, "ceiling_gb_per_s", ceiling ? std::optional(ceiling->gb_per_s.median) : std::nullopt, why);
  put(j, "fraction_of_ceiling", fraction_of_ceiling(arm, ceilings), why);
  j["ops"] = profile_json(arm.ledger());
  j["physics"] = Json::object();
  for (const NamedJudgement& n : judge_arm(arm, ceilings)) j["physics"][n.name] = to_json(n.judgement);
  j["timer_ns"] = arm.timer_ns();
  j["residual_ns"] = arm.residual_ns();
  j["residual_fraction"] = arm.residual_ns() / arm.wall_ns_per_token();
  j["page_faults_ns"] = page_faults_ns(arm);
  const std::string fault = arm.ledger_fault();
  j["ledger_ok"] = fault.empty();
  if (!fault.empty()) j["ledger_why"] = fault;
  Json witnesses = Json::object();
  for (const Witness& w : arm.witnesses()) {
    witnesses[name(w.technique)] = {{"wanted", w.wanted}, {"engaged", w.engaged}, {"evidence", w.evidence}};
  }
  j["witnesses"] = witnesses;
  j["dispatched"] = arm.dispatched();
  j["timed_tokens_fingerprinted"] = std::ssize(arm.fingerprints()) * arm.sequences();
  if (arm.trial()) {
    j["trial"] = to_json(*arm.trial());
  } else {
    j["trial"] = nullptr;
    j["trial_why"] = "this recipe was not put on trial";
  }
  j["logits_hash"] = fmt::format("{:016x}", arm.logits_hash());
  j["samples"] = samples_json(arm.samples(), ceilings.states);
  j["provenance"] = {
      {"tok_per_s", "measured: tokens out of the loop over wall time, all layers, sampling included"},
      {"ops", "measured: time around each call"},
      {"bytes_per_token", "derived: packed weights and cache bytes booked call by call over tokens"},
      {"gb_per_s", "derived: bytes_per_token x tok_per_s.median"},
      {"ceiling_gb_per_s", "measured: best read pattern of the same run, same pages and thread count"},
      {"fraction_of_ceiling", "derived: GB/s of each sample over the ceiling of its own state, median"},
      {"physics",
       "derived: bytes and operations of the ledger over the ceilings of the same run, as a share of the time"},
      {"timer_ns", "derived: a calibrated clock read times the calls of a token"},
      {"residual_ns", "derived: wall time minus the sum of ops and timer_ns"},
      {"page_faults_ns", "derived: page faults a token x measured ns of one, wherever they land"}};
  return j;
}

}  // namespace bitproof
