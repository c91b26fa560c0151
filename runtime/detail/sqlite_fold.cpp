#include <twinlane/runtime/detail/sqlite_fold.hpp>

namespace twinlane::detail {

sqlite_fold::sqlite_fold(sqlite_handle& db, std::shared_ptr<const row_table> rows)
    : db_(db),
      rows_(std::move(rows)),
      owners_(rows_->sorted()),
      put_(db.prepare("INSERT OR REPLACE INTO entry VALUES(?, ?, ?, ?, ?)")),
      remove_(db.prepare("DELETE FROM entry WHERE owner = ? AND lane = ? AND key = ?")) {
  if (!done()) sorted_ = owners_[0]->sorted();
}

void sqlite_fold::write(const store_row& row) {
  auto& s = row.removed ? remove_ : put_;
  s.bind_text(1, row.owner);
  s.bind_text(2, row.lane);
  s.bind_text(3, row.key);
  if (!row.removed) {
    s.bind_blob(4, row.value);
    s.bind(5, checksum_of(row));
  }
  s.run();
}

bool sqlite_fold::step(std::chrono::microseconds budget) {
  if (done()) return false;
  const auto until = std::chrono::steady_clock::now() + budget;
  auto at = at_;
  auto at_row = at_row_;
  auto sorted = sorted_;
  sqlite_transaction t(db_);
  for (unsigned written = 1; at < owners_.size(); ++written) {
    if (at_row < sorted.size()) write(sorted[at_row++]->as_row(owners_[at]->name()));
    if (at_row == sorted.size()) {
      at_row = 0;
      if (++at < owners_.size()) sorted = owners_[at]->sorted();
    }
    if (written % 64 == 0 && std::chrono::steady_clock::now() > until) break;
  }
  t.commit();
  at_ = at;
  at_row_ = at_row;
  sorted_ = std::move(sorted);
  return true;
}

double sqlite_fold::part_done() const noexcept {
  return owners_.empty() ? 1 : static_cast<double>(at_) / static_cast<double>(owners_.size());
}

}  // namespace twinlane::detail
