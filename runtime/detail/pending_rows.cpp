#include <twinlane/runtime/detail/pending_rows.hpp>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include <twinlane/runtime/detail/raise.hpp>

namespace twinlane::detail {

namespace {

struct hashed_row {
  store_row row;
  std::size_t owner_hash;
};

std::vector<hashed_row> hashed(const row_batch& rows) {
  std::vector<hashed_row> all;
  all.reserve(rows.rows());
  rows.for_each([&](const store_row& r) {
    const bool same = !all.empty() && all.back().row.owner.data() == r.owner.data();
    all.push_back({r, same ? all.back().owner_hash : row_table::hash_of_owner(r.owner)});
  });
  return all;
}

// The table is larger than the caches: ask ahead for what the next rows will need.
void put_all(const std::vector<hashed_row>& rows, row_table& to) {
  constexpr std::size_t slots_ahead = 16, owners_ahead = 8;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i + slots_ahead < rows.size()) to.prefetch_slot(rows[i + slots_ahead].owner_hash);
    if (i + owners_ahead < rows.size()) to.prefetch_owner(rows[i + owners_ahead].owner_hash);
    to.put(rows[i].row, rows[i].owner_hash);
  }
}

/// The first names in order of those that are offered, each once.
class smallest_names {
 public:
  explicit smallest_names(std::size_t limit) : limit_(limit) {}
  void offer(std::string_view name) {
    if (limit_ == 0 || (names_.size() == limit_ && name >= *names_.rbegin())) return;
    if (names_.insert(name).second && names_.size() > limit_) names_.erase(std::prev(names_.end()));
  }
  const std::set<std::string_view>& names() const noexcept { return names_; }

 private:
  const std::size_t limit_;
  std::set<std::string_view> names_;
};

}  // namespace

void pending_rows::commit(queued_cut cut) {
  const auto rows = hashed(cut.rows);
  cut.committed = clock::now();
  bool notify = false;
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    put_all(rows, *current_);
    const auto before = std::exchange(queued_bytes_, queued_bytes_ + cut.rows.bytes());
    not_durable_bytes_.fetch_add(cut.rows.bytes(), std::memory_order_relaxed);
    const bool first = queue_.empty(), now = cut.when == durability::now;
    if (first) first_queued_ = cut.committed;
    if (now) now_waiting_.store(true, std::memory_order_relaxed);
    queue_.push_back(std::move(cut));
    const bool full = before < limits_.flush_bytes && queued_bytes_ >= limits_.flush_bytes;
    notify = writer_waits_ && (first || now || full);
  }
  if (notify) wake_.notify_one();
}

pending_rows::snapshot pending_rows::rows_of(std::string_view owner) const {
  snapshot s;
  std::lock_guard lock(mutex_);
  s.generation = generation();
  s.older = older_;
  if (const auto* o = current_->find(owner)) {
    o->for_each([&](const row_table::row& r) {
      if (r.removed)
        s.newer.remove(owner, r.lane(), r.key());
      else
        s.newer.put(owner, r.lane(), r.key(), r.as_row(owner).value);
    });
  }
  return s;
}

std::vector<pending_rows::owner_found> pending_rows::owners(std::string_view prefix, std::string_view after,
                                                            std::size_t limit) const {
  std::shared_ptr<const row_table> newer, older;
  const row_table::owner* newest = nullptr;
  {
    std::lock_guard lock(mutex_);
    newer = current_;
    older = older_;
    newest = newer->newest();
  }
  smallest_names found(limit);
  const auto gather = [&](const row_table::owner* o) {
    for (; o; o = o->made_before)
      if (o->name().starts_with(prefix) && o->name() > after) found.offer(o->name());
  };
  gather(newest);
  if (older) gather(older->newest());
  std::vector<owner_found> to;
  std::lock_guard lock(mutex_);
  for (const auto& name : found.names()) {
    // The newer alone cannot be sure when the older has what it does not remove.
    const auto* o = newer->find(name);
    if (!o) o = older->find(name);
    to.push_back({std::string(name), o->live > 0});
  }
  return to;
}

bool pending_rows::ready(clock::time_point at) const {
  return !queue_.empty() &&
         (stopping_ || now_waiting() || queued_bytes_ >= limits_.flush_bytes || at >= first_queued_ + limits_.linger);
}

pending_rows::wake pending_rows::wait(clock::time_point until) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto now = clock::now();
    if (ready(now)) return wake::cuts;
    if (stopping_) return wake::stop;
    if (std::exchange(woken_, false) || now >= until) return wake::idle;
    const auto next = queue_.empty() ? until : std::min(until, first_queued_ + limits_.linger);
    writer_waits_ = true;
    wake_.wait_until(lock, next);
    writer_waits_ = false;
  }
}

void pending_rows::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, time, [this] { return stopping_; });
}

std::deque<queued_cut> pending_rows::take() {
  std::lock_guard lock(mutex_);
  queued_bytes_ = 0;
  now_waiting_.store(false, std::memory_order_relaxed);
  return std::exchange(queue_, {});
}

std::deque<queued_cut> pending_rows::swap(std::shared_ptr<const row_table>& older) {
  // As large as this one has become: growing holds up whoever commits.
  auto fresh = std::make_shared<row_table>(unfolded_owners());
  std::lock_guard lock(mutex_);
  older_ = older = std::exchange(current_, std::move(fresh));
  generation_.fetch_add(1, std::memory_order_acq_rel);
  queued_bytes_ = 0;
  now_waiting_.store(false, std::memory_order_relaxed);
  return std::exchange(queue_, {});
}

void pending_rows::folded() {
  std::shared_ptr<const row_table> freed;  // outside of the lock
  std::lock_guard lock(mutex_);
  freed.swap(older_);
}

std::size_t pending_rows::unfolded_bytes() const {
  std::lock_guard lock(mutex_);
  return current_->bytes();
}

std::size_t pending_rows::unfolded_owners() const {
  std::lock_guard lock(mutex_);
  return current_->owners();
}

std::size_t pending_rows::unfolded_rows() const {
  std::lock_guard lock(mutex_);
  return current_->rows() + (older_ ? older_->rows() : 0);
}

void pending_rows::stop() { raise(stopping_, mutex_, wake_); }

void pending_rows::wake_writer() { raise(woken_, mutex_, wake_); }

void pending_rows::drop_queue() {
  std::deque<queued_cut> dropped;
  std::lock_guard lock(mutex_);
  dropped.swap(queue_);
}

}  // namespace twinlane::detail
