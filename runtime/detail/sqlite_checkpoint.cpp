#include <twinlane/runtime/detail/sqlite_checkpoint.hpp>

#include <exception>
#include <utility>

#include <sqlite3.h>

#include <twinlane/runtime/detail/raise.hpp>

namespace twinlane::detail {

sqlite_checkpoint::sqlite_checkpoint(sqlite_handle db) : db_(std::move(db)), thread_([this] { run(); }) {}

sqlite_checkpoint::~sqlite_checkpoint() {
  raise(stopping_, mutex_, changed_);
  thread_.join();
}

int sqlite_checkpoint::copy(sqlite_handle& db) {
  int pages = 0, copied = 0;
  const int code = ::sqlite3_wal_checkpoint_v2(db.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied);
  if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY && (code & 0xff) != SQLITE_LOCKED)
    throw sqlite_error(code, ::sqlite3_errmsg(db.get()));
  return copied;
}

void sqlite_checkpoint::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return working_ || stopping_; });
    if (stopping_) return;
    lock.unlock();
    int copied = 0;
    std::exception_ptr error;
    try {
      copied = copy(db_);
    } catch (const std::exception&) {
      error = std::current_exception();
    }
    lock.lock();
    copied_ = copied;
    error_ = error;
    working_ = false;
    changed_.notify_all();
  }
}

void sqlite_checkpoint::start() { raise(working_, mutex_, changed_); }

bool sqlite_checkpoint::working() const {
  std::lock_guard lock(mutex_);
  return working_;
}

void sqlite_checkpoint::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !working_; });
}

int sqlite_checkpoint::copied() {
  std::lock_guard lock(mutex_);
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  return std::exchange(copied_, 0);
}

}  // namespace twinlane::detail
