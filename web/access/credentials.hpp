#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <twinlane/runtime/errors.hpp>
#include <twinlane/web/message.hpp>

namespace twinlane::web {

/// The token that a request shows.
struct credentials {
  std::string token;
  bool cookie = false;  // sent by a browser on its own, whatever page asks
};

/// From `Authorization: Bearer`, or else the cookie of that name; nothing when neither is there.
///
/// Errors   unauthorized for another scheme
outcome<std::optional<credentials>> credentials_of(const request& r, std::string_view cookie_name);

/// From the subprotocols that a WebSocket offers, one of which may be `bearer.` with the token, as it is or in
/// base64url.
std::optional<credentials> offered_credentials(std::string_view subprotocols);

/// The first value of that name in a Cookie header.
std::optional<std::string> cookie_value(std::string_view header, std::string_view name);

}  // namespace twinlane::web
