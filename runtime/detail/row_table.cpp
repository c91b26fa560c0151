#include <twinlane/runtime/detail/row_table.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <new>
#include <utility>

namespace twinlane::detail {

namespace {

constexpr std::size_t block_size = 256 * 1024;
constexpr std::size_t slots_min = 64;
constexpr std::uint32_t index_min = 4;  // entries of an owner
constexpr std::uint32_t tags_suffice = 1 << 12;

std::size_t hash_of(std::string_view text) noexcept { return std::hash<std::string_view>{}(text); }

std::uint32_t hash_of(const store_row& r) noexcept {
  auto h = hash_of(r.key) * 0x9E3779B97F4A7C15ull;
  h = ((h ^ (h >> 32)) + hash_of(r.lane)) * 0xD6E8FEB86659FD93ull;
  return static_cast<std::uint32_t>(h >> 32);
}

constexpr std::uint64_t tag_of(std::uint32_t hash) noexcept { return std::uint64_t{hash & 0xffff} << 48; }

void copy(char* to, std::string_view from) noexcept {
  if (!from.empty()) std::memcpy(to, from.data(), from.size());
}

/// The eight bytes from `at` on, so that they compare as numbers as the bytes do.
std::uint64_t word_at(std::string_view text, std::size_t at) noexcept {
  std::uint64_t word = 0;
  if (text.size() >= at + 8) {
    std::memcpy(&word, text.data() + at, 8);
    return __builtin_bswap64(word);
  }
  for (std::size_t i = at; i < at + 8; ++i)
    word = word << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0);
  return word;
}

}  // namespace

char* row_table::allocate(std::size_t size) {
  size = (size + 7) & ~std::size_t{7};
  arena_bytes_ += size;
  if (size > block_size / 4) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    return blocks_.back().get();
  }
  if (size > room_) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(block_size));
    free_ = blocks_.back().get();
    room_ = block_size;
  }
  auto* const at = free_;
  free_ += size;
  room_ -= size;
  return at;
}

row_table::row_table(std::size_t owners) {
  if (owners > 0) grow_slots(std::max(std::bit_ceil(owners * 8 / 5 + 1), slots_min));
}

void row_table::grow_slots(std::size_t to) {
  const auto old = std::exchange(slots_, std::vector<slot>(to, slot{0, nullptr}));
  for (const auto& s : old) {
    if (!s.node) continue;
    auto at = s.hash & (slots_.size() - 1);
    while (slots_[at].node) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = s;
  }
}

row_table::owner* row_table::add_owner(std::string_view name, std::size_t hash) {
  const auto name_room = (name.size() + 7) & ~std::size_t{7};
  auto* const at = allocate(sizeof(owner) + name_room + index_min * sizeof(std::uint64_t));
  auto* const index = reinterpret_cast<std::uint64_t*>(at + sizeof(owner) + name_room);
  std::fill_n(index, index_min, 0);
  copy(at + sizeof(owner), name);
  ++owners_;
  auto* const made = new (at) owner{index, hash, index_min, 0, 0, static_cast<std::uint32_t>(name.size()), newest_};
  newest_ = made;
  return made;
}

std::size_t row_table::hash_of_owner(std::string_view name) noexcept { return hash_of(name); }

void row_table::prefetch_slot(std::size_t owner_hash) const noexcept {
  if (!slots_.empty()) __builtin_prefetch(&slots_[owner_hash & (slots_.size() - 1)]);
}

void row_table::prefetch_owner(std::size_t owner_hash) const noexcept {
  if (slots_.empty()) return;
  const auto* node = slots_[owner_hash & (slots_.size() - 1)].node;
  __builtin_prefetch(node);
  __builtin_prefetch(reinterpret_cast<const char*>(node) + 64);
}

row_table::owner* row_table::owner_of(std::string_view name, std::size_t hash) {
  if (last_ && last_->hash == hash && last_->name() == name) return last_;
  if (owners_ + 1 > slots_.size() * 5 / 8) grow_slots(std::max(slots_.size() * 2, slots_min));
  const auto mask = slots_.size() - 1;
  auto at = hash & mask;
  for (; slots_[at].node; at = (at + 1) & mask)
    if (slots_[at].hash == hash && slots_[at].node->name() == name) return last_ = slots_[at].node;
  slots_[at] = {hash, add_owner(name, hash)};
  return last_ = slots_[at].node;
}

const row_table::owner* row_table::find(std::string_view name) const noexcept {
  if (slots_.empty()) return nullptr;
  const auto hash = hash_of(name);
  const auto mask = slots_.size() - 1;
  for (auto at = hash & mask; slots_[at].node; at = (at + 1) & mask)
    if (slots_[at].hash == hash && slots_[at].node->name() == name) return slots_[at].node;
  return nullptr;
}

void row_table::grow_index(owner& o) {
  const auto room = o.room * 2;
  auto* const index = reinterpret_cast<std::uint64_t*>(allocate(room * sizeof(std::uint64_t)));
  std::fill_n(index, room, 0);
  for (std::uint32_t i = 0; i < o.room; ++i) {
    if (!o.index[i]) continue;
    // Tags spare a look at each row while they tell enough places apart.
    const auto hash = room <= tags_suffice ? static_cast<std::uint32_t>(o.index[i] >> 48) : address(o.index[i])->hash;
    auto at = hash & (room - 1);
    while (index[at]) at = (at + 1) & (room - 1);
    index[at] = o.index[i];
  }
  o.index = index;
  o.room = room;
}

row_table::row* row_table::row_of(owner& o, const store_row& r) {
  const auto hash = hash_of(r);
  const auto mask = o.room - 1;
  auto at = hash & mask;
  for (; o.index[at]; at = (at + 1) & mask) {
    if (o.index[at] >> 48 != (hash & 0xffff)) continue;
    auto& found = *address(o.index[at]);
    if (found.hash == hash && found.key() == r.key && found.lane() == r.lane) return &found;
  }
  auto* const made = add_row(r, hash);
  o.index[at] = tag_of(hash) | reinterpret_cast<std::uint64_t>(made);
  if (++o.rows_count > o.room / 4 * 3) grow_index(o);
  return made;
}

row_table::row* row_table::add_row(const store_row& r, std::uint32_t hash) {
  // The value lies behind the key, with as much room as eight bytes' rounding leaves.
  const auto before_value = sizeof(row) + r.lane.size() + r.key.size();
  const auto size = (before_value + r.value.size() + 7) & ~std::size_t{7};
  auto* const at = allocate(size);
  copy(at + sizeof(row), r.lane);
  copy(at + sizeof(row) + r.lane.size(), r.key);
  ++rows_;
  return new (at) row{at + before_value,
                      static_cast<std::uint32_t>(r.lane.size()),
                      static_cast<std::uint32_t>(r.key.size()),
                      0,
                      static_cast<std::uint32_t>(size - before_value),
                      hash,
                      true};
}

void row_table::set(owner& o, row& to, const store_row& r) {
  o.live += to.removed;
  to.removed = r.removed;
  o.live -= r.removed;
  if (r.value.size() > to.value_room) {
    to.value_room = static_cast<std::uint32_t>((r.value.size() + 15) & ~std::size_t{7});
    to.value = allocate(to.value_room);
  }
  copy(to.value, r.value);
  to.value_size = static_cast<std::uint32_t>(r.value.size());
}

void row_table::put(const store_row& r, std::size_t owner_hash) {
  auto& o = *owner_of(r.owner, owner_hash);
  set(o, *row_of(o, r), r);
}

void row_table::owner::sorted(std::vector<const row*>& to) const {
  to.clear();
  for_each([&](const row& r) { to.push_back(&r); });
  std::sort(to.begin(), to.end(), [](const row* a, const row* b) {
    const auto order = a->lane().compare(b->lane());
    return order < 0 || (order == 0 && a->key() < b->key());
  });
}

void row_table::owner::prefetch() const noexcept {
  for (std::uint32_t i = 0; i < std::min(room, std::uint32_t{16}); ++i) __builtin_prefetch(address(index[i]));
}

std::vector<const row_table::owner*> row_table::sorted() const {
  // Names share a long beginning, mostly: compare as a number what comes behind it.
  std::size_t shared = 0;
  const owner* one = nullptr;
  for_each_owner([&](const owner& o) {
    if (!one) shared = (one = &o)->name_size;
    const auto name = o.name(), other = one->name();
    shared = static_cast<std::size_t>(
        std::mismatch(name.begin(), name.begin() + static_cast<std::ptrdiff_t>(std::min(shared, name.size())),
                      other.begin())
            .first -
        name.begin());
  });
  std::vector<std::pair<std::uint64_t, const owner*>> words;
  words.reserve(owners());
  for_each_owner([&](const owner& o) { words.emplace_back(word_at(o.name(), shared), &o); });
  std::sort(words.begin(), words.end(), [](const auto& a, const auto& b) {
    return a.first < b.first || (a.first == b.first && a.second->name() < b.second->name());
  });
  std::vector<const owner*> all;
  all.reserve(words.size());
  for (const auto& w : words) all.push_back(w.second);
  return all;
}

}  // namespace twinlane::detail
