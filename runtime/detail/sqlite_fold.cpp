#include <twinlane/runtime/detail/sqlite_fold.hpp>

#include <twinlane/runtime/detail/sqlite_file.hpp>

namespace twinlane::detail {

namespace {

constexpr auto npos = static_cast<std::size_t>(-1);
// More than that, and it is not some rows that are damaged: nothing is written any more.
constexpr std::size_t damaged_owners_max = 1'000;

}  // namespace

sqlite_fold::sqlite_fold(sqlite_handle& db, sqlite_base& base, std::shared_ptr<const row_table> rows,
                         std::int64_t number)
    : db_(db),
      base_(base),
      number_(number),
      rows_(std::move(rows)),
      sorting_(std::async(std::launch::async, [r = rows_] { return r->sorted(); })),
      chunks_(db) {}

bool sqlite_fold::prepare(bool wait) {
  if (prepared()) return true;
  if (!wait && sorting_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return false;
  owners_ = sorting_.get();
  if (!owners_.empty()) owners_[0]->sorted(sorted_);
  left_ = sorted_.size();
  return true;
}

bool sqlite_fold::step(std::chrono::microseconds budget) {
  if (done()) return false;
  const auto until = std::chrono::steady_clock::now() + budget;
  auto at = at_;
  auto left = left_;
  auto sorted = sorted_;
  sqlite_transaction t(db_);
  for (unsigned written = 1; at < owners_.size(); ++written) {
    left = merge(*owners_[at], sorted, left);
    if (left == npos) return true;  // what this step did is rolled back
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

std::size_t sqlite_fold::merge(const row_table::owner& owner, const std::vector<const row_table::row*>& sorted,
                               std::size_t count) {
  if (base_.is_damaged(owner.name())) {
    set_aside(owner, sorted, count);
    return 0;
  }
  std::string what;
  try {
    return chunks_.merge(owner, sorted, count);
  } catch (const file_damage& e) {
    what = e.what();
  } catch (const sqlite_error& e) {
    if (!e.damage()) throw;
    what = "rows of " + std::string(owner.name()) + " cannot be folded: " + e.what();
  }
  if (++set_aside_ > damaged_owners_max) throw file_damage("rows of very many owners are not what was written");
  base_.note_damaged(owner.name());
  damages_.push_back(std::move(what));
  return npos;
}

// Beside the chunks, in the same transaction, so that nothing is lost when the log is cut.
void sqlite_fold::set_aside(const row_table::owner& owner, const std::vector<const row_table::row*>& sorted,
                            std::size_t count) {
  row_batch rows;
  for (std::size_t i = 0; i < count; ++i) {
    const auto r = sorted[i]->as_row(owner.name());
    if (r.removed)
      rows.remove(r.owner, r.lane, r.key);
    else
      rows.put(r.owner, r.lane, r.key, r.value);
  }
  keep_aside(db_, number_, owner.name(), rows.text());
}

double sqlite_fold::part_done() const noexcept {
  if (!prepared()) return 0;
  return owners_.empty() ? 1 : static_cast<double>(at_) / static_cast<double>(owners_.size());
}

}  // namespace twinlane::detail
