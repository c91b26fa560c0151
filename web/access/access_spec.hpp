#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/errors.hpp>

namespace twinlane::web {

/// What a role may do with the agents of a type, or with the server: a line of `policies:`.
struct policy_line {
  std::string role;                  // `self`: everybody who has credentials
  std::string on;                    // a type's route; `{jwt.CLAIM}` for a parameter: those agents alone
  std::vector<std::string> read;     // dotted paths; `*`: everything
  std::vector<std::string> command;  // lanes; `*`: all
  std::vector<std::string> write;    // lanes; `*`: all that are writable
  bool remove = false;               // DELETE of the agent
  std::vector<std::string> api;      // see api_names()
};

/// Which JSON Web Tokens are taken, and what is read from them.
struct jwt_rules {
  std::filesystem::path keys;      // a JWK set, RFC 7517
  std::string issuer, audience;    // empty: any
  std::string roles = "roles";     // dotted path of the claim that holds them
  std::chrono::seconds leeway{5};  // of `nbf` alone: what clocks may differ by
};

using sha256_hash = std::array<unsigned char, 32>;

/// A named API token, of which only the hash is known.
struct api_token {
  std::string name;
  sha256_hash hash{};
  std::vector<std::string> roles;
};

/// `auth:` and `policies:` of a configuration.
struct access_spec {
  std::optional<jwt_rules> jwt;
  std::filesystem::path tokens;  // empty: no API tokens
  /// Reads that file's text.
  std::function<outcome<std::vector<api_token>>(std::string_view text)> read_tokens;
  std::string cookie;  // the name of the cookie that may hold the token; empty: none
  std::vector<policy_line> policies;
};

}  // namespace twinlane::web
