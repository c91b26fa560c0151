#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/errors.hpp>
#include <twinlane/web/access/access_spec.hpp>

namespace twinlane::app {

/// Reads a list of API tokens: `- { name: ci, hash: "sha256:…", roles: [operator] }`.
///
/// Errors  bad_value with the first thing that is wrong, and its line
outcome<std::vector<web::api_token>> read_token_file(std::string_view text);

/// The entry of such a list for a token.
std::string token_line(const std::string& name, const std::vector<std::string>& roles, std::string_view token);

}  // namespace twinlane::app
