#pragma once

#include <cstdint>
#include <string>

#include <twinlane/web/outbox.hpp>

namespace twinlane::web {

/// How a connection writes the messages of the protocol.
enum class wire_format : std::uint8_t { json, cbor };

/// Appends `{"op":"diff","id":1,"from":17,`: what goes in front of the text that subscribers share.
void append_head(std::string& out, const outgoing& m, std::uint64_t client_id, wire_format f);

/// The text of a message as it is sent behind its head; made once for all who share it.
const std::string& rest_of(const outgoing& m, wire_format f);

/// Appends `,"dropped":3}`: what goes behind the text of an event, and nothing behind that of others.
void append_end(std::string& out, const outgoing& m, wire_format f);

}  // namespace twinlane::web
