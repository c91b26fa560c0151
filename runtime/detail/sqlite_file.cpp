#include <twinlane/runtime/detail/sqlite_file.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <twinlane/runtime/detail/checksum_vfs.hpp>
#include <twinlane/runtime/detail/sqlite_chunks.hpp>

namespace twinlane::detail {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t application_id = 0x74776c6e;  // "twln"

// Step n brings version n to n + 1.
constexpr std::array<const char*, schema_version> migrations{
    "CREATE TABLE chunk(owner TEXT NOT NULL, lane TEXT NOT NULL, key TEXT NOT NULL, rows BLOB NOT NULL,"
    " PRIMARY KEY(owner, lane, key)) WITHOUT ROWID;"
    "CREATE TABLE redo(seq INTEGER PRIMARY KEY, body BLOB NOT NULL);"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "INSERT INTO meta VALUES('epoch', 0), ('opens', 0), ('clean', 0);"};

// An own file: SQLite's locks on the database file end when anything in the process closes that file.
int open_locked(const std::string& file) {
  const auto path = file + ".lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0)
    throw std::runtime_error("Store " + file + " cannot be opened: " + path + ": " + std::strerror(errno) + ".");
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  throw std::runtime_error("Store " + file +
                           " is in use by another server. Stop that one first, or give this one a "
                           "data_dir of its own.");
}

void check_chunks(sqlite_handle& db) {
  auto all = db.prepare("SELECT owner, lane, key, rows FROM chunk ORDER BY owner, lane, key");
  std::string owner_before;
  store_row last;  // of the chunk before
  std::string bytes;
  while (all.step()) {
    const chunk c{all.text(0), all.text(1), all.text(2), all.blob(3)};
    std::vector<store_row> rows;
    const bool good = unpack(c, rows) && c.owner >= owner_before &&
                      (c.owner > owner_before || comes_before(last, {c.owner, c.lane, c.key, {}}));
    if (!good) throw file_damage("rows of " + std::string(c.owner) + " are not what was written");
    owner_before = c.owner;
    bytes.assign(rows.back().lane).append(rows.back().key);
    last.lane = std::string_view(bytes).substr(0, rows.back().lane.size());
    last.key = std::string_view(bytes).substr(last.lane.size());
  }
}

}  // namespace

file_lock::file_lock(const std::string& file) {
  std::error_code ignored;
  if (const auto folder = fs::path(file).parent_path(); !folder.empty()) fs::create_directories(folder, ignored);
  fd_ = open_locked(file);
}

file_lock::~file_lock() { ::close(fd_); }

sqlite_file::sqlite_file(const options& o, const recovery& recover) : options_(o), lock_(o.file) {
  std::string damage;
  try {
    open(recover);
    return;
  } catch (const file_damage& e) {
    damage = e.what();
  } catch (const sqlite_error& e) {
    if (!e.damage()) throw std::runtime_error("Store " + o.file + " cannot be opened: " + e.what() + ".");
    damage = e.what();
  }
  throw std::runtime_error(
      "Store " + o.file + " is damaged: " + damage + ". It was set aside as " + set_aside() +
      ". Restore it from a backup, or start again with an empty store, which reads the sources anew.");
}

void sqlite_file::open(const recovery& recover) {
  std::error_code none;
  const auto size = fs::file_size(options_.file, none);
  writer_ = sqlite_handle(options_.file, options_.vfs);
  reserve_checksums(writer_);
  writer_.run(
      "PRAGMA page_size=16384; PRAGMA secure_delete=OFF; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY;"
      "PRAGMA cell_size_check=ON; PRAGMA cache_size=-16384");
  require_ours(writer_, options_.file);
  if (const auto mode = writer_.text("PRAGMA journal_mode=WAL"); mode != "wal")
    throw std::runtime_error("Store " + options_.file +
                             " cannot be opened: its file system has no shared memory for a "
                             "write-ahead log. Use a local disk for data_dir.");
  migrate();
  const bool suspect = writer_.number("SELECT count(*) FROM meta WHERE name = 'damaged'") != 0;
  if (suspect || (!none && size <= options_.check_bytes_max)) check_contents();
  auto redo = writer_.prepare("SELECT seq, body FROM redo ORDER BY seq");
  bool whole = true;
  while (redo.step()) whole = recover(redo.number(0), redo.blob(1));
  if (!whole) throw file_damage("the end of the log is missing");
  begin_epoch();
}

void sqlite_file::check_contents() {
  check_all(writer_);
  bring_back();
}

// The damage was none: what was set aside is newer than its owner's chunks, and older than the log.
void sqlite_file::bring_back() {
  sqlite_transaction t(writer_);
  std::string body;
  {
    auto all = writer_.prepare("SELECT value FROM meta WHERE name GLOB 'aside *' ORDER BY name");
    while (all.step()) body += all.blob(0);
  }
  if (!body.empty()) {
    auto first = writer_.prepare("INSERT INTO redo VALUES((SELECT coalesce(min(seq), 2) - 1 FROM redo), ?)");
    first.bind_blob(1, body);
    first.run();
  }
  writer_.run("DELETE FROM meta WHERE name = 'damaged' OR name GLOB 'aside *'");
  t.commit();
}

void sqlite_file::migrate() {
  set_durability(writer_, durability::now);
  for (auto at = writer_.number("PRAGMA user_version"); at < schema_version; ++at) {
    sqlite_transaction t(writer_);
    writer_.run(migrations[static_cast<std::size_t>(at)]);
    writer_.run("PRAGMA user_version=" + std::to_string(at + 1) +
                "; PRAGMA application_id=" + std::to_string(application_id));
    t.commit();
  }
}

void sqlite_file::begin_epoch() {
  const auto epoch = writer_.number("SELECT value FROM meta WHERE name = 'epoch'");
  opened_.clean = epoch == 0 || writer_.number("SELECT value FROM meta WHERE name = 'clean'") != 0;
  const auto now = epoch == 0 || !opened_.clean ? epoch + 1 : epoch;
  const auto opens = writer_.number("SELECT value FROM meta WHERE name = 'opens'") + 1;
  opened_.epoch = static_cast<std::uint64_t>(now);
  opened_.opens = static_cast<std::uint64_t>(opens);
  sqlite_transaction t(writer_);
  writer_.run("UPDATE meta SET value = " + std::to_string(now) +
              " WHERE name = 'epoch';"
              "UPDATE meta SET value = " +
              std::to_string(opens) +
              " WHERE name = 'opens';"
              "UPDATE meta SET value = 0 WHERE name = 'clean'");
  t.commit();
}

sqlite_handle sqlite_file::connect_reader() const {
  sqlite_handle db(options_.file, options_.vfs);
  db.run("PRAGMA query_only=ON; PRAGMA cell_size_check=ON; PRAGMA cache_size=-512");
  db.number("SELECT count(*) FROM meta");  // a connection that has read nothing does not know of the log
  return db;
}

void sqlite_file::note_damage(std::string_view what) {
  auto note = writer_.prepare("INSERT OR REPLACE INTO meta VALUES('damaged', ?)");
  note.bind_text(1, what);
  note.run();
}

void sqlite_file::mark_clean() {
  set_durability(writer_, durability::now);
  writer_.run("UPDATE meta SET value = 1 WHERE name = 'clean'");
}

std::string sqlite_file::set_aside() {
  writer_ = {};
  std::string to;
  std::error_code failed;
  for (int n = 1;; ++n) {
    to = options_.file + ".damaged-" + std::to_string(n);
    if (!fs::exists(to, failed)) break;
  }
  // The log first: left behind, it would be taken for the log of the next file of this name.
  for (const char* part : {"-wal", "-shm"})
    if (fs::exists(options_.file + part, failed)) fs::rename(options_.file + part, to + part, failed);
  fs::rename(options_.file, to, failed);
  return failed ? to + " (which failed: " + failed.message() + ")" : to;
}

void require_ours(sqlite_handle& db, const std::string& file) {
  const auto version = db.number("PRAGMA user_version");
  if (db.number("SELECT count(*) FROM sqlite_schema") == 0) return;
  if (db.number("PRAGMA application_id") != application_id)
    throw std::runtime_error("Store " + file + " cannot be opened: it is a database of another program.");
  if (version > schema_version)
    throw std::runtime_error("Store " + file + " has layout " + std::to_string(version) + ", and this program " +
                             "knows layouts up to " + std::to_string(schema_version) +
                             ". Use the newer program that wrote it.");
}

void check_all(sqlite_handle& db) {
  if (const auto said = db.text("PRAGMA quick_check(1)"); said != "ok") throw file_damage(said);
  check_chunks(db);
}

void keep_aside(sqlite_handle& db, std::int64_t fold, std::string_view owner, std::string_view rows) {
  auto number = std::to_string(fold);
  number.insert(0, 20 - std::min<std::size_t>(number.size(), 20), '0');  // so that they come in order
  const auto name = "aside " + number + ' ' + std::string(owner);
  auto put = db.prepare("INSERT OR REPLACE INTO meta VALUES(?, ?)");
  put.bind_text(1, name);
  put.bind_blob(2, rows);
  put.run();
}

void set_durability(sqlite_handle& db, durability d) {
  db.run(d == durability::now ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

}  // namespace twinlane::detail
