#include "reports/lattice_file.hpp"

#include <fstream>
#include <stdexcept>

#include "error.hpp"
#include "machine.hpp"

namespace bitproof {
namespace {

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

std::optional<double> optional_from(const Json& j) {
  return j.is_null() ? std::nullopt : std::optional(j.get<double>());
}

Json ledger_json(const Ledger& ledger) {
  Json ops = Json::object();
  for (int i = 0; i < kLoopOpCount; ++i) {
    const Entry& e = ledger.entry[i];
    ops[name(static_cast<LoopOp>(i))] = {e.calls, e.ops, e.bytes, e.ns};
  }
  return {{"tokens", ledger.tokens}, {"positions", ledger.positions}, {"ops", ops}};
}

Ledger ledger_from(const Json& j) {
  Ledger ledger;
  ledger.tokens = j.at("tokens").get<std::int64_t>();
  ledger.positions = j.at("positions").get<std::int64_t>();
  for (int i = 0; i < kLoopOpCount; ++i) {
    const Json& e = j.at("ops").at(name(static_cast<LoopOp>(i)));
    ledger.entry[i] = {e.at(0).get<std::int64_t>(), e.at(1).get<double>(), e.at(2).get<double>(),
                       e.at(3).get<double>()};
  }
  return ledger;
}

Json sample_json(const CellSample& s) {
  const Load& l = s.loop.load;
  return {{"round", s.round},
          {"tokens", s.loop.tokens},
          {"wall_ns", s.loop.wall_ns},
          {"cpu_ns", s.loop.cpu_ns},
          {"page_faults", s.loop.page_faults},
          {"allocations", s.loop.allocations ? Json(*s.loop.allocations) : Json(nullptr)},
          {"ping_pong_ns", optional_json(s.loop.ping_pong_ns)},
          {"load",
           {{"wall_s", l.wall_s},
            {"own_cpus", l.own_cpus},
            {"foreign_fraction", optional_json(l.foreign_fraction)},
            {"steal_fraction", optional_json(l.steal_fraction)},
            {"why", l.why},
            {"involuntary_switches", l.involuntary_switches},
            {"run_queue_wait_ns", l.run_queue_wait_ns}}}};
}

CellSample sample_from(const Json& j) {
  CellSample s{.round = j.at("round").get<int>(), .loop = {}};
  s.loop.tokens = j.at("tokens").get<std::int64_t>();
  s.loop.wall_ns = j.at("wall_ns").get<double>();
  s.loop.cpu_ns = j.at("cpu_ns").get<double>();
  s.loop.page_faults = j.at("page_faults").get<std::int64_t>();
  if (s.loop.tokens < 1 || !(s.loop.wall_ns > 0) || s.round < 0)
    throw std::invalid_argument("a sample without tokens, time or round");
  const Json& allocations = j.at("allocations");
  s.loop.allocations = allocations.is_null() ? std::nullopt : std::optional(allocations.get<std::int64_t>());
  s.loop.ping_pong_ns = optional_from(j.at("ping_pong_ns"));
  const Json& l = j.at("load");
  s.loop.load = {.wall_s = l.at("wall_s").get<double>(),
                 .own_cpus = l.at("own_cpus").get<double>(),
                 .foreign_fraction = optional_from(l.at("foreign_fraction")),
                 .steal_fraction = optional_from(l.at("steal_fraction")),
                 .why = l.at("why").get<std::string>(),
                 .involuntary_switches = l.at("involuntary_switches").get<std::int64_t>(),
                 .run_queue_wait_ns = l.at("run_queue_wait_ns").get<std::int64_t>()};
  return s;
}

Json evidence_json(const CellEvidence& e) {
  Json witnesses = Json::array();
  for (const Witness& w : e.witnesses) {
    witnesses.push_back(
        {{"technique", name(w.technique)}, {"wanted", w.wanted}, {"engaged", w.engaged}, {"evidence", w.evidence}});
  }
  return {{"witnesses", witnesses}, {"faults", e.faults}};
}

CellEvidence evidence_from(const Json& j) {
  CellEvidence e;
  for (const Json& w : j.at("witnesses")) {
    e.witnesses.push_back({parse_technique(w.at("technique").get<std::string>()), w.at("wanted").get<bool>(),
                           w.at("engaged").get<bool>(), w.at("evidence").get<std::string>()});
  }
  e.faults = j.at("faults").get<std::vector<std::string>>();
  return e;
}

}  // namespace

std::string build_fingerprint() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  char block[1 << 16];
  while (file.read(block, sizeof block) || file.gcount() > 0) {
    for (std::streamsize i = 0; i < file.gcount(); ++i)
      hash = (hash ^ static_cast<unsigned char>(block[i])) * 0x100000001b3u;
  }
  return fmt::format("{:016x}", hash);
}

Json to_json(const Cell& cell) {
  Json samples = Json::array();
  for (const CellSample& s : cell.samples) samples.push_back(sample_json(s));
  return {{"recipe", cell.spec.label},
          {"cell", cell.index ? Json(*cell.index) : Json(nullptr)},
          {"variants", cell.spec.names},
          {"techniques", cell.spec.techniques.bits},
          {"threads", cell.spec.threads},
          {"depth", cell.depth},
          {"layers", cell.layers},
          {"samples", samples},
          {"retaken", cell.retaken},
          {"ledger", ledger_json(cell.ledger)},
          {"timer_ns", cell.timer_ns},
          {"evidence", evidence_json(cell.evidence)},
          {"fingerprints", cell.fingerprints}};
}

Cell cell_from(const Json& j) {
  Cell cell;
  cell.spec = {j.at("recipe").get<std::string>(),
               j.at("variants").get<RecipeNames>(),
               {j.at("techniques").get<std::uint8_t>()},
               j.at("threads").get<int>()};
  if (!j.at("cell").is_null()) cell.index = j.at("cell").get<std::size_t>();
  cell.depth = j.at("depth").get<std::int64_t>();
  cell.layers = j.at("layers").get<std::int64_t>();
  for (const Json& s : j.at("samples")) cell.samples.push_back(sample_from(s));
  cell.retaken = j.at("retaken").get<int>();
  cell.ledger = ledger_from(j.at("ledger"));
  cell.timer_ns = j.at("timer_ns").get<double>();
  cell.evidence = evidence_from(j.at("evidence"));
  cell.fingerprints = j.at("fingerprints").get<std::vector<std::uint64_t>>();
  return cell;
}

Json identity(const LatticePlan& plan) {
  Json factors = Json::array();
  for (const Factor& f : plan.lattice.factors) {
    Json levels = Json::array();
    for (const Level& l : f.levels)
      levels.push_back({{"name", l.name}, {"techniques", l.techniques.bits}, {"slots", l.slots}});
    factors.push_back({{"name", f.name}, {"levels", levels}});
  }
  return {{"lattice", plan.lattice.name},
          {"base", plan.lattice.base.bits},
          {"factors", factors},
          {"cells", plan.cells},
          {"beside", plan.beside},
          {"model", plan.model},
          {"activation", plan.activation ? static_cast<int>(*plan.activation) : -1},
          {"depth", plan.depth},
          {"threads", plan.threads},
          {"seed", plan.seed},
          {"machine", read_machine().fingerprint()},
          {"build", build_fingerprint()}};
}

std::string lattice_text(const LatticeRun& run) {
  Json cells = Json::array();
  for (const Cell& cell : run.cells()) cells.push_back(to_json(cell));
  return Json{{"schema", kLatticeSchema},
              {"identity", identity(run.plan())},
              {"spent_s", run.spent_s()},
              {"cells", cells}}
             .dump() +
         "\n";
}

SavedLattice parse_lattice_file(const std::string& text, const std::string& path, const LatticePlan& plan) {
  const auto refuse = [&](const std::string& why) {
    return BadInput("{}: {}; give another file, or remove it", path, why);
  };
  try {
    const Json j = Json::parse(text);
    if (j.at("schema") != kLatticeSchema) throw refuse(fmt::format("not of schema {}", kLatticeSchema));
    const Json wanted = identity(plan);
    for (const auto& [key, value] : wanted.items()) {
      if (j.at("identity").at(key) != value)
        throw refuse(fmt::format("measured with another {}: its cells cannot be gone on with", key));
    }
    SavedLattice saved{{}, j.at("spent_s").get<double>()};
    if (!(saved.spent_s >= 0)) throw refuse("spent_s is not a time");
    for (const Json& cell : j.at("cells")) saved.cells.push_back(cell_from(cell));
    return saved;
  } catch (const std::invalid_argument& e) {
    throw refuse(e.what());
  } catch (const Json::exception& e) {
    throw refuse(fmt::format("not a lattice that was saved whole ({})", e.what()));
  }
}

}  // namespace bitproof
