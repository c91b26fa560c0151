#pragma once

#include <charconv>
#include <string>
#include <string_view>

// The places of rows that are no agent's lanes.
namespace twinlane::detail {

inline constexpr char separator = '\x1f';  // within keys

// Under a shard's name behind '#'.
inline constexpr std::string_view mark_lane = "mark";        // by source partition: below it all records are taken
inline constexpr std::string_view due_lane = "due";          // by agent: when it has something due
inline constexpr std::string_view answer_lane = "key";       // by URI and idempotency key: the first answer
inline constexpr std::string_view request_lane = "request";  // by source and idempotency key: its next record
inline constexpr std::string_view number_lane = "number";    // of the next item sent
inline constexpr std::string_view out_lane = "out";          // by number: items that have not arrived
inline constexpr std::string_view owed_lane = "owed";        // by agent: its followers may not have heard of it
inline constexpr std::string_view sender_lane = "from";      // by shard: below it all its items are taken
// Under the followed agent's URI: by joining agent, its lane and key.
inline constexpr std::string_view follower_lane = "#follower";
inline std::string follower_key(std::string_view by_uri, std::string_view by_lane, std::string_view key) {
  std::string text(by_uri);
  for (const auto part : {by_lane, key}) (text += separator) += part;
  return text;
}
// Owners beside agents and shards.
inline constexpr std::string_view dedicated_owner = "#dedicated";  // agents whose shards have something to do
inline constexpr std::string_view marks_owner = "#marks";          // what is kept of source partitions
// Under #marks, by source partition.
inline constexpr std::string_view low_lane = "low";        // its low mark
inline constexpr std::string_view origin_lane = "origin";  // see source_partition::origin

template <class Int>
Int number_in(std::string_view text) {
  Int n{};
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

}  // namespace twinlane::detail
