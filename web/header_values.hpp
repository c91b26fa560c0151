#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace twinlane::web {

enum class media : unsigned char { json, event_stream, html, ndjson };

/// Which of our media types an Accept header likes best; JSON when it likes them alike, none of them, or says
/// nothing.
media preferred_media(std::string_view accept);

/// Does If-None-Match (a list of entity tags or `*`) hold this tag? Weak comparison, as RFC 9110 asks.
bool none_match_holds(std::string_view header, std::string_view tag);

/// The one tag of an If-Match header without its quotes; `*` stays. Nothing when there are several, or a weak one.
std::optional<std::string> single_tag(std::string_view header);

using query_map = std::vector<std::pair<std::string, std::string>>;

/// Splits `a=1&b=2`, decoding %XX. Nothing when an escape is malformed or decodes to NUL or bad UTF-8.
/// `+` stays a plus: canonical URIs hold it as itself.
std::optional<query_map> parse_query(std::string_view query);
const std::string* find_query(const query_map& q, std::string_view name);

/// Is it what a Host header may hold: a name, an address or nothing, and perhaps a port?
bool is_host(std::string_view text);

/// What a target in absolute form, `http://host/path`, names: the host, and the target in origin form. Nothing for
/// other forms, and without a host.
std::optional<std::pair<std::string, std::string>> absolute_target(std::string_view target);

/// Is it the key of a WebSocket's handshake: 16 bytes in base64?
bool is_websocket_key(std::string_view text);

std::string_view trimmed(std::string_view s);
bool same_ignoring_case(std::string_view a, std::string_view b);

/// Splits at a character and trims; empty items are left out.
std::vector<std::string_view> split_list(std::string_view text, char at = ',');

}  // namespace twinlane::web
