#include <twinlane/runtime/sqlite_snapshot.hpp>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <twinlane/runtime/detail/checksum_vfs.hpp>
#include <twinlane/runtime/detail/row_overlay.hpp>
#include <twinlane/runtime/detail/row_table.hpp>
#include <twinlane/runtime/detail/sqlite_chunks.hpp>
#include <twinlane/runtime/detail/sqlite_file.hpp>

namespace twinlane {

namespace {

namespace fs = std::filesystem;
using detail::sqlite_handle;

constexpr int pages_a_step = 256;

/// SQLite's copying of one database into another, over an empty one.
class page_copy {
 public:
  page_copy(sqlite_handle& to, sqlite_handle& from)
      : copy_(::sqlite3_backup_init(to.get(), "main", from.get(), "main")) {
    if (!copy_) throw detail::sqlite_error(::sqlite3_errcode(to.get()), ::sqlite3_errmsg(to.get()));
  }
  ~page_copy() { ::sqlite3_backup_finish(copy_); }
  page_copy(const page_copy&) = delete;
  page_copy& operator=(const page_copy&) = delete;

  /// False when all is copied.
  bool step() {
    const int code = ::sqlite3_backup_step(copy_, pages_a_step);
    if (code != SQLITE_OK && code != SQLITE_DONE) throw detail::sqlite_error(code, ::sqlite3_errstr(code));
    return code == SQLITE_OK;
  }
  double part_done() const {
    const int all = ::sqlite3_backup_pagecount(copy_);
    return all > 0 ? 1 - static_cast<double>(::sqlite3_backup_remaining(copy_)) / all : 1;
  }

 private:
  sqlite3_backup* copy_;
};

void sync(const fs::path& what) {
  const int fd = ::open(what.c_str(), O_RDONLY | O_CLOEXEC);
  const bool done = fd >= 0 && ::fsync(fd) == 0;
  const std::error_code why(errno, std::generic_category());
  if (fd >= 0) ::close(fd);
  if (!done) throw std::runtime_error("cannot sync " + what.string() + ": " + why.message());
}

}  // namespace

struct sqlite_snapshot::impl {
  std::string file;
  sqlite_handle db;
  detail::row_table newer;  // what the log holds, which may be in chunks too

  impl(std::string name, const std::string& vfs) : file(std::move(name)) {
    std::error_code none;
    if (!fs::exists(file, none))
      throw std::runtime_error("There is no store " + file + ". Name its directory with --data-dir.");
    guarded([&] { begin(vfs); });
  }

  /// Runs f; what SQLite says becomes a sentence.
  template <class F>
  void guarded(F&& f) const {
    try {
      f();
    } catch (const detail::sqlite_error& e) {
      throw std::runtime_error("Store " + file + (e.damage() ? " is damaged: " : " cannot be read: ") + e.what() + ".");
    }
  }

  void begin(const std::string& vfs) {
    db = sqlite_handle(file, vfs, sqlite_handle::access::read);
    db.run("PRAGMA cell_size_check=ON; PRAGMA cache_size=-16384; BEGIN");
    detail::require_ours(db, file);
    if (db.number("SELECT count(*) FROM sqlite_schema WHERE name = 'redo'") == 0)
      throw std::runtime_error("Store " + file + " is empty: no server has used it yet.");
    auto redo = db.prepare("SELECT body FROM redo ORDER BY seq");
    std::string open_batch;  // goes on in the next row
    while (redo.step()) {
      open_batch += redo.blob(0);
      std::string_view body = open_batch;
      for (auto text = row_batch::first(body); !text.empty(); text = row_batch::first(body)) {
        if (!row_batch::parse(text, [&](const store_row& r) { newer.put(r); }))
          throw std::runtime_error("Store " + file + " is damaged: the checksum of the log does not fit.");
        body.remove_prefix(text.size());
      }
      open_batch = std::string(body);
    }
    if (!open_batch.empty()) throw std::runtime_error("Store " + file + " is damaged: the end of the log is missing.");
  }

  /// False when stopped.
  bool copy_to(const std::string& to_file, const progress& p) {
    sqlite_handle to(to_file, {});
    // The first page tells the layer below that pages carry checksums: it has to be there before others.
    detail::reserve_checksums(to);
    to.run("PRAGMA page_size=16384; PRAGMA user_version=1");
    {
      page_copy copy(to, db);
      // Within the transaction of this snapshot, so that what is written meanwhile is no part of it.
      for (bool more = true; more; more = copy.step())
        if (!p(copy.part_done())) return false;
    }
    detail::check_all(to);
    to.run("PRAGMA journal_mode=DELETE; UPDATE meta SET value = 0 WHERE name = 'clean'");
    return true;
  }

  /// The owners of the log under a prefix, in order.
  std::vector<const detail::row_table::owner*> newer_owners(std::string_view prefix) const {
    auto all = newer.sorted();
    std::erase_if(all, [&](const auto* o) { return !o->name().starts_with(prefix); });
    return all;
  }
};

namespace {

/// The chunks of a file, one owner after the other.
class chunk_reader {
 public:
  chunk_reader(sqlite_handle& db, std::string_view prefix)
      : prefix_(prefix),
        all_(db.prepare("SELECT owner, lane, key, rows FROM chunk WHERE owner >= ? ORDER BY owner, lane, key")) {
    all_.bind_text(1, prefix_);
    more_ = all_.step() && all_.text(0).starts_with(prefix_);
    next();
  }
  bool at_end() const noexcept { return at_end_; }
  const std::string& owner() const noexcept { return owner_; }
  const row_batch& rows() const noexcept { return rows_; }
  bool damaged() const noexcept { return damaged_; }

  void next() {
    at_end_ = !more_;
    damaged_ = false;
    rows_.clear();
    if (at_end_) return;
    owner_ = all_.text(0);
    while (more_ && all_.text(0) == owner_) {
      unpacked_.clear();
      if (detail::unpack({owner_, all_.text(1), all_.text(2), all_.blob(3)}, unpacked_))
        for (const auto& r : unpacked_) rows_.put(r.owner, r.lane, r.key, r.value);
      else
        damaged_ = true;
      more_ = all_.step() && all_.text(0).starts_with(prefix_);
    }
  }

 private:
  const std::string prefix_;
  detail::sqlite_statement all_;
  std::string owner_;
  std::vector<store_row> unpacked_;
  row_batch rows_;
  bool more_ = false, at_end_ = false, damaged_ = false;
};

}  // namespace

sqlite_snapshot::sqlite_snapshot(std::string file, const std::string& vfs)
    : impl_(std::make_unique<impl>(std::move(file), vfs)) {}

sqlite_snapshot::~sqlite_snapshot() = default;

void sqlite_snapshot::for_each(std::string_view prefix, const std::function<bool(const owner_rows&)>& f) {
  impl_->guarded([&] {
    const auto newer = impl_->newer_owners(prefix);
    auto fresh = newer.begin();
    std::vector<const detail::row_table::row*> sorted;
    std::vector<store_row> over;
    for (chunk_reader stored(impl_->db, prefix); !stored.at_end() || fresh != newer.end();) {
      const bool take_stored = !stored.at_end() && (fresh == newer.end() || stored.owner() <= (*fresh)->name());
      const bool take_fresh =
          fresh != newer.end() && (stored.at_end() || (*fresh)->name() <= std::string_view(stored.owner()));
      const auto owner = take_stored ? std::string_view(stored.owner()) : (*fresh)->name();
      over.clear();
      if (take_fresh) {
        (*fresh)->sorted(sorted);
        for (const auto* r : sorted) over.push_back(r->as_row(owner));
      }
      const bool damaged = take_stored && stored.damaged();
      auto rows = damaged
                      ? std::vector<store_row>()
                      : detail::overlay(over, take_stored ? detail::rows_of(stored.rows()) : std::vector<store_row>());
      std::erase_if(rows, [](const store_row& r) { return r.removed; });
      if ((damaged || !rows.empty()) && !f({owner, rows, damaged})) return;
      if (take_stored) stored.next();
      if (take_fresh) ++fresh;
    }
  });
}

bool sqlite_snapshot::write_to(const std::string& file, const progress& p) {
  const fs::path target(file), part(file + ".part");
  std::error_code ignored;
  if (fs::exists(target, ignored)) throw std::runtime_error(file + " exists already. Choose another name.");
  fs::remove(part, ignored);
  const auto failed = [&](const std::string& why) {
    fs::remove(part, ignored);
    throw std::runtime_error("Store " + impl_->file + " cannot be copied to " + file + ": " + why + ".");
  };
  try {
    if (!impl_->copy_to(part.string(), p)) {
      fs::remove(part, ignored);
      return false;
    }
    sync(part);
    fs::rename(part, target);
    sync(fs::absolute(target).parent_path());
  } catch (const std::exception& e) {
    failed(e.what());
  }
  return true;
}

}  // namespace twinlane
