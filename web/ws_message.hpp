#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <twinlane/web/query_spec.hpp>

namespace twinlane::web {

/// What a client still has of an entity.
struct sub_resume {
  std::string lineage;
  std::uint64_t rev{};
};

/// `{"op":"sub",…}`. `fields` holds split paths; `max_rate` is above 0.
struct sub_message {
  std::uint64_t id{};
  std::string uri;
  std::optional<std::vector<std::string>> lanes;
  std::vector<std::vector<std::string>> fields;
  std::optional<sub_resume> resume;
  std::optional<double> max_rate;
  bool life = false;
};

/// `{"op":"query",…}`.
struct query_message {
  std::uint64_t id{};
  std::string uri;
  query_spec what;
};

struct unsub_message {
  std::uint64_t id{};
};

/// `{"op":"cmd",…}`; value is JSON text, `null` when absent.
struct cmd_message {
  std::uint64_t id{};
  std::string uri, lane, value;
  std::optional<std::uint64_t> if_rev;
};

/// `{"op":"auth",…}`, with or without an id.
struct auth_message {
  std::optional<std::uint64_t> id;
  std::string token;
};

struct ping_message {
  std::uint64_t id{};
};

/// A message with a known op and a good id, and something else wrong: answered with `err bad_request`.
struct faulty_message {
  std::uint64_t id{};
  std::string detail;
};

using client_message =
    std::variant<sub_message, query_message, unsub_message, cmd_message, auth_message, ping_message, faulty_message>;

struct client_frame {
  std::vector<client_message> messages;
  /// Not empty: the frame is no such thing as a message (not JSON, unknown op, no id) and the connection ends with
  /// 4400. `messages` is empty then.
  std::string error;
};

/// Reads one inbound WebSocket text frame: a message or an array of messages.
///
/// Shape    a pure function of its bytes; ids are integers from 0 to 2^53 - 1; unknown members are ignored
/// Cost     builds a DOM of the frame, which is at most 64 KiB; nesting is at most 64 deep
/// Source   docs/protocol.md (wire); tests/fuzz/ws_message_fuzz.cpp
client_frame parse_frame(std::string_view text);

/// The same of a binary frame, which is CBOR.
///
/// Source   tests/fuzz/cbor_message_fuzz.cpp
client_frame parse_cbor_frame(std::string_view bytes);

}  // namespace twinlane::web
