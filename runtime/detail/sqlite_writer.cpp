#include <twinlane/runtime/detail/sqlite_writer.hpp>

#include <algorithm>
#include <utility>

#include <sqlite3.h>

#include <twinlane/runtime/log.hpp>

namespace twinlane::detail {

namespace {

constexpr std::chrono::milliseconds retry_after{1'000};
constexpr std::chrono::milliseconds look_again{1};
constexpr std::size_t trim_bytes_max = 8 * 1024 * 1024;
constexpr std::size_t body_bytes_kept = 16 * 1024 * 1024;
constexpr std::size_t trim_rows_max = 1'000;
constexpr int log_growth_max = 8;  // times the log's size, before commits wait for the copying

int note_log_pages(void* to, sqlite3*, const char*, int pages) {
  *static_cast<int*>(to) = pages;
  return SQLITE_OK;
}

}  // namespace

sqlite_writer::sqlite_writer(const sqlite_store_options& o, sqlite_file& file, sqlite_base& base, pending_rows& rows,
                             std::deque<redo_row> redo, std::function<void(double)> did_commit)
    : options_(o),
      file_(file),
      base_(base),
      db_(file.writer()),
      rows_(rows),
      did_commit_(std::move(did_commit)),
      redo_(std::move(redo)),
      insert_(db_.prepare("INSERT INTO redo(seq, body) VALUES(?, ?)")),
      trim_(db_.prepare("DELETE FROM redo WHERE seq <= ?")),
      page_bytes_(static_cast<std::size_t>(db_.number("PRAGMA page_size", 4096))),
      checkpoint_(file.connect_reader()) {
  for (const auto& r : redo_) redo_bytes_ += r.bytes;
  ::sqlite3_wal_hook(db_.get(), note_log_pages, &log_pages_);
}

void sqlite_writer::begin() {
  generation_began_ = pending_rows::clock::now();
  thread_ = std::thread([this] { run(); });
}

bool sqlite_writer::end() {
  stopping_.store(true);
  rows_.stop();
  if (thread_.joinable()) thread_.join();
  return ended_well_;
}

void sqlite_writer::run() {
  for (;;) {
    try {
      if (!turn()) {
        ended_well_ = true;
        break;
      }
    } catch (const std::exception& e) {
      failed(e);
      try_note();
      // At an end there is one more try, and no wait for a disk that may stay full.
      if (stopping_.load()) break;
      rows_.pause(retry_after);
    }
  }
  try_note();  // what was found since the last turn
  held_.clear();
  rows_.drop_queue();
}

bool sqlite_writer::turn() {
  const auto now = pending_rows::clock::now();
  const auto until = fold_ && !fold_->prepared() ? now + look_again : now;
  const auto woken = rows_.wait(busy() ? until : generation_began_ + options_.fold_age);
  if (woken == pending_rows::wake::stop && !busy() && rows_.unfolded_rows() == 0) return false;
  const auto owes = owed();
  if (woken == pending_rows::wake::cuts && held_.empty() && may_write(owes)) held_ = rows_.take();
  if (!held_.empty() || next_) write_cuts();
  if (!fold_ && !next_) begin_fold();
  const bool idle = woken != pending_rows::wake::cuts;
  if (fold_ && (idle || fold_->part_done() < owes)) fold_step();
  if (trim_to_ > 0) trim_redo();
  check_point();
  write_note();
  std::lock_guard lock(mutex_);
  trouble_.reset();
  return true;
}

// Rows must not come faster than they are folded: cuts wait, and with them those who bound what is in flight. Commands
// may pass, up to a point.
bool sqlite_writer::may_write(double owes) const {
  return !fold_ || owes < 1 || (owes < 2 && rows_.now_waiting()) || stopping_.load();
}

double sqlite_writer::owed() const {
  const auto part = [](std::size_t of, std::size_t all) { return static_cast<double>(of) / static_cast<double>(all); };
  return std::max(part(rows_.unfolded_bytes(), options_.fold_bytes), part(redo_bytes_, options_.redo_bytes));
}

void sqlite_writer::write_cuts() {
  while (!held_.empty()) {
    body_.clear();
    std::size_t count = 0;
    auto when = durability::soon;
    for (; count < held_.size() && (count == 0 || body_.size() < options_.transaction_bytes_max); ++count) {
      body_ += held_[count].rows.text();
      if (held_[count].when == durability::now) when = durability::now;
    }
    if (when != synced_) set_durability(db_, when);
    synced_ = when;
    redo_.push_back({insert(body_), body_.size()});
    redo_bytes_ += body_.size();
    tell(count);
  }
  if (body_.capacity() > body_bytes_kept) body_ = {};
  if (!next_) return;
  redo_bytes_ = 0;
  fold_to_ = redo_.empty() ? 0 : redo_.back().seq;
  fold_.emplace(db_, base_, next_, fold_to_);
  next_.reset();
}

// A blob of SQLite's has a greatest size, and a batch may be larger. Returns the seq of the last row.
std::int64_t sqlite_writer::insert(std::string_view body) {
  auto seq = redo_.empty() ? std::max(fold_to_, trim_to_) : redo_.back().seq;
  std::optional<sqlite_transaction> t;
  if (body.size() > options_.redo_row_bytes_max) t.emplace(db_);
  do {
    const auto part = body.substr(0, options_.redo_row_bytes_max);
    body.remove_prefix(part.size());
    insert_.bind(1, ++seq);
    insert_.bind_blob(2, part);
    insert_.run();
  } while (!body.empty());
  if (t) t->commit();
  return seq;
}

// The first cuts that are held are durable.
void sqlite_writer::tell(std::size_t cuts) {
  const auto now = pending_rows::clock::now();
  for (; cuts > 0; --cuts) {
    const auto cut = std::move(held_.front());
    held_.pop_front();
    rows_.did_write(cut.rows.bytes());
    if (did_commit_) did_commit_(std::chrono::duration<double>(now - cut.committed).count());
    if (cut.waiter) cut.waiter->durable();
  }
}

void sqlite_writer::begin_fold() {
  const auto now = pending_rows::clock::now();
  const bool old = now >= generation_began_ + options_.fold_age;
  // At an end all is folded, so that the next start finds nothing to read back.
  if (owed() < 1 && !old && !stopping_.load()) return;
  generation_began_ = now;
  if (rows_.unfolded_rows() == 0) return;
  // What these rows belong to must be in the log before any of them is in the base, or a crash could leave half a cut.
  held_ = rows_.swap(next_);
  write_cuts();
}

void sqlite_writer::fold_step() {
  if (!fold_->prepare(stopping_.load())) return;
  if (synced_ != durability::soon) set_durability(db_, synced_ = durability::soon);
  fold_->step(options_.fold_slice);
  for (const auto& what : fold_->take_damages()) did_damage(what);
  if (!fold_->done()) return;
  rows_.folded();
  fold_.reset();
  trim_to_ = fold_to_;
  folds_.fetch_add(1, std::memory_order_relaxed);
}

// Of one owner: no reason to stop for the others.
void sqlite_writer::did_damage(const std::string& what) {
  errors_.fetch_add(1, std::memory_order_relaxed);
  log_limited(log_level::error, "sqlite_store_damage", "Store " + options_.file + " is damaged: " + what + ".");
  note_damage(what);
}

void sqlite_writer::trim_redo() {
  std::size_t rows = 0, bytes = 0;
  while (rows < redo_.size() && redo_[rows].seq <= trim_to_ && rows < trim_rows_max && bytes < trim_bytes_max)
    bytes += redo_[rows++].bytes;
  if (rows > 0) {
    trim_.bind(1, redo_[rows - 1].seq);
    trim_.run();
    redo_.erase(redo_.begin(), redo_.begin() + static_cast<std::ptrdiff_t>(rows));
  }
  if (redo_.empty() || redo_.front().seq > trim_to_) trim_to_ = 0;
}

// SQLite begins its log anew when all of it is in the file. While cuts come, a round in the background ends with some
// pages behind: few, so that they are copied here.
void sqlite_writer::check_point() {
  const auto pages_max = static_cast<int>(options_.log_bytes_max / page_bytes_);
  if (log_pages_ < pages_max) return;
  if (copying_ && checkpoint_.working()) {
    if (log_pages_ < log_growth_max * pages_max) return;
    checkpoint_.wait();
  }
  const auto copied = std::exchange(copying_, false) ? checkpoint_.copied() : 0;
  if (log_pages_ - copied <= pages_max / 8 || log_pages_ >= log_growth_max * pages_max) {
    log_pages_ = 0;  // the next transaction tells how long it is
    sqlite_checkpoint::copy(db_);
  } else {
    copying_ = true;
    checkpoint_.start();
  }
}

void sqlite_writer::write_note() {
  std::unique_lock lock(mutex_);
  if (!damage_) return;
  const auto what = *damage_;
  lock.unlock();
  file_.note_damage(what);
  lock.lock();
  damage_.reset();
}

// In trouble too, for it may be the damage itself that stops the turns.
void sqlite_writer::try_note() noexcept {
  try {
    write_note();
  } catch (const std::exception&) {
    db_.roll_back();
  }
}

void sqlite_writer::note_damage(std::string what) {
  {
    std::lock_guard lock(mutex_);
    damage_ = std::move(what);
  }
  rows_.wake_writer();
}

std::optional<std::string> sqlite_writer::trouble() const {
  std::lock_guard lock(mutex_);
  return trouble_;
}

void sqlite_writer::failed(const std::exception& e) {
  db_.roll_back();
  const auto* said = dynamic_cast<const sqlite_error*>(&e);
  if (dynamic_cast<const file_damage*>(&e) || (said && said->damage())) note_damage(e.what());
  errors_.fetch_add(1, std::memory_order_relaxed);
  auto what = "Store " + options_.file + " cannot be written: " + e.what() + ". Commits wait, and are tried again.";
  log_limited(log_level::error, "sqlite_store", what);
  std::lock_guard lock(mutex_);
  trouble_ = std::move(what);
}

}  // namespace twinlane::detail
