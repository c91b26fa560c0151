#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <twinlane/runtime/dead_letters.hpp>

namespace twinlane::detail {

/// Appends a letter as one line of JSON; at most bytes_max of its key and of its value.
void append_line(std::string& out, const dead_letter& letter, std::size_t bytes_max);

/// Appends the line that takes the letter of that id away.
void append_done(std::string& out, std::string_view id);

/// The id that such a line names; nothing for any other line.
std::optional<std::string> parse_done(std::string_view line);

/// Appends a letter as JSON, as it was read back, with its id.
void append_stored(std::string& out, const dead_letters::stored& s);

/// Nothing when the line is torn or not ours.
std::optional<dead_letters::stored> parse_line(std::string_view line);

/// Which letters have been shown. Two are the same when source, topic, partition, offset and bytes are: a source that
/// starts counting anew, as one over HTTP does, must not hide what is new.
class seen_letters {
 public:
  bool first_time(const dead_letter& letter);
  /// Remembers under an id which letter it was, for show_again().
  void hide(std::string id, const dead_letter& letter);
  /// The letter of that id may come for a first time again.
  void show_again(const std::string& id);

 private:
  using partition = std::tuple<std::string, std::string, std::int32_t>;
  std::map<partition, std::unordered_set<std::string>> by_partition_;
  std::unordered_map<std::string, std::pair<partition, std::string>> hidden_;  // by id
};

}  // namespace twinlane::detail
