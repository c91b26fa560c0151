#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include <twinlane/runtime/row_batch.hpp>

namespace twinlane::detail {

/// The newest row of each place that was written since some moment, in memory.
///
/// Shape    one node a place; each owner has a small index of its own rows beside its name. A removal is a row too
/// Cost     put: one lookup of the owner, unless it is that of the row before, and one in its index. Nothing is given
/// back
///          before the whole is
/// Threads  put() alone needs exclusion; what no longer changes is read by any number
class row_table {
 public:
  struct row {
    char* value;
    std::uint32_t lane_size, key_size, value_size, value_room;
    std::uint32_t hash;
    bool removed;

    std::string_view lane() const noexcept { return {reinterpret_cast<const char*>(this + 1), lane_size}; }
    std::string_view key() const noexcept { return {reinterpret_cast<const char*>(this + 1) + lane_size, key_size}; }
    store_row as_row(std::string_view owner) const noexcept {
      return {owner, lane(), key(), {value, value_size}, removed};
    }
  };
  struct owner {
    std::uint64_t* index;  // of `room` entries: a row's address, and a piece of its hash above it
    std::size_t hash;
    std::uint32_t room, rows_count, live, name_size;  // live: rows that are no removals
    const owner* made_before;                         // with the name, all that never changes

    std::string_view name() const noexcept { return {reinterpret_cast<const char*>(this + 1), name_size}; }
    template <class F>
    void for_each(F&& f) const {
      for (std::uint32_t i = 0; i < room; ++i)
        if (index[i]) f(*address(index[i]));
    }
    /// Its rows in order of (lane, key).
    void sorted(std::vector<const row*>& to) const;
    /// That sorted() will come soon.
    void prefetch() const noexcept;
  };

  /// With room for so many owners.
  explicit row_table(std::size_t owners = 0);
  row_table(const row_table&) = delete;
  row_table& operator=(const row_table&) = delete;

  static std::size_t hash_of_owner(std::string_view name) noexcept;
  void put(const store_row& r) { put(r, hash_of_owner(r.owner)); }
  void put(const store_row& r, std::size_t owner_hash);
  /// That put() will come soon: first the one, some rows later the other.
  void prefetch_slot(std::size_t owner_hash) const noexcept;
  void prefetch_owner(std::size_t owner_hash) const noexcept;
  const owner* find(std::string_view name) const noexcept;
  /// The owner that was made last. From it on, `made_before` leads to all others, also while rows are put.
  const owner* newest() const noexcept { return newest_; }
  /// All owners, in order of their names.
  std::vector<const owner*> sorted() const;
  template <class F>
  void for_each_owner(F&& f) const {
    for (const auto& s : slots_)
      if (s.node) f(static_cast<const owner&>(*s.node));
  }

  std::size_t owners() const noexcept { return owners_; }
  std::size_t rows() const noexcept { return rows_; }
  /// Memory that nodes and indexes take.
  std::size_t bytes() const noexcept { return arena_bytes_ + slots_.size() * sizeof(slot); }

 private:
  struct slot {
    std::size_t hash;
    owner* node;
  };
  static row* address(std::uint64_t entry) noexcept { return reinterpret_cast<row*>(entry & 0xffff'ffff'ffff); }

  char* allocate(std::size_t size);
  owner* owner_of(std::string_view name, std::size_t hash);
  owner* add_owner(std::string_view name, std::size_t hash);
  void grow_slots(std::size_t to);
  row* row_of(owner& o, const store_row& r);
  row* add_row(const store_row& r, std::uint32_t hash);
  void grow_index(owner& o);
  void set(owner& o, row& to, const store_row& r);

  std::vector<slot> slots_;  // open addressing, at most five eighths used
  std::size_t owners_ = 0, rows_ = 0;
  owner* last_ = nullptr;
  const owner* newest_ = nullptr;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;
  std::size_t room_ = 0, arena_bytes_ = 0;
};

}  // namespace twinlane::detail
