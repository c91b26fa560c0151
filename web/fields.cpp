#include <twinlane/web/fields.hpp>

namespace twinlane::web {

std::optional<std::vector<std::string>> split_field(std::string_view path) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '.') {
      if (parts.back().empty()) return std::nullopt;
      parts.emplace_back();
    } else if (path[i] == '\\') {
      if (++i == path.size() || (path[i] != '.' && path[i] != '\\')) return std::nullopt;
      parts.back() += path[i];
    } else {
      parts.back() += path[i];
    }
  }
  if (parts.back().empty()) return std::nullopt;
  return parts;
}

}  // namespace twinlane::web
