#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/errors.hpp>
#include <twinlane/web/access/access_spec.hpp>
#include <twinlane/web/access/principal.hpp>

namespace twinlane::web {

/// Who the payload of a token whose signature is right stands for; else unauthorized, and why.
///
/// Shape    `exp` must be there and ahead, `nbf` behind but for the leeway, `iss` and `aud` as the rules say. Roles are
///          an array of texts, or one text with spaces between them. A claim is a text or a whole number
/// Units    now_s in seconds since the epoch
/// Source   RFC 7519
outcome<principal> principal_of(std::string_view payload, const jwt_rules& rules,
                                const std::vector<std::string>& claims, std::int64_t now_s);

}  // namespace twinlane::web
