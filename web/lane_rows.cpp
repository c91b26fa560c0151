#include <twinlane/web/lane_rows.hpp>

#include <charconv>

#include <twinlane/web/access/caller.hpp>
#include <twinlane/web/lane_query.hpp>

namespace twinlane::web {
namespace {

// One of two words as yes or no; false when it is neither.
bool read_choice(const resource& where, const char* name, std::string_view yes, std::string_view no,
                 std::optional<bool>& out) {
  const auto* word = find_query(where.query, name);
  if (!word) return true;
  if (*word != yes && *word != no) return false;
  out = *word == yes;
  return true;
}

std::string rows_document(const query_spec& spec, lane_kind kind, std::string json, bool lines) {
  lane_query q(spec, kind);
  q.take_lane(shared_text(std::move(json)));
  std::string out = lines ? "" : "{\"items\":[";
  for (std::string row; q.next(row); row.clear()) {
    if (!lines && out.back() != '[') out += ',';
    out.append("{").append(row).append(lines ? "}\n" : "}");
  }
  return lines ? out : out + "]}";
}

}  // namespace

outcome<std::optional<query_spec>> wanted_query(const resource& where) {
  query_spec q;
  q.lane = where.lane->name;
  const auto *limit = find_query(where.query, "limit"), *follow = find_query(where.query, "follow");
  if (limit) {
    std::uint64_t n = 0;
    const auto* end = limit->data() + limit->size();
    const auto [at, wrong] = std::from_chars(limit->data(), end, n);
    if (wrong != std::errc{} || at != end || n == 0)
      return error{problem::bad_request, "'limit' must be a number of rows above 0."};
    q.limit = n;
  }
  if (follow && *follow != "true" && *follow != "false")
    return error{problem::bad_request, "'follow' must be true or false."};
  q.follow = follow && *follow == "true";
  if (!read_choice(where, "from", "start", "now", q.from_start))
    return error{problem::bad_request, "'from' must be start or now."};
  if (!read_choice(where, "order", "newest", "oldest", q.newest_first))
    return error{problem::bad_request, "'order' must be newest or oldest."};
  if (!limit && !follow && !q.from_start && !q.newest_first) return std::optional<query_spec>();
  if (auto wrong = wrong_query(q, where.lane->kind)) return std::move(*wrong);
  return std::optional(std::move(q));
}

void answer_lane(twinlane::port& port, const request& r, const resource& where, std::shared_ptr<const rights> given,
                 respond done) {
  const bool whole = where.kind == resource_kind::lane, lines = preferred_media(r.accept) == media::ndjson;
  const auto kind = where.lane->kind;
  std::optional<query_spec> query;
  if (whole && kind != lane_kind::demand) {
    auto wanted = wanted_query(where);
    if (!ok(wanted)) return done(problem_response(std::get<error>(wanted)));
    query = std::get<0>(std::move(wanted));
    if (!query && (lines || kind == lane_kind::supply)) query = query_spec{where.lane->name, {}, false, {}, {}};
    if (const auto wrong = query ? wrong_query(*query, kind) : std::nullopt) return done(problem_response(*wrong));
  }
  const auto key = whole ? std::nullopt : std::optional(where.name);
  port.get_lane(where.uri, where.lane->name, key,
                [none_match = r.if_none_match, query = std::move(query), kind, lines, given = std::move(given),
                 lane = where.lane->name, key, done = std::move(done)](outcome<twinlane::port::lane_value> o) {
                  if (!ok(o)) return done(problem_response(std::get<error>(o)));
                  auto& v = std::get<twinlane::port::lane_value>(o);
                  const auto tag = tag_of(with_rights(v.lineage, *given), v.rev);
                  auto shown = readable(std::move(v.json), *given, lane, key);
                  if (!shown)
                    return done(problem_response(problem::no_such_key, "There is nothing here that you may read."));
                  // What is computed may be another at the same rev.
                  if (kind == lane_kind::demand) {
                    response out;
                    out.headers.emplace_back("Cache-Control", "no-store");
                    out.body = std::move(*shown);
                    return done(std::move(out));
                  }
                  if (none_match && none_match_holds(*none_match, tag)) return done(unchanged(tag));
                  if (!query) return done(tagged(std::move(*shown), tag));
                  auto out = tagged(rows_document(*query, kind, std::move(*shown), lines), tag);
                  if (lines) out.content_type = "application/x-ndjson";
                  done(std::move(out));
                });
}

}  // namespace twinlane::web
