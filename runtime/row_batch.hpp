#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace twinlane {

/// One entry of a store: a place, which is (owner, lane, key), and what it holds. All are byte strings.
struct store_row {
  std::string_view owner, lane, key, value;
  bool removed = false;
};

/// Walks over the rows of a batch's text.
///
/// Errors   next() answers false at the end and at the first row that does not fit; damaged() tells which it was
class row_cursor {
 public:
  /// Begins damaged when the text's head or checksum does not fit.
  explicit row_cursor(std::string_view text) noexcept;
  bool next(store_row& to) noexcept;
  bool damaged() const noexcept { return damaged_; }

 private:
  friend class row_batch;
  row_cursor(std::string_view rows, std::size_t count) noexcept : rest_(rows), left_(count) {}
  bool take(std::string_view& to) noexcept;

  std::string_view rest_, owner_, lane_;
  std::size_t left_ = 0;
  bool damaged_ = false;
};

/// What one cut writes, in one buffer. A later row of the same place wins.
///
/// Shape    a head (size and number of the rows, checksum) and the rows; a row says owner and lane only where they
/// differ
///          from the row before, so that writing owner by owner saves bytes
/// Cost     put and remove: one append. The checksum is taken once, by text()
/// Threads  one at a time
/// Errors   std::length_error for a row over 512 MiB, and from 4 GiB on
class row_batch {
 public:
  void put(std::string_view owner, std::string_view lane, std::string_view key, std::string_view value);
  void remove(std::string_view owner, std::string_view lane, std::string_view key);

  /// f(const store_row&) for each row, in order of writing.
  template <class F>
  void for_each(F&& f) const {
    row_cursor at(rows_text(), rows_);
    for (store_row row; at.next(row);) f(row);
  }

  /// The bytes: what a log of batches holds. Valid until the next change.
  std::string_view text() const;
  /// for_each over such bytes. False when they are damaged; f has seen nothing then, but for a text that was made up.
  template <class F>
  static bool parse(std::string_view text, F&& f) {
    row_cursor at(text);
    for (store_row row; at.next(row);) f(row);
    return !at.damaged();
  }
  /// The text of the first batch in a log of batches, or nothing when it is cut short.
  static std::string_view first(std::string_view log) noexcept;

  class mark;
  mark here() const noexcept;
  /// Takes back what was put and removed since.
  void rewind(const mark& to) noexcept;

  bool empty() const noexcept { return rows_ == 0; }
  std::size_t rows() const noexcept { return rows_; }
  std::size_t bytes() const noexcept { return text_.size(); }
  void clear() noexcept;

 private:
  struct span {
    std::size_t at = 0, size = 0;
  };
  void begin_row(std::string_view owner, std::string_view lane, bool removed);
  span append(std::string_view part);
  std::string_view rows_text() const noexcept;
  std::string_view view(span s) const noexcept { return std::string_view(text_).substr(s.at, s.size); }

  mutable std::string text_;
  mutable bool sealed_ = false;
  std::size_t rows_ = 0;
  span owner_, lane_;
};

class row_batch::mark {
  friend class row_batch;
  std::size_t size = 0, rows = 0;
  span owner, lane;
};

}  // namespace twinlane
