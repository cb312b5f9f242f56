// SQLite's C interface with owners and exceptions: every error is a BadInput that names the file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

struct sqlite3;
struct sqlite3_stmt;

namespace bitproof {

class Database;

// One prepared statement. Parameters are bound in order by run() and rows(), columns are read by number from 0.
class Statement {
 public:
  Statement(const Database& database, const std::string& sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <class... Values>
  Statement& bind(const Values&... values) {
    reset();
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }
  bool step();  // to the next row; false: there is none

  std::int64_t integer(int column) const;
  std::optional<double> real(int column) const;
  std::string text(int column) const;  // "" for NULL

 private:
  void reset();
  void bind_one(int index, std::int64_t value);
  void bind_one(int index, const std::optional<double>& value);
  void bind_one(int index, const std::string& value);

  const Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

class Database {
 public:
  // Opens the file, which must be there unless `create`. Waits for other writers up to `busy_ms`.
  Database(const std::string& path, bool create, int busy_ms = 60'000);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void execute(const std::string& sql) const;
  std::int64_t last_row() const;
  int rows_changed() const;  // by the last statement
  [[noreturn]] void fail() const;

 private:
  friend class Statement;
  friend class Transaction;
  std::string path_;
  sqlite3* handle_ = nullptr;
};

// All or nothing: rolled back unless committed. It takes the write lock at once, so that it cannot fail for another
// writer once it has begun. When commit() returns, what was written is on the disk.
class Transaction {
 public:
  explicit Transaction(const Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  const Database& database_;
  bool open_ = true;
};

}  // namespace bitproof
