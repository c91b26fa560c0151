#include <twinlane/web/access/credentials.hpp>

#include <algorithm>

#include <twinlane/web/access/token_text.hpp>
#include <twinlane/web/header_values.hpp>

namespace twinlane::web {
namespace {

bool visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<std::string> cookie_value(std::string_view header, std::string_view name) {
  for (const auto pair : split_list(header, ';')) {
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || trimmed(pair.substr(0, equals)) != name) continue;
    auto value = trimmed(pair.substr(equals + 1));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    return std::string(value);
  }
  return std::nullopt;
}

outcome<std::optional<credentials>> credentials_of(const request& r, std::string_view cookie_name) {
  if (r.authorization) {
    const auto text = trimmed(*r.authorization);
    const auto space = text.find(' ');
    const auto token = space == std::string_view::npos ? std::string_view() : trimmed(text.substr(space));
    if (!same_ignoring_case(text.substr(0, space), "Bearer") || !visible(token))
      return error{problem::unauthorized, "Authorization must be Bearer and a token."};
    return std::optional(credentials{std::string(token)});
  }
  if (!r.cookie || cookie_name.empty()) return std::optional<credentials>();
  auto token = cookie_value(*r.cookie, cookie_name);
  return token ? std::optional(credentials{std::move(*token), true}) : std::nullopt;
}

std::optional<credentials> offered_credentials(std::string_view subprotocols) {
  constexpr std::string_view head = "bearer.";
  for (const auto name : split_list(subprotocols)) {
    if (!name.starts_with(head)) continue;
    const auto text = name.substr(head.size());
    // A token that is no text when decoded was not encoded.
    const auto decoded = base64url_decoded(text);
    return credentials{decoded && visible(*decoded) ? *decoded : std::string(text)};
  }
  return std::nullopt;
}

}  // namespace twinlane::web
