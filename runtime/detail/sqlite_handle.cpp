#include <twinlane/runtime/detail/sqlite_handle.hpp>

#include <sqlite3.h>

#include <twinlane/runtime/detail/checksum_vfs.hpp>

namespace twinlane::detail {

namespace {

[[noreturn]] void fail(sqlite3* db, int code) {
  const auto extended = db ? ::sqlite3_extended_errcode(db) : code;
  std::string what = ::sqlite3_errstr(code);
  if (extended == SQLITE_IOERR_DATA) {
    what = "a page is not what was written";
  } else if (db && code != SQLITE_MISUSE) {
    if (const std::string said = ::sqlite3_errmsg(db); said != what) what += ": " + said;
    if (const int number = ::sqlite3_system_errno(db); number != 0 && (code & 0xff) == SQLITE_IOERR)
      what += " (errno " + std::to_string(number) + ")";
  }
  throw sqlite_error((extended & 0xff) == (code & 0xff) ? extended : code, what);
}

// An empty view may have no address, which SQLite takes for NULL.
const char* address(std::string_view bytes) noexcept { return bytes.data() ? bytes.data() : ""; }

}  // namespace

bool sqlite_error::damage() const noexcept {
  return (code_ & 0xff) == SQLITE_CORRUPT || (code_ & 0xff) == SQLITE_NOTADB || code_ == SQLITE_IOERR_DATA;
}

sqlite_statement::sqlite_statement(sqlite3* db, std::string_view sql) {
  const int code = ::sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                                        &statement_, nullptr);
  if (code != SQLITE_OK) fail(db, code);
}

sqlite_statement::~sqlite_statement() { ::sqlite3_finalize(statement_); }

void sqlite_statement::bind_text(int at, std::string_view text) {
  const int code = ::sqlite3_bind_text64(statement_, at, address(text), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) fail(::sqlite3_db_handle(statement_), code);
}

void sqlite_statement::bind_blob(int at, std::string_view bytes) {
  const int code = ::sqlite3_bind_blob64(statement_, at, address(bytes), bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) fail(::sqlite3_db_handle(statement_), code);
}

void sqlite_statement::bind(int at, std::int64_t number) { ::sqlite3_bind_int64(statement_, at, number); }

bool sqlite_statement::step() {
  const int code = ::sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto* const db = ::sqlite3_db_handle(statement_);
  try {
    fail(db, code);
  } catch (...) {
    reset();
    throw;
  }
}

void sqlite_statement::run() {
  while (step()) {}
  reset();
}

void sqlite_statement::reset() noexcept { ::sqlite3_reset(statement_); }

std::string_view sqlite_statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(::sqlite3_column_text(statement_, column));
  return {bytes ? bytes : "", static_cast<std::size_t>(::sqlite3_column_bytes(statement_, column))};
}

std::string_view sqlite_statement::blob(int column) const {
  const auto* bytes = static_cast<const char*>(::sqlite3_column_blob(statement_, column));
  return {bytes ? bytes : "", static_cast<std::size_t>(::sqlite3_column_bytes(statement_, column))};
}

std::int64_t sqlite_statement::number(int column) const { return ::sqlite3_column_int64(statement_, column); }

sqlite_handle::sqlite_handle(const std::string& file, const std::string& vfs, access a) {
  const int how = a == access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = ::sqlite3_open_v2(file.c_str(), &db_, how | SQLITE_OPEN_NOMUTEX, checksummed(vfs).c_str());
  if (code != SQLITE_OK) {
    sqlite_handle closing;
    std::swap(closing.db_, db_);
    fail(closing.db_, code);
  }
  ::sqlite3_extended_result_codes(db_, 1);
  ::sqlite3_busy_timeout(db_, 5'000);
}

sqlite_handle::~sqlite_handle() { ::sqlite3_close_v2(db_); }

void sqlite_handle::run(const std::string& sql) {
  const int code = ::sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(db_, code);
}

std::int64_t sqlite_handle::number(std::string_view sql, std::int64_t none) {
  auto s = prepare(sql);
  return s.step() ? s.number(0) : none;
}

std::string sqlite_handle::text(std::string_view sql) {
  auto s = prepare(sql);
  return s.step() ? std::string(s.text(0)) : std::string();
}

void sqlite_handle::roll_back() noexcept {
  // A failed statement may have ended the transaction already.
  if (db_ && !::sqlite3_get_autocommit(db_)) ::sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace twinlane::detail
