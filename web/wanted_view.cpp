#include <twinlane/web/wanted_view.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>

#include <twinlane/web/fields.hpp>

namespace twinlane::web {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// `lineage:rev`.
std::optional<resume_point> point_of(std::string_view id) {
  const auto colon = id.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  resume_point p{std::string(id.substr(0, colon)), 0};
  const auto* end = id.data() + id.size();
  const auto [at, wrong] = std::from_chars(id.data() + colon + 1, end, p.rev);
  if (wrong != std::errc{} || at != end) return std::nullopt;
  return p;
}

outcome<std::optional<double>> wanted_rate(const resource& where) {
  const auto* text = find_query(where.query, "max_rate");
  if (!text) return std::optional<double>();
  double rate = 0;
  const auto* end = text->data() + text->size();
  const auto [at, wrong] = std::from_chars(text->data(), end, rate);
  if (wrong != std::errc{} || at != end || !std::isfinite(rate) || rate <= 0)
    return error{problem::bad_request, "'max_rate' must be a number of diffs a second above 0."};
  return std::optional(rate);
}

}  // namespace

view wanted_view(const std::optional<std::vector<std::string>>& lanes, const std::vector<field_set::path>& fields) {
  view v;
  v.all = !lanes && fields.empty();
  if (fields.empty()) {
    if (lanes) v.lanes = *lanes;
    return v;
  }
  field_set within;
  for (const auto& path : fields) {
    if (lanes && !has(*lanes, path[0])) continue;
    if (!has(v.lanes, path[0])) v.lanes.push_back(path[0]);
    within.add(path);
  }
  const bool whole = std::all_of(within.members().begin(), within.members().end(),
                                 [](const auto& member) { return member.second.is_all(); });
  if (!whole) v.fields = std::make_shared<const field_set>(std::move(within));
  return v;
}

outcome<view> wanted_view(const resource& where) {
  std::vector<field_set::path> paths;
  const auto* text = find_query(where.query, "fields");
  if (!text) return view{};
  for (const auto field : split_list(*text)) {
    auto path = split_field(field);
    if (!path) return error{problem::bad_request, "'" + std::string(field) + "' in 'fields' is not a dotted path."};
    paths.push_back(std::move(*path));
  }
  if (paths.empty()) return error{problem::bad_request, "'fields' names nothing. Leave it out for all lanes."};
  return wanted_view(std::nullopt, paths);
}

outcome<entity_stream> wanted_stream(const request& r, const resource& where) {
  const auto *text = find_query(where.query, "fields"), *life = find_query(where.query, "life");
  const bool life_alone = text && text->empty() && life && *life == "true";
  auto what = life_alone ? outcome<view>(view{false, {}}) : wanted_view(where);
  if (!ok(what)) return std::get<error>(what);
  const auto rate = wanted_rate(where);
  if (!ok(rate)) return std::get<error>(rate);
  entity_stream s;
  s.what.uri = where.uri;
  s.what.what = std::get<view>(std::move(what));
  s.what.life = !life || *life != "false";
  if (r.last_event_id) s.what.resume = point_of(*r.last_event_id);
  s.max_rate = std::get<0>(rate);
  return s;
}

steady_time::duration pause_of(double diffs_per_s) {
  constexpr double longest_s = 24 * 3600;
  return std::chrono::duration_cast<steady_time::duration>(
      std::chrono::duration<double>(std::min(1 / diffs_per_s, longest_s)));
}

}  // namespace twinlane::web
