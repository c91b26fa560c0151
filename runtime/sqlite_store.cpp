#include <twinlane/runtime/sqlite_store.hpp>

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>
#include <utility>

#include <twinlane/runtime/detail/pending_rows.hpp>
#include <twinlane/runtime/detail/row_overlay.hpp>
#include <twinlane/runtime/detail/sqlite_base.hpp>
#include <twinlane/runtime/detail/sqlite_file.hpp>
#include <twinlane/runtime/detail/sqlite_writer.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane {

using detail::overlay;
using detail::rows_of;

struct sqlite_store::impl {
  impl(const sqlite_store_options& o, std::function<void(double)> did_commit)
      : rows({.linger = o.linger}),
        file({o.file, o.vfs, o.check_bytes_max},
             [this](std::int64_t seq, std::string_view body) { return recover(seq, body); }),
        base(file),
        writer(o, file, base, rows, std::exchange(redo, {}), std::move(did_commit)) {}

  /// True when no batch is open, which goes on in the next row.
  bool recover(std::int64_t seq, std::string_view body) {
    if (last_seq && seq != *last_seq + 1) throw detail::file_damage("part of the log is missing");
    last_seq = seq;
    redo_bytes += body.size();
    if (!open_batch.empty()) body = open_batch.append(body);
    while (!body.empty()) {
      const auto text = row_batch::first(body);
      if (text.empty()) break;
      if (!row_batch::parse(text, [&](const store_row& r) { rows.recover(r); }))
        throw detail::file_damage("the checksum of the log does not fit");
      body.remove_prefix(text.size());
    }
    open_batch = std::string(body);
    if (open_batch.empty()) redo.push_back({seq, std::exchange(redo_bytes, 0)});
    return open_batch.empty();
  }

  std::deque<detail::sqlite_writer::redo_row> redo;
  std::optional<std::int64_t> last_seq;
  std::string open_batch;
  std::size_t redo_bytes = 0;
  detail::pending_rows rows;
  detail::sqlite_file file;
  detail::sqlite_base base;
  detail::sqlite_writer writer;
  std::atomic<std::uint64_t> damages{0};
};

sqlite_store::sqlite_store(sqlite_store_options options) : options_(std::move(options)) {}

sqlite_store::~sqlite_store() { sqlite_store::close(); }

store_opened sqlite_store::open() {
  auto made = std::make_unique<impl>(options_, did_commit_);
  made->writer.begin();
  impl_ = std::move(made);
  return impl_->file.opened();
}

void sqlite_store::commit(row_batch rows, durability d, std::unique_ptr<commit_waiter> waiter) {
  rows.text();  // takes the checksum on this thread
  if (impl_) impl_->rows.commit({std::move(rows), d, std::move(waiter), {}});
}

void sqlite_store::read(std::string_view owner, const std::function<void(const store_row&)>& f) {
  detail::pending_rows::snapshot fresh;
  row_batch stored;
  try {
    do {
      fresh = impl_->rows.rows_of(owner);
      stored.clear();
      impl_->base.read(owner, stored);
    } while (impl_->rows.generation() != fresh.generation);
  } catch (const store_damage& e) {
    impl_->damages.fetch_add(1, std::memory_order_relaxed);
    log_limited(log_level::error, "sqlite_store_damage", e.what());
    impl_->writer.note_damage(e.what());
    throw;
  }
  auto newer = rows_of(fresh.newer);
  std::sort(newer.begin(), newer.end(), detail::comes_before);
  std::vector<store_row> older;
  if (const auto* o = fresh.older ? fresh.older->find(owner) : nullptr)
    o->for_each([&](const detail::row_table::row& r) { older.push_back(r.as_row(owner)); });
  std::sort(older.begin(), older.end(), detail::comes_before);
  for (const auto& r : overlay(overlay(newer, older), rows_of(stored)))
    if (!r.removed) f(r);
}

std::vector<std::string> sqlite_store::owners(std::string_view prefix, std::string_view after, std::size_t limit) {
  std::vector<std::string> found;
  std::string at(after);
  while (found.size() < limit) {
    const auto want = limit - found.size();
    // The newer first: what is folded in between is seen in the base, at worst in both.
    auto fresh = impl_->rows.owners(prefix, at, want);
    auto stored = impl_->base.owners(prefix, at, want);
    // One of the two may go on where it was cut off: up to there, both are known.
    const bool more = fresh.size() == want || stored.size() == want;
    std::string end;
    if (fresh.size() == want) end = fresh.back().name;
    if (stored.size() == want && (end.empty() || stored.back() < end)) end = stored.back();
    std::vector<detail::pending_rows::owner_found> all(std::move(fresh));
    for (auto& name : stored) all.push_back({std::move(name), true});
    std::stable_sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    for (std::size_t i = 0; i < all.size() && found.size() < limit; ++i) {
      if (i > 0 && all[i].name == all[i - 1].name) continue;
      if (more && all[i].name > end) break;
      bool alive = all[i].sure;
      if (!alive) read(all[i].name, [&](const store_row&) { alive = true; });
      if (alive) found.push_back(all[i].name);
    }
    if (!more) break;
    at = end;
  }
  return found;
}

std::size_t sqlite_store::queue_bytes() const noexcept { return impl_ ? impl_->rows.not_durable_bytes() : 0; }

std::optional<std::string> sqlite_store::trouble() const { return impl_ ? impl_->writer.trouble() : std::nullopt; }

bool sqlite_store::close() {
  if (!impl_) return true;
  const auto closing = std::move(impl_);
  if (!closing->writer.end()) return false;
  try {
    closing->base.close();
    closing->file.mark_clean();
  } catch (const std::exception& e) {
    log_limited(log_level::error, "sqlite_store", "Store " + options_.file + " cannot be closed: " + e.what() + ".");
    return false;
  }
  return true;
}

sqlite_store::counts sqlite_store::count() const {
  if (!impl_) return {};
  return {impl_->writer.errors() + impl_->damages.load(std::memory_order_relaxed), impl_->writer.folds(),
          impl_->rows.unfolded_bytes()};
}

}  // namespace twinlane
