#include <twinlane/runtime/detail/row_table.hpp>

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>

namespace twinlane::detail {

namespace {

constexpr std::size_t block_size = 256 * 1024;
constexpr std::size_t slots_min = 64;

std::size_t hash_of(std::string_view text) noexcept { return std::hash<std::string_view>{}(text); }

std::size_t hash_of(std::size_t owner, const store_row& r) noexcept {
  auto h = owner + hash_of(r.key) * 0x9E3779B97F4A7C15ull;
  h = (h ^ (h >> 32)) + hash_of(r.lane);
  h *= 0xD6E8FEB86659FD93ull;
  return h ^ (h >> 32);
}

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

void row_table::index::reserve(std::size_t nodes) {
  auto size = std::max(slots.size(), slots_min);
  while (size * 5 / 8 < nodes) size *= 2;
  if (size == slots.size()) return;
  auto old = std::move(slots);
  slots.assign(size, slot{0, nullptr});
  used = 0;
  for (const auto& s : old)
    if (s.node) add(s.hash, s.node);
}

void row_table::index::add(std::size_t hash, void* node) {
  if (used + 1 > slots.size() * 5 / 8) reserve(used + 1);
  const auto mask = slots.size() - 1;
  auto at = hash & mask;
  while (slots[at].node) at = (at + 1) & mask;
  slots[at] = {hash, node};
  ++used;
}

template <class Same>
void* row_table::index::find(std::size_t hash, Same&& same) const noexcept {
  if (slots.empty()) return nullptr;
  const auto mask = slots.size() - 1;
  for (auto at = hash & mask; slots[at].node; at = (at + 1) & mask)
    if (slots[at].hash == hash && same(slots[at].node)) return slots[at].node;
  return nullptr;
}

row_table::row_table(std::size_t owners_expected, std::size_t rows_expected) {
  owners_.reserve(owners_expected);
  rows_.reserve(rows_expected);
}

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

row_table::owner* row_table::owner_of(std::string_view name) {
  if (last_ && last_->name() == name) return last_;
  const auto hash = hash_of(name);
  auto* found = owners_.find(hash, [&](void* n) { return static_cast<owner*>(n)->name() == name; });
  if (!found) {
    auto* const at = allocate(sizeof(owner) + name.size());
    found = new (at) owner{nullptr, hash, static_cast<std::uint32_t>(name.size()), 0, 0};
    copy(at + sizeof(owner), name);
    owners_.add(hash, found);
  }
  return last_ = static_cast<owner*>(found);
}

row_table::row* row_table::add_row(owner& o, std::size_t hash, const store_row& r) {
  // The value lies behind the key, with as much room as eight bytes' rounding leaves.
  const auto before_value = sizeof(row) + r.lane.size() + r.key.size();
  const auto size = (before_value + r.value.size() + 7) & ~std::size_t{7};
  auto* const at = allocate(size);
  auto* const made = new (at) row{o.rows,
                                  &o,
                                  at + before_value,
                                  static_cast<std::uint32_t>(r.lane.size()),
                                  static_cast<std::uint32_t>(r.key.size()),
                                  0,
                                  static_cast<std::uint32_t>(size - before_value),
                                  true};
  copy(at + sizeof(row), r.lane);
  copy(at + sizeof(row) + r.lane.size(), r.key);
  rows_.add(hash, made);
  o.rows = made;
  ++o.rows_count;
  return made;
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

void row_table::put(const store_row& r) {
  auto& o = *owner_of(r.owner);
  const auto hash = hash_of(o.hash, r);
  auto* found = rows_.find(hash, [&](void* n) {
    auto& x = *static_cast<row*>(n);
    return x.of == &o && x.key() == r.key && x.lane() == r.lane;
  });
  set(o, found ? *static_cast<row*>(found) : *add_row(o, hash, r), r);
}

const row_table::owner* row_table::find(std::string_view name) const noexcept {
  return static_cast<const owner*>(
      owners_.find(hash_of(name), [&](void* n) { return static_cast<owner*>(n)->name() == name; }));
}

std::vector<const row_table::row*> row_table::owner::sorted() const {
  std::vector<const row*> all;
  all.reserve(rows_count);
  for (const auto* r = rows; r; r = r->next) all.push_back(r);
  std::sort(all.begin(), all.end(), [](const row* a, const row* b) {
    const auto order = a->lane().compare(b->lane());
    return order < 0 || (order == 0 && a->key() < b->key());
  });
  return all;
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
