#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>

#include <twinlane/runtime/port.hpp>

namespace twinlane {

class metrics;

struct dead_letters_options {
  std::uint64_t total_bytes_max = 256ull * 1024 * 1024;  // all segments; the oldest is dropped for the newest
  std::uint64_t segment_bytes_max = 16ull * 1024 * 1024;
  std::size_t bytes_max = 1024 * 1024;         // of one key and of one value; the rest is cut off
  std::shared_ptr<metrics> figures = nullptr;  // may be null
};

/// The place of records that could not be applied: one JSON object a line, in files named by a rising number.
///
/// Shape    `{"source","topic","partition","offset","reason","detail","at","key","value"}`; bytes that are not UTF-8
///          are base64 with `"key_encoding":"base64"`; cut ones keep their size in `"key_bytes"`; likewise value. Of a
///          record that its agent refused also `"uri"` and the event's `"time"`. `{"done":"SEGMENT:LINE"}` takes a
///          letter away that lies before it
/// Threads  any; callers that append at the same time share one fdatasync
/// Cost     append returns when written and synced: one fdatasync, or the rest of the running one and one more
/// Errors   std::system_error from the constructor when the directory cannot be made or read. A write that fails
///          is counted (twinlane_dead_letter_write_errors_total) and logged, and append answers false
class dead_letters {
 public:
  explicit dead_letters(std::filesystem::path directory, dead_letters_options o = {});
  ~dead_letters();
  dead_letters(const dead_letters&) = delete;
  dead_letters& operator=(const dead_letters&) = delete;

  /// True when all letters are on disk.
  bool append(std::span<const dead_letter> letters);
  bool append(const dead_letter& letter) { return append(std::span(&letter, 1)); }

  /// A letter as read back; sizes are those of the original bytes.
  struct stored {
    dead_letter letter;
    std::uint64_t key_bytes{}, value_bytes{};
    std::string id{};  // where it lies, as `SEGMENT:LINE`
    bool cut() const { return key_bytes > letter.key.size() || value_bytes > letter.value.size(); }
  };
  /// Every letter once, oldest first: of repeats with the same source, topic, partition and offset the first.
  /// Those that are done are left out, until they come again. A torn last line is skipped. Stops when f answers false.
  void for_each(const std::function<bool(const stored&)>& f) const;
  /// The same for a directory that a server may be writing; nothing in it is touched.
  static void for_each_in(const std::filesystem::path& directory, const std::function<bool(const stored&)>& f);
  /// for_each leaves them out from now on. True when that is on disk.
  bool mark_done(std::span<const std::string> ids);

  /// Bytes of all segments.
  std::uint64_t bytes() const;
  /// Letters dropped at the bound since the start.
  std::uint64_t dropped() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane
