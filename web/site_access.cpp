#include <twinlane/web/access/gate.hpp>
#include <twinlane/web/openapi.hpp>
#include <twinlane/web/site.hpp>

// Who may ask for what.
namespace twinlane::web {
namespace {

bool reads(const request& r) { return r.method == "GET" || r.method == "HEAD"; }

response refusal(const error& e) {
  auto out = problem_response(e);
  if (e.code == problem::unauthorized) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  out.headers.emplace_back("Cache-Control", "no-store");
  return out;
}

// What the request would do, when the caller may not.
std::optional<std::string_view> forbidden(const request& r, const resource& where) {
  const auto& who = *r.who;
  const auto api = [&](std::string_view name) { return who.may(name) ? std::nullopt : std::optional("ask for"); };
  switch (where.kind) {
    case resource_kind::entity: {
      const auto given = who.on(where.uri);
      if (reads(r)) return given->read->empty() ? std::optional("read") : std::nullopt;
      return given->remove ? std::nullopt : std::optional("delete");
    }
    case resource_kind::lane:
    case resource_kind::entry: {
      const auto given = who.on(where.uri);
      if (reads(r)) {
        const auto* fields = given->read->find(where.lane->name);
        if (fields && where.kind == resource_kind::entry) fields = fields->find(where.name);
        return fields ? std::nullopt : std::optional("read");
      }
      if (r.method == "POST") return given->may_command(where.lane->name) ? std::nullopt : std::optional("command");
      return given->may_write(where.lane->name) ? std::nullopt : std::optional("write");
    }
    case resource_kind::entities:
      return who.reads_every(where.name) ? std::nullopt : std::optional("list");
    case resource_kind::ingest:
      return api("ingest");
    case resource_kind::dead:
    case resource_kind::dead_replay:
      return api("dead");
    case resource_kind::sources:
    case resource_kind::sinks:
      return api("sources");
    case resource_kind::metrics:
      return api("metrics");
    default:
      return std::nullopt;
  }
}

}  // namespace

bool site::public_to_all(const request& r, const resource& where) const {
  switch (where.kind) {
    case resource_kind::none:
    case resource_kind::root:
    case resource_kind::ui:
    case resource_kind::ws:  // has its own way in
    case resource_kind::healthz:
    case resource_kind::readyz:
    case resource_kind::openapi:
      return true;
    case resource_kind::entity:  // a browser is sent to the page, which shows credentials of its own
      if (files_.has_index() && reads(r) && preferred_media(r.accept) == media::html) return true;
      [[fallthrough]];
    default:
      return r.method == "OPTIONS";
  }
}

std::optional<response> site::admit(request& r, const resource& where) const {
  if (r.who || public_to_all(r, where)) return std::nullopt;
  auto in = gate_.admit(r);
  if (!ok(in)) return refusal(std::get<error>(in));
  r.who = std::get<0>(std::move(in));
  const auto what = forbidden(r, where);
  if (!what) return std::nullopt;
  const auto path = r.target.substr(0, r.target.find('?'));
  gate_.refused(*r.who, *what, path);
  return refusal({problem::forbidden, "You may not " + std::string(*what) + " " + path + "."});
}

outcome<view> site::visible(const request& r, const resource& where, view asked) const {
  auto seen = narrowed(std::move(asked), *r.who->on(where.uri), *where.type);
  if (seen) return std::move(*seen);
  gate_.refused(*r.who, "read those fields of", where.uri);
  return error{problem::forbidden, "You may read none of these fields of " + where.uri + "."};
}

std::string site::types_of(const caller& who) const {
  if (who.unlimited()) return types_;
  auto seen = table_.types();
  std::erase_if(seen, [&](const type_description& t) { return !who.reads_some(t.name); });
  return types_document(seen);
}

}  // namespace twinlane::web
