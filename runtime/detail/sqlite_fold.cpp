#include <twinlane/runtime/detail/sqlite_fold.hpp>

namespace twinlane::detail {

sqlite_fold::sqlite_fold(sqlite_handle& db, std::shared_ptr<const row_table> rows)
    : db_(db), rows_(std::move(rows)), owners_(rows_->sorted()), chunks_(db) {
  if (!done()) owners_[0]->sorted(sorted_);
  left_ = sorted_.size();
}

bool sqlite_fold::step(std::chrono::microseconds budget) {
  if (done()) return false;
  const auto until = std::chrono::steady_clock::now() + budget;
  auto at = at_;
  auto left = left_;
  auto sorted = sorted_;
  sqlite_transaction t(db_);
  for (unsigned written = 1; at < owners_.size(); ++written) {
    left = chunks_.merge(*owners_[at], sorted, left);
    if (left == 0 && ++at < owners_.size()) {
      // The rows lie all over the memory.
      if (at + 4 < owners_.size()) owners_[at + 4]->prefetch();
      if (at + 8 < owners_.size()) __builtin_prefetch(owners_[at + 8]);
      owners_[at]->sorted(sorted);
      left = sorted.size();
    }
    if (written % 16 == 0 && std::chrono::steady_clock::now() > until) break;
  }
  t.commit();
  at_ = at;
  left_ = left;
  sorted_ = std::move(sorted);
  return true;
}

double sqlite_fold::part_done() const noexcept {
  return owners_.empty() ? 1 : static_cast<double>(at_) / static_cast<double>(owners_.size());
}

}  // namespace twinlane::detail
