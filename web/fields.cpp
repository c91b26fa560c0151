#include <twinlane/web/fields.hpp>

#include <stdexcept>

#include <nlohmann/json.hpp>

namespace twinlane::web {
namespace {

using json = nlohmann::ordered_json;

void copy_path(const json& from, json& to, const std::vector<std::string>& path, std::size_t at) {
  const auto found = from.find(path[at]);
  if (found == from.end()) return;
  if (at + 1 == path.size()) {
    to[path[at]] = *found;
    return;
  }
  if (!found->is_object()) return;
  json below = to.contains(path[at]) ? to[path[at]] : json::object();
  copy_path(*found, below, path, at + 1);
  if (!below.empty()) to[path[at]] = std::move(below);
}

}  // namespace

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

std::string select_fields(std::string_view lanes_json, const std::vector<std::vector<std::string>>& paths) {
  const json lanes = json::parse(lanes_json, nullptr, false);
  if (!lanes.is_object()) throw std::invalid_argument("the lanes of a snapshot are not a JSON object");
  json out = json::object();
  for (const auto& path : paths) copy_path(lanes, out, path, 0);
  return out.dump();
}

}  // namespace twinlane::web
