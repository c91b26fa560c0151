#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <twinlane/web/access/access_spec.hpp>

namespace twinlane::web {

/// RFC 4648 section 5, without padding. Decoding takes the one spelling of each text alone.
std::string base64url(std::string_view bytes);
std::optional<std::string> base64url_decoded(std::string_view text);

sha256_hash sha256(std::string_view bytes);
std::string hex(const sha256_hash& h);

/// A new API token: 256 random bits behind `twl_`. Throws std::runtime_error when there are none to be had.
std::string random_token();

/// Compares without telling by its time where they differ.
bool same_hash(const sha256_hash& a, const sha256_hash& b) noexcept;

}  // namespace twinlane::web
