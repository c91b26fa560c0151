#include <algorithm>
#include <array>
#include <map>
#include <unordered_map>

#include <twinlane/agents/agent_header.hpp>
#include <twinlane/lanes/detail/row_text.hpp>
#include <twinlane/runtime/app/agent_line.hpp>

namespace twinlane::app {

/// Whom an entry of a join lane follows.
struct followed_lane {
  std::string uri, lane, lineage;
  std::uint64_t rev{};
};
BOOST_DESCRIBE_STRUCT(followed_lane, (), (uri, lane, lineage, rev))

namespace {

using detail::find_member;
using detail::json_member;
using twinlane::detail::append_number;

decode_status bad(std::string what) { return {lane_errc::bad_value, std::move(what)}; }

decode_status within(std::string_view where, decode_status status) {
  if (!status) status.detail = std::string(where) + ": " + status.detail;
  return status;
}

std::string shown(std::string_view text) {
  constexpr std::size_t shown_max = 100;
  return "'" + std::string(text.substr(0, shown_max)) + "'";
}

/// The entries of what `kept` says of a lane, each to be found once.
class kept_entries {
 public:
  decode_status read(decoder& d, std::string_view json) {
    if (json.empty()) return {};
    if (auto status = detail::split_members(d, json, all_); !status) return status;
    for (const auto& m : all_)
      if (!by_key_.emplace(m.name, m.value).second) return bad("entry " + shown(m.name) + " is there twice");
    return {};
  }
  const std::vector<json_member>& all() const noexcept { return all_; }
  /// Nothing when it is not there, or was taken before.
  std::string_view take(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return {};
    const auto json = found->second;
    by_key_.erase(found);
    return json;
  }
  /// Those that nobody took.
  std::size_t left() const noexcept { return by_key_.size(); }

 private:
  std::vector<json_member> all_;
  std::unordered_map<std::string_view, std::string_view> by_key_;  // views into all_
};

}  // namespace

decode_status agent_line_reader::read(std::string_view line, std::uint64_t birth, std::int64_t now_ms,
                                      imported_agent& to) {
  to = {};
  members all, lanes, kept;
  if (auto status = detail::split_members(decoder_, line, all); !status) return status;
  if (auto status = read_head(all, birth, to); !status) return status;
  const auto document = find_member(all, "lanes");
  if (document.empty()) return bad("lanes is missing");
  if (auto status = within("lanes", detail::split_members(decoder_, document, lanes)); !status) return status;
  if (const auto json = find_member(all, "kept"); !json.empty())
    if (auto status = within("kept", detail::split_members(decoder_, json, kept)); !status) return status;
  for (const auto& lane : lanes)
    if (auto status = read_lane(lane.name, lane.value, find_member(kept, lane.name), now_ms, to); !status)
      return within("lane " + shown(lane.name), std::move(status));
  for (const auto& lane : kept)
    if (find_member(lanes, lane.name).empty()) return bad("kept has lane " + shown(lane.name) + ", and lanes has not");
  return load(birth, to);
}

decode_status agent_line_reader::read_head(const members& line, std::uint64_t birth, imported_agent& to) {
  const auto uri = find_member(line, "uri"), type = find_member(line, "type"), rev = find_member(line, "rev");
  if (uri.empty()) return bad("uri is missing");
  if (auto status = within("uri", decoder_.decode(uri, to.uri)); !status) return status;
  if (canonical_uri(to.uri) != to.uri) return bad("uri " + shown(to.uri) + " is not in its canonical spelling");
  to.type = type_of(types_, to.uri);
  if (!to.type) return bad("no agent type has a route that takes " + shown(to.uri));
  std::string type_name = to.type->name();
  if (!type.empty())
    if (auto status = within("type", decoder_.decode(type, type_name)); !status) return status;
  if (type_name != to.type->name())
    return bad(shown(to.uri) + " belongs to type '" + to.type->name() + "', not " + shown(type_name));
  agent_header header;
  header.birth = birth;
  header.rev = 1;
  header.type_version = to.type->options().version;
  if (const auto json = find_member(line, "version"); !json.empty())
    if (auto status = within("version", decoder_.decode(json, header.type_version)); !status) return status;
  if (header.type_version != to.type->options().version)
    return bad("version " + std::to_string(header.type_version) + " of type '" + to.type->name() +
               "' has written the line, and this program has version " + std::to_string(to.type->options().version));
  if (!rev.empty())
    if (auto status = within("rev", decoder_.decode(rev, header.rev)); !status) return status;
  std::map<std::string, std::int64_t> timers;
  if (const auto json = find_member(line, "timers"); !json.empty())
    if (auto status = within("timers", decoder_.decode(json, timers)); !status) return status;
  std::map<std::string, std::string> notes;
  if (const auto json = find_member(line, "notes"); !json.empty())
    if (auto status = within("notes", decoder_.decode(json, notes)); !status) return status;
  for (const auto& [name, due_ms] : timers) header.timers.push_back({name, due_ms});
  for (const auto& [lane, text] : notes) header.notes.push_back({lane, text});
  to.rows.emplace_back();
  header.append(to.rows.back().value);
  return {};
}

decode_status agent_line_reader::read_lane(std::string_view lane, std::string_view json, std::string_view kept,
                                           std::int64_t now_ms, imported_agent& to) {
  const int index = to.type->lane_index(lane);
  if (index < 0) return bad("type '" + to.type->name() + "' has no such lane");
  const auto& info = to.type->lanes()[static_cast<std::size_t>(index)];
  switch (info.kind) {
    case lane_kind::command:
    case lane_kind::supply:
    case lane_kind::demand:
      return bad("a " + std::string(name_of(info.kind)) + " lane holds nothing");
    case lane_kind::join_value:
    case lane_kind::join_map:
      return info.is_transient ? decode_status() : read_joins(info, json, kept, to);
    case lane_kind::window:
      return info.is_transient ? decode_status() : read_windows(info, json, kept, to);
    case lane_kind::map:
    case lane_kind::log:
      return info.is_transient ? decode_status() : read_entries(info, json, kept, now_ms, to);
    case lane_kind::value:
      break;
  }
  if (info.is_transient || json == "null") return {};
  auto time_ms = now_ms;
  if (!kept.empty())
    if (auto status = within("kept", decoder_.decode(kept, time_ms)); !status) return status;
  auto& row = to.rows.emplace_back();
  row.lane = lane;
  append_number(row.value, time_ms);
  row.value += json;
  return {};
}

decode_status agent_line_reader::read_entries(const lane_info& lane, std::string_view json, std::string_view kept,
                                              std::int64_t now_ms, imported_agent& to) {
  struct entry {
    std::string_view json;
    std::array<std::int64_t, 2> at{};  // time, order of writing
  };
  members all;
  kept_entries known;
  if (auto status = detail::split_members(decoder_, json, all); !status) return status;
  if (auto status = within("kept", known.read(decoder_, kept)); !status) return status;
  std::int64_t written = 0;
  std::vector<entry> entries;
  for (const auto& m : all) {
    auto& e = entries.emplace_back();
    e.json = known.take(m.name);
    e.at[0] = now_ms;
    if (e.json.empty()) continue;
    const auto status = lane.kind == lane_kind::map ? decoder_.decode(e.json, e.at) : decoder_.decode(e.json, e.at[0]);
    if (!status) return within("kept: entry " + shown(m.name), status);
    written = std::max(written, e.at[1]);
  }
  if (known.left() > 0) return bad("kept has " + std::to_string(known.left()) + " entries that lanes has not");
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].value == "null") continue;
    auto& row = to.rows.emplace_back();
    row.lane = lane.name;
    row.key = all[i].name;
    append_number(row.value, entries[i].at[0]);
    if (lane.kind == lane_kind::map) append_number(row.value, entries[i].json.empty() ? ++written : entries[i].at[1]);
    row.value += all[i].value;
  }
  return {};
}

// What a window shows is not enough to go on from.
decode_status agent_line_reader::read_windows(const lane_info& lane, std::string_view json, std::string_view kept,
                                              imported_agent& to) {
  members all;
  kept_entries known;
  if (auto status = detail::split_members(decoder_, json, all); !status) return status;
  if (auto status = within("kept", known.read(decoder_, kept)); !status) return status;
  for (const auto& m : all) {
    const auto kept_json = known.take(m.name);
    if (kept_json.empty()) {
      ++to.left_out;
      continue;
    }
    members parts;
    std::array<std::int64_t, 2> at{};  // time, order of writing
    auto status = detail::split_members(decoder_, kept_json, parts);
    if (status) status = decoder_.decode(find_member(parts, "at"), at);
    if (!status) return within("kept: entry " + shown(m.name), status);
    auto& row = to.rows.emplace_back();
    row.lane = lane.name;
    row.key = m.name;
    for (const auto number : at) append_number(row.value, number);
    row.value += find_member(parts, "window");
  }
  if (known.left() > 0) return bad("kept has " + std::to_string(known.left()) + " windows that lanes has not");
  return {};
}

decode_status agent_line_reader::read_joins(const lane_info& lane, std::string_view json, std::string_view kept,
                                            imported_agent& to) {
  members all;
  kept_entries known;
  if (auto status = detail::split_members(decoder_, json, all); !status) return status;
  if (auto status = within("kept", known.read(decoder_, kept)); !status) return status;
  std::unordered_map<std::string_view, std::string_view> values;
  for (const auto& m : all) values[m.name] = m.value;
  for (const auto& m : known.all()) {
    followed_lane f;
    if (auto status = within("kept: entry " + shown(m.name), decoder_.decode(m.value, f)); !status) return status;
    if (canonical_uri(f.uri) != f.uri || f.lane.empty())
      return bad("kept: entry " + shown(m.name) + " does not say whom it follows");
    auto& row = to.rows.emplace_back();
    row.lane = lane.name;
    row.key = m.name;
    twinlane::detail::append_joined(row.value, {f.rev, f.lineage, f.uri, f.lane, {}});
    const auto value = values.find(m.name);
    if (value == values.end()) continue;
    row.value += value->second;
    values.erase(value);
  }
  to.left_out += values.size();
  return {};
}

// Makes the agent, which checks each row, and takes the header as the agent has it.
decode_status agent_line_reader::load(std::uint64_t birth, imported_agent& to) {
  to.self = to.type->make(to.uri);
  loader_.begin(*to.self);
  for (const auto& r : to.rows)
    if (auto status = loader_.add(r.lane, r.key, r.value); !status) return status;
  auto& header = to.rows.front().value;
  header.clear();
  append_header(header, *to.self, birth, loader_.rev());
  return loader_.finish();
}

}  // namespace twinlane::app
