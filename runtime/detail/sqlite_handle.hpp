#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace twinlane::detail {

/// What SQLite answered, with its result code.
class sqlite_error : public std::runtime_error {
 public:
  sqlite_error(int code, const std::string& what) : runtime_error(what), code_(code) {}
  int code() const noexcept { return code_; }
  /// The file is not what was written: damaged, or no database.
  bool damage() const noexcept;

 private:
  int code_;
};

/// A prepared statement. Bound texts are not copied: they must live until the next reset.
///
/// Errors   sqlite_error
class sqlite_statement {
 public:
  sqlite_statement() = default;
  sqlite_statement(sqlite3* db, std::string_view sql);
  ~sqlite_statement();
  sqlite_statement(sqlite_statement&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  sqlite_statement& operator=(sqlite_statement&& other) noexcept {
    std::swap(statement_, other.statement_);
    return *this;
  }

  void bind_text(int at, std::string_view text);
  void bind_blob(int at, std::string_view bytes);
  void bind(int at, std::int64_t number);
  /// True when there is a row.
  bool step();
  /// Steps to the end and resets.
  void run();
  void reset() noexcept;
  std::string_view text(int column) const;
  std::string_view blob(int column) const;
  std::int64_t number(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

/// One connection, which finds damaged pages of the file (checksum_vfs.hpp).
///
/// Threads  one at a time
/// Errors   sqlite_error
class sqlite_handle {
 public:
  sqlite_handle() = default;
  enum class access : std::uint8_t { write, read };  // write: the file is made when missing
  sqlite_handle(const std::string& file, const std::string& vfs, access a = access::write);
  ~sqlite_handle();
  sqlite_handle(sqlite_handle&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  sqlite_handle& operator=(sqlite_handle&& other) noexcept {
    std::swap(db_, other.db_);
    return *this;
  }

  void run(const std::string& sql);
  sqlite_statement prepare(std::string_view sql) { return {db_, sql}; }
  /// The first column of the first row, or `none`.
  std::int64_t number(std::string_view sql, std::int64_t none = 0);
  std::string text(std::string_view sql);
  /// Ends a transaction that is open, without its changes.
  void roll_back() noexcept;
  sqlite3* get() const noexcept { return db_; }

 private:
  sqlite3* db_ = nullptr;
};

/// Rolls back unless committed.
class sqlite_transaction {
 public:
  explicit sqlite_transaction(sqlite_handle& db) : db_(db) { db_.run("BEGIN IMMEDIATE"); }
  ~sqlite_transaction() {
    if (open_) db_.roll_back();
  }
  sqlite_transaction(const sqlite_transaction&) = delete;
  sqlite_transaction& operator=(const sqlite_transaction&) = delete;
  void commit() {
    db_.run("COMMIT");
    open_ = false;
  }

 private:
  sqlite_handle& db_;
  bool open_ = true;
};

}  // namespace twinlane::detail
