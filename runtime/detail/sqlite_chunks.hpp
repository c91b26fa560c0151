#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/detail/row_table.hpp>
#include <twinlane/runtime/detail/sqlite_handle.hpp>

namespace twinlane::detail {

/// A chunk as it lies in the file: rows of one owner that follow each other, from a place on up to the next chunk's.
struct chunk {
  std::string_view owner, lane, key;  // `lane` and `key`: no row of it comes before them
  std::string_view rows;              // a row_batch's text
};

/// Appends the rows of a chunk, as views of its text. False when it is not what was written.
bool unpack(const chunk& c, std::vector<store_row>& to);

/// By (lane, key).
bool comes_before(const store_row& a, const store_row& b) noexcept;

/// Merges rows into the chunks of their owner.
///
/// Shape    a small agent is one chunk, so that one lookup and one write take all of its changes; a large one is many,
/// of
///          which only those change whose rows do
/// Errors   sqlite_error; file_damage when a chunk that is to change is damaged
class chunk_writer {
 public:
  explicit chunk_writer(sqlite_handle& db);
  /// Brings in the last rows of the first `count`, as many as go into one chunk. Returns how many are left.
  std::size_t merge(const row_table::owner& owner, const std::vector<const row_table::row*>& sorted, std::size_t count);

 private:
  void load(std::string_view owner, const row_table::row& last);
  void split(std::string_view owner);
  void write(std::string_view owner);

  struct piece {
    std::string lane, key;
    row_batch rows;
  };

  sqlite_statement find_, put_, remove_;
  bool found_ = false;
  std::string lane_, key_;  // where the chunk begins
  std::vector<store_row> before_, fresh_, merged_;
  std::vector<piece> pieces_;
  std::size_t pieces_used_ = 0;
};

}  // namespace twinlane::detail
