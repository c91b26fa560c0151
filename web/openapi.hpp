#pragma once

#include <string>
#include <vector>

#include <twinlane/runtime/port.hpp>

namespace twinlane::web {

/// The OpenAPI 3.1 document of a server with these agent types.
std::string openapi_document(const std::vector<type_description>& types);

/// The body of GET /api/types.
std::string types_document(const std::vector<type_description>& types);

}  // namespace twinlane::web
