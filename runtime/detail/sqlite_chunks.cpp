#include <twinlane/runtime/detail/sqlite_chunks.hpp>

#include <algorithm>
#include <iterator>

#include <twinlane/runtime/detail/sqlite_file.hpp>

namespace twinlane::detail {

namespace {

// A row of SQLite's that is longer than a quarter of a page goes to pages of its own.
constexpr std::size_t chunk_bytes_max = 1'800;
constexpr std::size_t split_bytes = 1'200;

std::size_t size_of(const store_row& r) noexcept { return r.lane.size() + r.key.size() + r.value.size() + 6; }

}  // namespace

bool comes_before(const store_row& a, const store_row& b) noexcept {
  const auto order = a.lane.compare(b.lane);
  return order < 0 || (order == 0 && a.key < b.key);
}

bool unpack(const chunk& c, std::vector<store_row>& to) {
  bool good = true;
  bool first = true;
  const store_row from{c.owner, c.lane, c.key, {}};
  const bool whole = row_batch::parse(c.rows, [&](const store_row& r) {
    good = good && r.owner == c.owner && !r.removed && (first ? !comes_before(r, from) : comes_before(to.back(), r));
    first = false;
    to.push_back(r);
  });
  return whole && good && !first;
}

chunk_writer::chunk_writer(sqlite_handle& db)
    : find_(db.prepare("SELECT lane, key, rows FROM chunk WHERE owner = ? AND (lane, key) <= (?, ?)"
                       " ORDER BY lane DESC, key DESC LIMIT 1")),
      put_(db.prepare("INSERT OR REPLACE INTO chunk VALUES(?, ?, ?, ?)")),
      remove_(db.prepare("DELETE FROM chunk WHERE owner = ? AND lane = ? AND key = ?")) {}

void chunk_writer::load(std::string_view owner, const row_table::row& last) {
  find_.reset();
  find_.bind_text(1, owner);
  find_.bind_text(2, last.lane());
  find_.bind_text(3, last.key());
  before_.clear();
  found_ = find_.step();
  lane_ = found_ ? find_.text(0) : std::string_view();
  key_ = found_ ? find_.text(1) : std::string_view();
  if (!found_ || unpack({owner, lane_, key_, find_.blob(2)}, before_)) return;
  find_.reset();
  throw file_damage("rows of " + std::string(owner) + " are not what was written");
}

std::size_t chunk_writer::merge(const row_table::owner& owner, const std::vector<const row_table::row*>& sorted,
                                std::size_t count) {
  const auto name = owner.name();
  load(name, *sorted[count - 1]);
  // Between the chunk's beginning and the last row no other chunk begins, so all rows in between are its own.
  const store_row from{name, lane_, key_, {}};
  auto first = count;
  while (first > 0 && !comes_before(sorted[first - 1]->as_row(name), from)) --first;
  fresh_.clear();
  for (auto i = first; i < count; ++i) fresh_.push_back(sorted[i]->as_row(name));
  merged_.clear();
  std::set_union(fresh_.begin(), fresh_.end(), before_.begin(), before_.end(), std::back_inserter(merged_),
                 comes_before);
  std::erase_if(merged_, [](const store_row& r) { return r.removed; });
  split(name);
  find_.reset();  // from here on the old rows are gone
  write(name);
  return first;
}

void chunk_writer::split(std::string_view owner) {
  std::size_t all = 0;
  for (const auto& r : merged_) all += size_of(r);
  std::size_t size = 0;
  pieces_used_ = 0;
  for (const auto& r : merged_) {
    if (size == 0 || (all > chunk_bytes_max && size + size_of(r) > split_bytes)) {
      if (pieces_used_ == pieces_.size()) pieces_.emplace_back();
      auto& next = pieces_[pieces_used_++];
      next.lane = size == 0 ? std::string_view(lane_) : r.lane;
      next.key = size == 0 ? std::string_view(key_) : r.key;
      next.rows.clear();
      size = 0;
    }
    pieces_[pieces_used_ - 1].rows.put(owner, r.lane, r.key, r.value);
    size += size_of(r);
  }
}

void chunk_writer::write(std::string_view owner) {
  for (std::size_t i = 0; i < pieces_used_; ++i) {
    put_.bind_text(1, owner);
    put_.bind_text(2, pieces_[i].lane);
    put_.bind_text(3, pieces_[i].key);
    put_.bind_blob(4, pieces_[i].rows.text());
    put_.run();
  }
  if (pieces_used_ > 0 || !found_) return;
  remove_.bind_text(1, owner);
  remove_.bind_text(2, lane_);
  remove_.bind_text(3, key_);
  remove_.run();
}

}  // namespace twinlane::detail
