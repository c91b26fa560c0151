#include <twinlane/runtime/entity.hpp>

#include <twinlane/agents/turn.hpp>

namespace twinlane {

std::optional<error> absence(const entity* e, const std::string& uri) {
  if (e && e->self) return std::nullopt;
  if (e && !e->unreadable.empty())
    return error{problem::not_ready, uri + ": its stored rows cannot be read: " + e->unreadable};
  return error{problem::no_such_entity, uri + " does not exist"};
}

namespace {

// Fills in whom it is about; the rest of the text follows.
std::string begin_snapshot(snapshot& s, const entity& e, const std::string& lineage, std::uint64_t rev) {
  s.uri = e.uri;
  s.type = e.type->name();
  s.exists = !lineage.empty();
  s.lineage = lineage;
  s.rev = rev;
  std::string tail = "\"uri\":";
  append_json_string(tail, e.uri);
  tail += ",\"lineage\":";
  append_json_string(tail, lineage);
  tail += ",\"rev\":" + std::to_string(rev);
  return tail += s.exists ? ",\"exists\":true" : ",\"exists\":false";
}

void append_lanes(std::string& out, const entity& e, const link_view& v) {
  if (!e.self) {
    out += "{}";
  } else if (v.fields) {
    std::string lanes;
    encode_document(lanes, *e.self, v.lanes);
    append_selected(out, lanes, *v.fields);
  } else {
    encode_document(out, *e.self, v.lanes);
  }
}

}  // namespace

std::string lineage_for(const link_view& v, const std::string& lineage) {
  return lineage.empty() || v.rights.empty() ? lineage : lineage + '-' + v.rights;
}

snapshot make_snapshot(const entity& e, const std::string& lineage, const link_view& v) {
  snapshot s;
  auto tail = begin_snapshot(s, e, lineage_for(v, lineage), lineage.empty() ? 0 : e.rev);
  tail += ",\"resumed\":false,\"lanes\":";
  s.lanes_at = tail.size();
  append_lanes(tail, e, v);
  tail += '}';
  s.tail = shared_text(std::move(tail));
  return s;
}

snapshot make_resumed(const entity& e, const std::string& lineage, const link_view& v, std::uint64_t from) {
  snapshot s;
  s.tail = shared_text(begin_snapshot(s, e, lineage_for(v, lineage), from) + ",\"resumed\":true}");
  s.resumed = true;
  return s;
}

std::string etag_of(std::string_view lineage, std::uint64_t rev) {
  return std::string(lineage) + ':' + std::to_string(rev);
}

bool is_etag_of(std::string_view tag, std::string_view lineage, std::uint64_t rev) {
  const auto colon = tag.rfind(':');
  if (colon == std::string_view::npos || tag.substr(colon + 1) != std::to_string(rev)) return false;
  const auto said = tag.substr(0, colon);
  return said == lineage || (!lineage.empty() && said.starts_with(lineage) && said[lineage.size()] == '-');
}

}  // namespace twinlane
