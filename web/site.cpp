#include <twinlane/web/site.hpp>

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include <twinlane/web/lane_rows.hpp>
#include <twinlane/web/openapi.hpp>
#include <twinlane/web/wanted_view.hpp>

namespace twinlane::web {
namespace {

constexpr std::size_t command_bytes_max = 1024 * 1024;
constexpr std::size_t page_limit_max = 1000;
constexpr std::size_t idempotency_key_bytes_max = 255;

std::string entity_document(const snapshot& s) {
  std::string body = "{\"uri\":";
  append_json(body, s.uri);
  body += ",\"type\":";
  append_json(body, s.type);
  body += ",\"lineage\":";
  append_json(body, s.lineage);
  body += ",\"rev\":" + std::to_string(s.rev) + ",\"lanes\":";
  body += s.lanes();
  return body += "}";
}

response change_document(const command_result& c, const rights& of) {
  return tagged("{\"rev\":" + std::to_string(c.rev) + ",\"result\":" + (c.result.empty() ? "null" : c.result) + "}",
                tag_of(with_rights(c.lineage, of), c.rev));
}

// If-Match as the port takes it: a tag without quotes and rights, or `*`.
outcome<std::optional<std::string>> expected_tag(const request& r, const rights& of) {
  if (!r.if_match) return std::optional<std::string>();
  auto tag = single_tag(*r.if_match);
  if (!tag) return error{problem::bad_request, "If-Match takes one strong entity tag, as in \"k3f9:17\"."};
  return std::optional(without_rights(*tag, of));
}

std::optional<error> bad_idempotency_key(const request& r) {
  if (!r.idempotency_key) return std::nullopt;
  if (!r.idempotency_key->empty() && r.idempotency_key->size() <= idempotency_key_bytes_max) return std::nullopt;
  return error{problem::bad_request, "Idempotency-Key must have 1 to 255 characters."};
}

response method_refused(const request& r, const resource& where) {
  auto out = problem_response(problem::not_writable,
                              r.method + " is not allowed here. Allowed: " + allowed_methods(where) + ".");
  out.headers.emplace_back("Allow", allowed_methods(where));
  return out;
}

response redirect(int status, std::string to) {
  response out;
  out.status = status;
  out.content_type = "text/plain; charset=utf-8";
  out.headers = {{"Location", std::move(to)}, {"Vary", "Accept"}};
  return out;
}

std::string escaped_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

response plain_page(int status, std::string_view title, std::string_view content) {
  response out;
  out.status = status;
  out.content_type = "text/html; charset=utf-8";
  out.headers = {{"Vary", "Accept"}, {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}};
  out.body =
      "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\">"
      "<style>body{font:16px system-ui;margin:2em;color-scheme:light dark}pre{white-space:pre-wrap}</style><title>" +
      escaped_html(title) + "</title><h1>" + escaped_html(title) + "</h1><pre>" + escaped_html(content) + "</pre>";
  return out;
}

response json_body(std::string body) {
  response out;
  out.headers.emplace_back("Cache-Control", "no-store");
  out.body = std::move(body);
  return out;
}

const error bad_limit{problem::bad_request, "'limit' must be a number from 1 to 1000."};

/// The page's length that the query asks for; nothing when it is no such number.
std::optional<std::size_t> wanted_limit(const resource& where) {
  const auto* text = find_query(where.query, "limit");
  if (!text) return 100;
  std::size_t limit = 0;
  const auto* end = text->data() + text->size();
  const auto [at, wrong] = std::from_chars(text->data(), end, limit);
  if (wrong != std::errc{} || at != end || limit < 1 || limit > page_limit_max) return std::nullopt;
  return limit;
}

}  // namespace

site::site(const options& o, std::shared_ptr<twinlane::port> p, bool loopback_only, report_fn report)
    : port_(std::move(p)),
      table_(port_->types()),
      gate_(o.access, table_.types(), std::move(report)),
      origins_(o.origins, loopback_only, o.tls.has_value()),
      files_(o.ui_dir, o.pages),
      openapi_(openapi_document(table_.types())),
      types_(types_document(table_.types())),
      metrics_text_(o.metrics_text),
      sinks_document_(o.sinks_document),
      source_states_(o.source_states),
      ingest_(o.ingest),
      dead_list_(o.dead_list),
      dead_replay_(o.dead_replay),
      ingest_bytes_max_(o.body_bytes_max) {
  if (o.access && !o.access->cookie.empty()) origins_.allow_cookies();
}

std::size_t site::body_bytes_max(const resource& where) const {
  if (where.kind == resource_kind::ingest) return ingest_bytes_max_;
  return std::min(command_bytes_max, ingest_bytes_max_);
}

void site::handle(request r, const resource& where, respond done) const {
  if (where.kind == resource_kind::none) return done(problem_response(where.wrong));
  const std::string allowed = ", " + allowed_methods(where) + ",";
  if (allowed.find(", " + r.method + ",") == std::string::npos) return done(method_refused(r, where));
  if (r.method == "OPTIONS") {
    response out;
    out.status = 204;
    out.headers.emplace_back("Allow", allowed_methods(where));
    return done(std::move(out));
  }
  if (auto refused = admit(r, where)) return done(std::move(*refused));
  const bool reads = r.method == "GET" || r.method == "HEAD";
  if (!r.content_encoding.empty() && !same_ignoring_case(r.content_encoding, "identity") && !reads)
    return done(
        problem_response(problem::bad_request, "Content-Encoding '" + r.content_encoding + "' is not taken here."));
  if (auto e = bad_idempotency_key(r)) return done(problem_response(*e));
  switch (where.kind) {
    case resource_kind::entity:
      return reads ? get_entity(r, where, std::move(done)) : remove(r, where, std::move(done));
    case resource_kind::lane:
    case resource_kind::entry:
      if (reads) return get_lane(r, where, std::move(done));
      if (r.method == "POST") return command(std::move(r), where, std::move(done));
      return write(std::move(r), where, std::move(done));
    case resource_kind::ingest:
      return ingest(std::move(r), where, std::move(done));
    case resource_kind::entities:
      return entities(where, std::move(done));
    case resource_kind::dead:
      return dead(where, dead_list_, std::move(done));
    case resource_kind::dead_replay:
      return dead(where, dead_replay_, std::move(done));
    default:
      return done(fixed(r, where));
  }
}

response site::fixed(const request& r, const resource& where) const {
  switch (where.kind) {
    case resource_kind::root:
      return redirect(302, "/ui/");
    case resource_kind::ui:
      if (r.target.substr(0, r.target.find('?')) == "/ui") return redirect(308, "/ui/");
      if (where.name.empty() && !files_.has_index())
        return plain_page(
            200, "twinlane",
            "This server has no pages of its own.\n\n/api/types\n/api/sources\n/api/sinks\n/openapi.json\n/metrics");
      return files_.get(where.name, r);
    case resource_kind::healthz:
      return json_body(R"({"status":"alive"})");
    case resource_kind::readyz:
      if (draining_) return problem_response(problem::not_ready, "The server is draining.");
      if (!port_->ready()) return problem_response(problem::not_ready, "Sources are not assigned or loaded yet.");
      return json_body(R"({"status":"ready"})");
    case resource_kind::metrics: {
      auto out = json_body(metrics_text_ ? metrics_text_() : std::string());
      out.content_type = "text/plain; version=0.0.4; charset=utf-8";
      return out;
    }
    case resource_kind::openapi:
      return json_body(openapi_);
    case resource_kind::types:
      return json_body(types_of(*r.who));
    case resource_kind::sources:
      return json_body(sources_document(port_->partitions(), rates_,
                                        source_states_ ? source_states_() : std::vector<source_state>()));
    case resource_kind::sinks:
      return json_body(sinks_document_ ? sinks_document_() : R"({"items":[]})");
    default: {
      auto out = problem_response(426, "bad_request", "Upgrade required", "This URL speaks WebSocket.");
      out.headers = {{"Upgrade", "websocket"}};
      return out;
    }
  }
}

void site::get_entity(const request& r, const resource& where, respond done) const {
  if (preferred_media(r.accept) == media::html) return page_of_entity(r, where, std::move(done));
  auto what = wanted_view(where);
  if (ok(what)) what = visible(r, where, std::get<view>(std::move(what)));
  if (!ok(what)) return done(problem_response(std::get<error>(what)));
  port_->get(where.uri, std::get<view>(what),
             [none_match = r.if_none_match, done = std::move(done)](outcome<snapshot> o) {
               if (!ok(o)) return done(problem_response(std::get<error>(o)));
               const auto& s = std::get<snapshot>(o);
               if (!s.exists) return done(problem_response(problem::no_such_entity, s.uri + " does not exist."));
               const auto tag = tag_of(s.lineage, s.rev);
               if (none_match && none_match_holds(*none_match, tag)) return done(unchanged(tag));
               done(tagged(entity_document(s), tag));
             });
}

void site::page_of_entity(const request& r, const resource& where, respond done) const {
  if (files_.has_index()) return done(redirect(302, "/ui" + where.uri));
  const auto what = visible(r, where, view{});
  if (!ok(what)) return done(problem_response(std::get<error>(what)));
  port_->get(where.uri, std::get<view>(what), [uri = where.uri, done = std::move(done)](outcome<snapshot> o) {
    if (!ok(o)) {
      const auto& e = std::get<error>(o);
      return done(plain_page(http_status_of(e.code), uri, e.detail));
    }
    const auto& s = std::get<snapshot>(o);
    if (!s.exists) return done(plain_page(404, uri, "This entity does not exist."));
    const auto lanes = nlohmann::ordered_json::parse(s.lanes(), nullptr, false);
    done(plain_page(200, uri, lanes.is_discarded() ? std::string(s.lanes()) : lanes.dump(2)));
  });
}

void site::get_lane(const request& r, const resource& where, respond done) const {
  answer_lane(*port_, r, where, r.who->on(where.uri), std::move(done));
}

void site::command(request r, const resource& where, respond done) const {
  const auto given = r.who->on(where.uri);
  auto tag = expected_tag(r, *given);
  if (!ok(tag)) return done(problem_response(std::get<error>(tag)));
  command_request c;
  c.uri = where.uri;
  c.lane = where.lane->name;
  c.value = r.body.empty() ? "null" : std::move(r.body);
  if (!nlohmann::json::accept(c.value)) return done(problem_response(problem::bad_request, "The body is not JSON."));
  c.if_match = std::get<0>(std::move(tag));
  c.idempotency_key = std::move(r.idempotency_key);
  port_->command(std::move(c), [given, done = std::move(done)](outcome<command_result> o) {
    done(ok(o) ? change_document(std::get<command_result>(o), *given) : problem_response(std::get<error>(o)));
  });
}

void site::write(request r, const resource& where, respond done) const {
  const auto given = r.who->on(where.uri);
  auto tag = expected_tag(r, *given);
  if (!ok(tag)) return done(problem_response(std::get<error>(tag)));
  write_request w;
  w.uri = where.uri;
  w.lane = where.lane->name;
  if (where.kind == resource_kind::entry) w.key = where.name;
  w.op = r.method == "PUT" ? write_op::put : r.method == "PATCH" ? write_op::patch : write_op::remove;
  w.if_match = std::get<0>(std::move(tag));
  if (w.op == write_op::patch && !r.content_type.empty()) {
    const auto type = trimmed(std::string_view(r.content_type).substr(0, r.content_type.find(';')));
    if (!same_ignoring_case(type, "application/merge-patch+json") && !same_ignoring_case(type, "application/json"))
      return done(problem_response(problem::bad_request, "PATCH takes application/merge-patch+json."));
  }
  if (w.op != write_op::remove) {
    if (!nlohmann::json::accept(r.body)) return done(problem_response(problem::bad_request, "The body is not JSON."));
    w.value = std::move(r.body);
  }
  port_->write(std::move(w), [given, done = std::move(done)](outcome<command_result> o) {
    done(ok(o) ? change_document(std::get<command_result>(o), *given) : problem_response(std::get<error>(o)));
  });
}

void site::remove(const request& r, const resource& where, respond done) const {
  auto tag = expected_tag(r, *r.who->on(where.uri));
  if (!ok(tag)) return done(problem_response(std::get<error>(tag)));
  port_->remove(where.uri, std::get<0>(std::move(tag)), [done = std::move(done)](outcome<std::monostate> o) {
    if (!ok(o)) return done(problem_response(std::get<error>(o)));
    response out;
    out.status = 204;
    done(std::move(out));
  });
}

void site::ingest(request r, const resource& where, respond done) const {
  if (!ingest_) return done(problem_response(problem::no_such_route, "This server has no HTTP sources."));
  ingest_(where.name, std::move(r.body), std::move(r.idempotency_key),
          [done = std::move(done)](outcome<ingest_result> o) {
            if (!ok(o)) return done(problem_response(std::get<error>(o)));
            const auto& result = std::get<ingest_result>(o);
            std::string body = "{\"accepted\":" + std::to_string(result.accepted) + ",\"rejected\":[";
            for (const auto& line : result.rejected) {
              if (body.back() != '[') body += ',';
              body += "{\"line\":" + std::to_string(line.line) + ",\"reason\":";
              append_json(body, line.reason);
              body += '}';
            }
            done(json_body(body += "]}"));
          });
}

void site::dead(const resource& where, const options::dead_handler& handler, respond done) const {
  if (!handler) return done(problem_response(problem::no_such_route, "This server keeps no dead letters."));
  const auto limit = wanted_limit(where);
  if (!limit) return done(problem_response(bad_limit));
  dead_query q;
  q.limit = *limit;
  const auto take = [&](std::string_view name, std::string& to) {
    if (const auto* text = find_query(where.query, name)) to = *text;
  };
  take("source", q.source);
  take("reason", q.reason);
  take("after", q.after);
  handler(std::move(q), [done = std::move(done)](outcome<std::string> o) {
    done(ok(o) ? json_body(std::get<std::string>(std::move(o))) : problem_response(std::get<error>(o)));
  });
}

void site::entities(const resource& where, respond done) const {
  const auto& types = table_.types();
  if (std::none_of(types.begin(), types.end(), [&](const auto& t) { return t.name == where.name; }))
    return done(
        problem_response(problem::no_such_route, "There is no agent type '" + where.name + "'. See /api/types."));
  const auto limit = wanted_limit(where);
  if (!limit) return done(problem_response(bad_limit));
  const auto* after = find_query(where.query, "after");
  port_->entities(where.name, after ? *after : std::string(), *limit, [done = std::move(done)](outcome<entity_page> o) {
    if (!ok(o)) return done(problem_response(std::get<error>(o)));
    const auto& page = std::get<entity_page>(o);
    nlohmann::ordered_json body = {{"items", page.uris}, {"next", nullptr}};
    if (page.next) body["next"] = *page.next;
    done(json_body(body.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace)));
  });
}

}  // namespace twinlane::web
