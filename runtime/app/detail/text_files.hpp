#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace twinlane::app::detail {

/// Lines of a file, or of standard input, with their numbers.
///
/// Cost     one buffer, as large as the longest line
/// Errors   std::runtime_error when the file cannot be opened or read
class line_reader {
 public:
  static constexpr std::size_t line_bytes_max = 64 * 1024 * 1024;

  /// `-` is standard input.
  explicit line_reader(const std::string& file);
  ~line_reader();
  line_reader(const line_reader&) = delete;
  line_reader& operator=(const line_reader&) = delete;

  /// The next line without its end, or false behind the last. It lives until the next call.
  bool next(std::string_view& line);
  /// Of the line that was read last, from 1.
  std::uint64_t number() const noexcept { return number_; }
  /// The line that was read last is longer than line_bytes_max, and was cut off there.
  bool too_long() const noexcept { return too_long_; }
  /// How much of the file was read, 0 to 1; below 0 when it is not known.
  double part_read() const noexcept;

 private:
  const std::string name_;
  std::FILE* file_;
  std::string buffer_, line_;
  std::size_t at_ = 0;
  std::uint64_t number_ = 0, bytes_read_ = 0, bytes_all_ = 0;
  bool too_long_ = false;
};

/// A file that appears under its name when it is complete, or standard output.
///
/// Errors   std::runtime_error when it cannot be made or written
class output_file {
 public:
  /// `-` is standard output.
  explicit output_file(std::string file);
  ~output_file();
  output_file(const output_file&) = delete;
  output_file& operator=(const output_file&) = delete;

  void write(std::string_view text);
  /// All is on disk, under the file's name, which is overwritten.
  void finish();

 private:
  bool standard() const noexcept { return name_ == "-"; }
  [[noreturn]] void fail() const;

  const std::string name_, part_;
  std::FILE* file_;
};

}  // namespace twinlane::app::detail
