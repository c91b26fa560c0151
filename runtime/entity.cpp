#include <twinlane/runtime/entity.hpp>

#include <twinlane/agents/turn.hpp>

namespace twinlane {

std::optional<error> absence(const entity* e, const std::string& uri) {
  if (e && e->self) return std::nullopt;
  if (e && !e->unreadable.empty())
    return error{problem::not_ready, uri + ": its stored rows cannot be read: " + e->unreadable};
  return error{problem::no_such_entity, uri + " does not exist"};
}

outcome<std::uint64_t> lanes_of(const agent_type& type, const view& what, bool followed) {
  if (what.all) return ~std::uint64_t{0};
  std::uint64_t lanes = 0;
  for (const auto& name : what.lanes) {
    const int i = type.lane_index(name);
    const auto kind = i < 0 ? lane_kind::command : type.lanes()[static_cast<std::size_t>(i)].kind;
    if (!in_document(kind) && !(followed && kind == lane_kind::supply))
      return error{problem::no_such_lane, "agent type '" + type.name() + "' has no lane '" + name + "' to read"};
    lanes |= std::uint64_t{1} << i;
  }
  return lanes;
}

snapshot make_snapshot(const entity& e, const std::string& lineage, std::uint64_t lanes) {
  snapshot s;
  s.uri = e.uri;
  s.type = e.type->name();
  s.exists = !lineage.empty();
  s.lineage = lineage;
  s.rev = s.exists ? e.rev : 0;
  std::string tail = "\"uri\":";
  append_json_string(tail, e.uri);
  tail += ",\"lineage\":\"" + s.lineage + "\",\"rev\":" + std::to_string(s.rev);
  tail += s.exists ? ",\"exists\":true" : ",\"exists\":false";
  tail += ",\"resumed\":false,\"lanes\":";
  s.lanes_at = tail.size();
  if (e.self)
    encode_document(tail, *e.self, lanes);
  else
    tail += "{}";
  tail += '}';
  s.tail = std::make_shared<const std::string>(std::move(tail));
  return s;
}

std::string etag_of(std::string_view lineage, std::uint64_t rev) {
  return std::string(lineage) + ':' + std::to_string(rev);
}

}  // namespace twinlane
