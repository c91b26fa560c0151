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
/// Shape    one node a place, chained by owner; a removal is a row too
/// Cost     put: two lookups, or one for a row of the owner before. Nothing is given back before the whole is
/// Threads  put() alone needs exclusion; what no longer changes is read by any number
class row_table {
 public:
  struct owner;
  struct row {
    row* next;  // of the same owner
    const owner* of;
    char* value;
    std::uint32_t lane_size, key_size, value_size, value_room;
    bool removed;

    std::string_view lane() const noexcept { return {reinterpret_cast<const char*>(this + 1), lane_size}; }
    std::string_view key() const noexcept { return {reinterpret_cast<const char*>(this + 1) + lane_size, key_size}; }
    store_row as_row(std::string_view owner) const noexcept {
      return {owner, lane(), key(), {value, value_size}, removed};
    }
  };
  struct owner {
    row* rows;
    std::size_t hash;
    std::uint32_t name_size, rows_count, live;  // live: rows that are no removals

    std::string_view name() const noexcept { return {reinterpret_cast<const char*>(this + 1), name_size}; }
    /// Its rows in order of (lane, key).
    std::vector<const row*> sorted() const;
  };

  /// The expected sizes spare growing step by step.
  explicit row_table(std::size_t owners_expected = 0, std::size_t rows_expected = 0);
  row_table(const row_table&) = delete;
  row_table& operator=(const row_table&) = delete;

  void put(const store_row& r);
  const owner* find(std::string_view name) const noexcept;
  /// All owners, in order of their names.
  std::vector<const owner*> sorted() const;
  template <class F>
  void for_each_owner(F&& f) const {
    for (const auto& s : owners_.slots)
      if (s.node) f(static_cast<const owner&>(*static_cast<const owner*>(s.node)));
  }

  std::size_t owners() const noexcept { return owners_.used; }
  std::size_t rows() const noexcept { return rows_.used; }
  /// Memory that nodes and indexes take.
  std::size_t bytes() const noexcept {
    return arena_bytes_ + (owners_.slots.size() + rows_.slots.size()) * sizeof(slot);
  }

 private:
  struct slot {
    std::size_t hash;
    void* node;
  };
  /// Open addressing; the size is a power of two, and at most five eighths of it is used.
  struct index {
    std::vector<slot> slots;
    std::size_t used = 0;

    void reserve(std::size_t nodes);
    void add(std::size_t hash, void* node);
    template <class Same>
    void* find(std::size_t hash, Same&& same) const noexcept;
  };

  char* allocate(std::size_t size);
  owner* owner_of(std::string_view name);
  row* add_row(owner& o, std::size_t hash, const store_row& r);
  void set(owner& o, row& to, const store_row& r);

  index owners_, rows_;
  owner* last_ = nullptr;
  std::vector<std::unique_ptr<char[]>> blocks_;
  char* free_ = nullptr;
  std::size_t room_ = 0;
  std::size_t arena_bytes_ = 0;
};

}  // namespace twinlane::detail
