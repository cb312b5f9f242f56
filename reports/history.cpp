#include "reports/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "error.hpp"
#include "fingerprint.hpp"
#include "reports/sqlite.hpp"

namespace bitproof {
namespace {

constexpr std::int64_t kApplication = 0x62707266;  // "bprf", in the header of the file
constexpr std::int64_t kVersion = 1;

constexpr const char* kTables = R"(
CREATE TABLE machines(
  fingerprint TEXT PRIMARY KEY,
  cpu_model TEXT NOT NULL,
  facts TEXT NOT NULL);
CREATE TABLE runs(
  id INTEGER PRIMARY KEY,
  hash TEXT NOT NULL UNIQUE,
  started TEXT NOT NULL,
  suite TEXT NOT NULL,
  command TEXT NOT NULL,
  revision TEXT NOT NULL,
  partial INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  fingerprint TEXT NOT NULL REFERENCES machines);
CREATE TABLE cases(
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE);
CREATE TABLE results(
  run INTEGER NOT NULL REFERENCES runs,
  case_id INTEGER NOT NULL REFERENCES cases,
  state TEXT NOT NULL,
  n INTEGER NOT NULL,
  median_ns REAL, ci_low_ns REAL, ci_high_ns REAL, min_ns REAL, p5_ns REAL, p95_ns REAL,
  why TEXT NOT NULL,
  PRIMARY KEY(case_id, run)) WITHOUT ROWID;
)";

std::int64_t pragma(const Database& database, const char* name) {
  Statement query(database, fmt::format("PRAGMA {}", name));
  query.step();
  return query.integer(0);
}

bool has_tables(const Database& database) {
  Statement query(database, "SELECT count(*) FROM sqlite_master");
  query.step();
  return query.integer(0) > 0;
}

void create_tables(const Database& database) {
  Transaction transaction(database);
  if (!has_tables(database)) {  // nobody was faster
    database.execute(kTables);
    database.execute(fmt::format("PRAGMA application_id={}", kApplication));
    database.execute(fmt::format("PRAGMA user_version={}", kVersion));
  }
  transaction.commit();
}

// "" where it is missing or no text.
std::string text_at(const Json& object, const char* key) {
  const Json value = object.value(key, Json());
  return value.is_string() ? value.get<std::string>() : "";
}

std::string hash_of(const Json& run) {
  const std::string text = run.dump();
  return fmt::format("{:016x}", fingerprint(std::as_bytes(std::span(text))));
}

void add_machine(const Database& database, const Json& machine) {
  Statement(database, "INSERT OR IGNORE INTO machines VALUES(?, ?, ?)")
      .bind(text_at(machine, "fingerprint"), text_at(machine, "cpu_model"), machine.dump())
      .step();
}

std::int64_t case_id(const Database& database, const std::string& name) {
  Statement(database, "INSERT OR IGNORE INTO cases(name) VALUES(?)").bind(name).step();
  Statement query(database, "SELECT id FROM cases WHERE name = ?");
  query.bind(name).step();
  return query.integer(0);
}

// 0: the run is there already.
std::int64_t add_run(const Database& database, const Json& run) {
  const Json& machine = run.at("machine");
  Statement insert(
      database,
      "INSERT OR IGNORE INTO runs(hash, started, suite, command, revision, partial, failures, fingerprint) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  insert.bind(hash_of(run), text_at(run, "started"), text_at(run, "suite"), text_at(run, "command"),
              text_at(machine, "git_revision"), static_cast<std::int64_t>(run.value("partial", Json(true)) != false),
              static_cast<std::int64_t>(run.value("failures", Json::array()).size()), text_at(machine, "fingerprint"));
  insert.step();
  return database.rows_changed() == 0 ? 0 : database.last_row();
}

void add_result(Statement& insert, std::int64_t run, std::int64_t id, const RunCase& c) {
  const auto part = [&](double Summary::*member) { return c.ns ? std::optional((*c.ns).*member) : std::nullopt; };
  insert.bind(run, id, c.state, static_cast<std::int64_t>(c.samples.size()), part(&Summary::median),
              part(&Summary::ci_low), part(&Summary::ci_high), part(&Summary::min), part(&Summary::p5),
              part(&Summary::p95), c.why);
  insert.step();
}

HistoryPoint point_of(const Statement& row) {
  HistoryPoint p{.started = row.text(3),
                 .revision = row.text(4),
                 .partial = row.integer(5) != 0,
                 .n = row.integer(6),
                 .ns = {},
                 .why = row.text(13)};
  const auto median = row.real(7);
  const auto number = [&](int column) { return row.real(column).value_or(*median); };
  if (median) p.ns = Summary{*median, number(8), number(9), number(10), number(11), number(12)};
  return p;
}

}  // namespace

std::vector<ChangePoint> HistorySeries::changes() const {
  std::vector<double> ns;
  std::vector<std::size_t> index;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (!points[i].ns) continue;
    ns.push_back(points[i].ns->median);
    index.push_back(i);
  }
  const std::size_t newest = std::min(ns.size(), kLongestSeries), skipped = ns.size() - newest;
  std::vector<ChangePoint> found = change_points(std::span(ns).last(newest));
  for (ChangePoint& c : found) c.first = index[skipped + c.first];
  return found;
}

History::History(const std::string& path, Open how) : database_(std::make_unique<Database>(path, how == Open::create)) {
  database_->execute("PRAGMA synchronous=EXTRA");
  database_->execute("PRAGMA foreign_keys=ON");
  if (how == Open::create && !has_tables(*database_)) create_tables(*database_);
  if (pragma(*database_, "application_id") != kApplication) {
    throw BadInput("{}: an SQLite file, but no history of bitproof; name another with --db", path);
  }
  if (const std::int64_t version = pragma(*database_, "user_version"); version != kVersion) {
    throw BadInput("{}: a history of version {}, this bitproof reads {}; name another with --db", path, version,
                   kVersion);
  }
}

History::~History() = default;

bool History::add(const Json& run) {
  const std::vector<RunCase> cases = run_cases(run);
  Transaction transaction(*database_);
  add_machine(*database_, run.at("machine"));
  const std::int64_t id = add_run(*database_, run);
  if (id == 0) return false;
  Statement insert(*database_, "INSERT INTO results VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  for (const RunCase& c : cases) add_result(insert, id, case_id(*database_, c.name), c);
  transaction.commit();
  return true;
}

std::vector<std::string> History::case_names() const {
  std::vector<std::string> names;
  Statement query(*database_, "SELECT name FROM cases ORDER BY name");
  while (query.step()) names.push_back(query.text(0));
  return names;
}

std::int64_t History::runs() const {
  Statement query(*database_, "SELECT count(*) FROM runs");
  query.step();
  return query.integer(0);
}

std::vector<HistorySeries> History::series(const std::string& case_name) const {
  Statement query(
      *database_,
      "SELECT m.fingerprint, m.cpu_model, r.state, u.started, u.revision, u.partial, r.n, r.median_ns, r.ci_low_ns, "
      "r.ci_high_ns, r.min_ns, r.p5_ns, r.p95_ns, r.why FROM results r JOIN cases c ON c.id = r.case_id "
      "JOIN runs u ON u.id = r.run JOIN machines m ON m.fingerprint = u.fingerprint "
      "WHERE c.name = ? ORDER BY m.fingerprint, r.state, u.started, u.id");
  query.bind(case_name);
  std::vector<HistorySeries> all;
  while (query.step()) {
    const std::string fingerprint = query.text(0), state = query.text(2);
    if (all.empty() || all.back().fingerprint != fingerprint || all.back().state != state) {
      all.push_back({fingerprint, query.text(1), state, {}});
    }
    all.back().points.push_back(point_of(query));
  }
  return all;
}

}  // namespace bitproof
