#include <twinlane/web/access/caller.hpp>

#include <algorithm>

namespace twinlane::web {
namespace {

bool has_lane(const type_description& type, std::string_view name) {
  return std::any_of(type.lanes.begin(), type.lanes.end(), [&](const auto& l) { return l.name == name; });
}

bool told(lane_kind k) { return in_document(k) || k == lane_kind::supply; }

}  // namespace

std::optional<view> narrowed(view asked, const rights& r, const type_description& type) {
  const auto& read = *r.read;
  if (read.is_all()) return asked;
  if (read.empty()) return std::nullopt;
  asked.rights = r.tag;
  const bool wants_some = asked.all || !asked.lanes.empty();
  if (std::exchange(asked.all, false)) {
    asked.lanes.clear();
    for (const auto& l : type.lanes)
      if (told(l.kind)) asked.lanes.push_back(l.name);
  }
  std::erase_if(asked.lanes, [&](const std::string& name) { return has_lane(type, name) && !r.may_read(name); });
  if (asked.lanes.empty()) return wants_some ? std::nullopt : std::optional(std::move(asked));
  if (asked.fields) {
    auto both = intersection(*asked.fields, read);
    if (both.empty()) return std::nullopt;
    asked.fields = std::make_shared<const field_set>(std::move(both));
    return asked;
  }
  const bool whole = std::all_of(asked.lanes.begin(), asked.lanes.end(), [&](const std::string& name) {
    const auto* fields = read.find(name);
    return !fields || fields->is_all();
  });
  if (!whole) asked.fields = r.read;
  return asked;
}

std::optional<std::string> readable(std::string json, const rights& r, std::string_view lane,
                                    const std::optional<std::string>& key) {
  const auto* fields = r.read->find(lane);
  if (fields && key) fields = fields->find(*key);
  if (!fields) return std::nullopt;
  if (fields->is_all()) return json;
  std::string out;
  return append_selected(out, json, *fields) ? std::optional(std::move(out)) : std::nullopt;
}

std::string with_rights(const std::string& lineage, const rights& r) {
  return r.tag.empty() ? lineage : lineage + "-" + r.tag;
}

std::string without_rights(const std::string& tag, const rights& r) {
  const auto colon = tag.rfind(':');
  if (r.tag.empty() || colon == std::string::npos) return tag;
  const auto lineage = std::string_view(tag).substr(0, colon);
  const auto end = "-" + r.tag;
  if (!lineage.ends_with(end)) return tag;
  return std::string(lineage.substr(0, lineage.size() - end.size())) + tag.substr(colon);
}

}  // namespace twinlane::web
