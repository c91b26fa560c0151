#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <twinlane/runtime/port.hpp>
#include <twinlane/runtime/sink_queue.hpp>

namespace twinlane::ingest {

/// An item that a sink could not deliver, as a dead letter.
///
/// Shape    source `(sink NAME)`, topic the agent's URI, partition 0, offset a hash of the item's id, so that repeats
///          of one item are one letter; key, value and
///          time are the item's; detail `item ID: why`
dead_letter letter_of(std::string_view sink, const sink_item& item, dead_reason reason, std::string_view why);

/// The sink's name and the item, as they were; nothing when the letter is none of a sink's. An item that found no room
/// in the store had no id, and has one of its letter.
struct undelivered {
  std::string sink;
  sink_item item;
};
std::optional<undelivered> undelivered_of(const dead_letter& letter);

/// Bytes from outside as one line for people: at most `bytes_max`, no control characters, valid UTF-8.
std::string shown(std::string_view bytes, std::size_t bytes_max);

}  // namespace twinlane::ingest
