#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/ingest/record_splitter.hpp>

namespace twinlane::ingest {

/// Reads the records of a file one by one: lines, or CSV rows; gzip is unpacked. Blank lines are no records.
///
/// Cost     one buffer, grown to the largest record (16 MiB at most) and shrunk again
/// Threads  one
/// Errors   std::runtime_error when the file cannot be opened or read, or its gzip data is damaged
class record_file {
 public:
  struct item {
    std::string_view text;    // without its line end; the first 64 KiB of it when too_large
    std::uint64_t bytes = 0;  // its true length
    bool too_large = false;
  };

  record_file(std::string path, record_format format);
  ~record_file();
  record_file(const record_file&) = delete;
  record_file& operator=(const record_file&) = delete;

  /// The next record that is wholly in memory; false: refill() first. Its text lives until refill().
  bool next(item& to);
  /// Reads on. False: the file is at its end and next() has given all.
  bool refill();
  /// next(), with refill() as needed, for reading a header or counting; false at the end of the file.
  bool read(item& to);

  /// Its first bytes, unpacked, before anything else is read; they live until refill().
  std::string_view head(std::size_t bytes_max);
  /// From the start again.
  void rewind();
  /// How much of the file has been read, 0 to 1.
  double fraction() const;

 private:
  struct handle;

  void make_room();

  std::string path_;
  record_splitter splitter_;
  std::unique_ptr<handle> file_;
  std::vector<char> buffer_;
  std::size_t from_ = 0, to_ = 0;  // what is unread
  std::string head_;               // of a record that is too large
  std::uint64_t skipped_ = 0;      // bytes of it so far
  bool skipping_ = false, at_end_ = false, at_start_ = true;
};

}  // namespace twinlane::ingest
