#pragma once

#include <cstddef>
#include <string_view>

#include <twinlane/ingest/source_spec.hpp>

namespace twinlane::ingest {

/// Finds where a record ends in text that comes piece by piece: at a line's end, for CSV at one outside of quotes.
///
/// Threads  one
class record_splitter {
 public:
  explicit record_splitter(record_format format) : csv_(format == record_format::csv) {}

  /// The length of the first record with its line end; npos when the text does not hold all of it. Then the next call
  /// gets the same text with more behind it, and goes on where this one stopped.
  std::size_t end_of_record(std::string_view text) noexcept;
  /// What it has seen of the record is gone from the text; the rest of the record is still to come.
  void drop_seen() noexcept { seen_ = 0; }
  /// The next text begins a record.
  void restart() noexcept;

  /// The record without its line end, `\n` or `\r\n`.
  static std::string_view without_line_end(std::string_view record) noexcept;

 private:
  enum class place : unsigned char { field_start, plain, quoted, quote_in_quoted };

  std::size_t end_of_csv_row(std::string_view text) noexcept;

  bool csv_;
  std::size_t seen_ = 0;
  place place_ = place::field_start;
};

/// Text without the byte order mark that some editors put first.
std::string_view without_bom(std::string_view text) noexcept;

}  // namespace twinlane::ingest
