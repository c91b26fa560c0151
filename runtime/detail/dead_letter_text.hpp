#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_set>

#include <twinlane/runtime/dead_letters.hpp>

namespace twinlane::detail {

/// Appends a letter as one line of JSON; at most bytes_max of its key and of its value.
void append_line(std::string& out, const dead_letter& letter, std::size_t bytes_max);

/// Nothing when the line is torn or not ours.
std::optional<dead_letters::stored> parse_line(std::string_view line);

/// Which letters have been shown. Two are the same when source, topic, partition, offset and bytes are: a source that
/// starts counting anew, as one over HTTP does, must not hide what is new.
class seen_letters {
 public:
  bool first_time(const dead_letter& letter);

 private:
  std::map<std::tuple<std::string, std::string, std::int32_t>, std::unordered_set<std::string>> by_partition_;
};

}  // namespace twinlane::detail
