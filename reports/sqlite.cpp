#include "reports/sqlite.hpp"

#include <sqlite3.h>

#include "error.hpp"

namespace bitproof {
namespace {

const char* advice(int error) {
  switch (error & 0xff) {
    case SQLITE_NOTADB:
      return "it is not an SQLite file; name another with --db";
    case SQLITE_CORRUPT:
      return "restore it from a copy, or name another with --db";
    case SQLITE_FULL:
    case SQLITE_IOERR:
      return "free space there, or name another with --db";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program holds its lock: try again when it has ended";
    default:
      return "make it readable and writable, or name another with --db";
  }
}

}  // namespace

Statement::Statement(const Database& database, const std::string& sql) : database_(database) {
  if (sqlite3_prepare_v2(database.handle_, sql.c_str(), -1, &statement_, nullptr) != SQLITE_OK) database.fail();
}

Statement::~Statement() { sqlite3_finalize(statement_); }

bool Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) database_.fail();
  return false;
}

void Statement::reset() {
  sqlite3_reset(statement_);  // repeats the error of the last step, which was thrown there
  sqlite3_clear_bindings(statement_);
}

void Statement::bind_one(int index, std::int64_t value) {
  if (sqlite3_bind_int64(statement_, index, value) != SQLITE_OK) database_.fail();
}

void Statement::bind_one(int index, const std::optional<double>& value) {
  const int code = value ? sqlite3_bind_double(statement_, index, *value) : sqlite3_bind_null(statement_, index);
  if (code != SQLITE_OK) database_.fail();
}

void Statement::bind_one(int index, const std::string& value) {
  const auto bytes = static_cast<sqlite3_uint64>(value.size());
  if (sqlite3_bind_text64(statement_, index, value.data(), bytes, SQLITE_TRANSIENT, SQLITE_UTF8) != SQLITE_OK) {
    database_.fail();
  }
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::optional<double> Statement::real(int column) const {
  if (sqlite3_column_type(statement_, column) == SQLITE_NULL) return std::nullopt;
  return sqlite3_column_double(statement_, column);
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return bytes ? std::string(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))) : "";
}

Database::Database(const std::string& path, bool create, int busy_ms) : path_(path) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  if (code != SQLITE_OK) {
    const std::string why = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    sqlite3_close(handle_);
    throw BadInput("{}: {}; {}", path, why,
                   create ? advice(code) : "make one with `bitproof history --add RUN.json --db FILE`");
  }
  sqlite3_busy_timeout(handle_, busy_ms);
}

Database::~Database() { sqlite3_close(handle_); }

void Database::execute(const std::string& sql) const {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) fail();
}

std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_); }

int Database::rows_changed() const { return sqlite3_changes(handle_); }

void Database::fail() const {
  throw BadInput("{}: {}; {}", path_, sqlite3_errmsg(handle_), advice(sqlite3_errcode(handle_)));
}

Transaction::~Transaction() {
  if (open_) sqlite3_exec(database_.handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Transaction::commit() {
  database_.execute("COMMIT");
  open_ = false;
}

}  // namespace bitproof
