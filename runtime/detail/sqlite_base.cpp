#include <twinlane/runtime/detail/sqlite_base.hpp>

#include <algorithm>

namespace twinlane::detail {

sqlite_base::reader::reader(sqlite_handle handle)
    : db(std::move(handle)),
      rows(db.prepare("SELECT lane, key, rows FROM chunk WHERE owner = ? ORDER BY lane, key")),
      owner_from(db.prepare("SELECT * FROM chunk WHERE owner >= ? ORDER BY owner LIMIT 1")),
      owner_after(db.prepare("SELECT * FROM chunk WHERE owner > ? ORDER BY owner LIMIT 1")) {}

template <class F>
void sqlite_base::with_reader(F&& f) {
  std::unique_ptr<reader> r;
  {
    std::lock_guard lock(mutex_);
    if (!free_.empty()) {
      r = std::move(free_.back());
      free_.pop_back();
    }
  }
  try {
    if (!r) r = std::make_unique<reader>(file_.connect_reader());
    f(*r);
  } catch (const sqlite_error& e) {
    const auto what = file_.name() + " cannot be read: " + e.what() + ".";
    if (e.damage()) throw store_damage("Store " + what);
    throw std::runtime_error("Store " + what);
  }
  std::lock_guard lock(mutex_);
  free_.push_back(std::move(r));
}

void sqlite_base::take(const chunk& c, row_batch& to) const {
  std::vector<store_row> rows;
  if (!unpack(c, rows))
    throw store_damage("Store " + file_.name() + " is damaged: rows of " + std::string(c.owner) + " from '" +
                       std::string(c.lane) + "' on are not what was written. The next start checks the file.");
  for (const auto& r : rows) to.put(r.owner, r.lane, r.key, r.value);
}

void sqlite_base::note_damaged(std::string_view owner) {
  std::lock_guard lock(mutex_);
  damaged_.emplace(owner);
}

bool sqlite_base::is_damaged(std::string_view owner) const {
  std::lock_guard lock(mutex_);
  return damaged_.contains(owner);
}

void sqlite_base::read(std::string_view owner, row_batch& to) {
  if (is_damaged(owner))
    throw store_damage("Store " + file_.name() + " is damaged: rows of " + std::string(owner) +
                       " could not be changed. The next start checks the file.");
  with_reader([&](reader& r) {
    r.rows.bind_text(1, owner);
    while (r.rows.step()) take({owner, r.rows.text(0), r.rows.text(1), r.rows.blob(2)}, to);
    r.rows.reset();
  });
}

std::vector<std::string> sqlite_base::owners(std::string_view prefix, std::string_view after, std::size_t limit) {
  std::vector<std::string> found;
  with_reader([&](reader& r) {
    std::string at(std::max(prefix, after));
    auto* next = after < prefix ? &r.owner_from : &r.owner_after;
    for (bool more = true; more && found.size() < limit;) {
      next->bind_text(1, at);
      more = next->step() && next->text(0).starts_with(prefix);
      if (more) {
        row_batch checked;
        take({next->text(0), next->text(1), next->text(2), next->blob(3)}, checked);
        found.emplace_back(at = next->text(0));
      }
      next->reset();
      next = &r.owner_after;
    }
  });
  return found;
}

void sqlite_base::close() {
  std::lock_guard lock(mutex_);
  free_.clear();
}

}  // namespace twinlane::detail
