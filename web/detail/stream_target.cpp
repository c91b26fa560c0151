#include <twinlane/web/detail/stream_target.hpp>

#include <optional>
#include <utility>

#include <twinlane/web/header_values.hpp>
#include <twinlane/web/lane_rows.hpp>
#include <twinlane/web/wanted_view.hpp>

namespace twinlane::web::detail {
namespace {

outcome<stream_request> rows_of(const site& s, const request& r, const resource& where) {
  auto query = wanted_query(where);
  if (!ok(query)) return std::get<error>(query);
  auto seen = s.visible(r, where, {false, {where.lane->name}});
  if (!ok(seen)) return std::get<error>(seen);
  stream_request to;
  to.what.uri = where.uri;
  to.what.what = std::get<view>(std::move(seen));
  to.who = r.who;
  to.query = std::get<0>(std::move(query));
  to.kind = where.lane->kind;
  to.ndjson = preferred_media(r.accept) != media::event_stream;
  return to;
}

outcome<stream_request> events_of(const site& s, const request& r, const resource& where) {
  auto entity = wanted_stream(r, where);
  if (!ok(entity)) return std::get<error>(entity);
  auto& wanted = std::get<entity_stream>(entity);
  auto seen = s.visible(r, where, std::move(wanted.what.what));
  if (!ok(seen)) return std::get<error>(seen);
  stream_request to;
  to.what = std::move(wanted.what);
  to.what.what = std::get<view>(std::move(seen));
  to.who = r.who;
  to.max_rate = wanted.max_rate;
  return to;
}

}  // namespace

bool names_stream(const request& r, const resource& where) {
  if (r.method != "GET") return false;
  if (where.kind == resource_kind::entity) return preferred_media(r.accept) == media::event_stream;
  const auto* follow = where.kind == resource_kind::lane ? find_query(where.query, "follow") : nullptr;
  return follow && *follow == "true";
}

outcome<stream_request> stream_of(const site& s, const request& r, const resource& where) {
  return where.kind == resource_kind::lane ? rows_of(s, r, where) : events_of(s, r, where);
}

}  // namespace twinlane::web::detail
