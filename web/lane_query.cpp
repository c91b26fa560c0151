#include <twinlane/web/lane_query.hpp>

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include <twinlane/web/message.hpp>

namespace twinlane::web {
namespace {

constexpr std::string_view no_key = "null";

std::string in_quotes(std::string_view name) {
  std::string text;
  append_json(text, name);
  return text;
}

// The number in a quoted key; 0 when there is none.
std::uint64_t number_in(std::string_view key) {
  std::uint64_t n = 0;
  if (key.size() > 2) std::from_chars(key.data() + 1, key.data() + key.size() - 1, n);
  return n;
}

// A member that came by a patch stands behind the others, and in a snapshot where it is declared.
bool same_value(std::string_view a, std::string_view b) {
  return a == b || nlohmann::json::parse(a, nullptr, false) == nlohmann::json::parse(b, nullptr, false);
}

}  // namespace

std::optional<error> wrong_query(const query_spec& spec, lane_kind kind) {
  const auto wrong = [&](std::string_view why) {
    return error{problem::bad_request,
                 "'" + spec.lane + "' is a " + std::string(name_of(kind)) + " lane, " + std::string(why)};
  };
  if (kind == lane_kind::command || kind == lane_kind::demand) return wrong("which has no rows.");
  if (kind == lane_kind::supply && !spec.follow) return wrong("which keeps nothing. Follow it.");
  if (spec.newest_first && kind != lane_kind::log && kind != lane_kind::window)
    return wrong("which has no order of arrival. Leave 'order' out.");
  if (spec.newest_first && spec.follow)
    return error{problem::bad_request, "'order' is for queries that end. Leave it or 'follow' out."};
  if (spec.from_start && !spec.follow)
    return error{problem::bad_request, "'from' is for queries that follow. Add 'follow' or leave it out."};
  if (spec.limit && *spec.limit == 0) return error{problem::bad_request, "'limit' must be a number of rows above 0."};
  return std::nullopt;
}

lane_query::lane_query(query_spec spec, lane_kind kind)
    : spec_(std::move(spec)), kind_(kind), name_(in_quotes(spec_.lane)) {}

bool lane_query::has_state() const noexcept {
  return spec_.follow && kind_ != lane_kind::log && kind_ != lane_kind::supply;
}

std::vector<json_member> lane_query::entries_of(std::string_view lane) const {
  std::vector<json_member> all;
  if (lane.empty() || kind_ == lane_kind::supply) return all;
  if (kind_ == lane_kind::value) return {{no_key, lane}};
  member_reader entries(lane);
  for (json_member m; entries.next(m);) all.push_back(m);
  return all;
}

void lane_query::take_snapshot(shared_text tail) {
  const auto lineage = member_of(*tail, "\"lineage\"");
  const auto rev = member_of(*tail, "\"rev\"");
  std::from_chars(rev.data(), rev.data() + rev.size(), rev_);
  missing_ = member_of(*tail, "\"exists\"") == "false";
  if (lineage != lineage_) last_number_ = 0;
  lineage_ = lineage;
  auto entries = entries_of(member_of(member_of(*tail, "\"lanes\""), name_));
  held_ = std::move(tail);
  take_entries(std::move(entries));
}

void lane_query::take_lane(shared_text json) {
  held_ = std::move(json);
  take_entries(entries_of(*held_));
}

void lane_query::take_entries(std::vector<json_member> entries) {
  rows_.clear();
  at_ = 0;
  const bool first = !std::exchange(begun_, true);
  if (!first) return has_state() ? take_other_state(entries) : take_log(entries);
  const bool shown = spec_.from_start.value_or(true);
  if (has_state())
    for (const auto& e : entries) keep(e.name, std::string(e.value));
  for (const auto& e : entries) last_number_ = std::max(last_number_, number_in(e.name));
  if (!shown) return;
  rows_ = std::move(entries);
  if (spec_.newest_first.value_or(false)) std::reverse(rows_.begin(), rows_.end());
}

// The subscription has missed something, or the agent began anew: from what is known to what is.
void lane_query::take_other_state(const std::vector<json_member>& entries) {
  std::map<std::string_view, std::string_view> now;
  for (const auto& e : entries) now.emplace(e.name, e.value);
  std::vector<std::string> gone;
  for (const auto& [key, value] : known_)
    if (!now.contains(key)) gone.push_back(key);
  for (const auto& e : entries) {
    const auto before = known_.find(e.name);
    if (before == known_.end() || !same_value(before->second, e.value)) rows_.push_back(e);
    keep(e.name, std::string(e.value));
  }
  if (gone.empty()) return;
  // Their keys need a place to lie in while the rows go out.
  gone_.clear();
  for (const auto& key : gone) gone_ += key;
  for (std::size_t at = 0; const auto& key : gone) {
    rows_.push_back({std::string_view(gone_).substr(at, key.size()), no_key});
    at += key.size();
    forget(key);
  }
}

void lane_query::take_log(const std::vector<json_member>& entries) {
  for (const auto& e : entries) {
    const auto number = number_in(e.name);
    if (number <= last_number_ || e.value == no_key) continue;
    last_number_ = number;
    rows_.push_back(e);
  }
}

void lane_query::take_diff(shared_text tail) {
  rows_.clear();
  at_ = 0;
  held_ = std::move(tail);
  const auto rev = member_of(*held_, "\"rev\"");
  std::from_chars(rev.data(), rev.data() + rev.size(), rev_);
  const auto entries = entries_of(member_of(member_of(*held_, "\"patch\""), name_));
  has_state() ? take_new(entries) : take_log(entries);
}

void lane_query::take_new(const std::vector<json_member>& entries) {
  for (const auto& e : entries) {
    if (e.value == no_key) {
      forget(e.name);
      rows_.push_back(e);
      continue;
    }
    const auto before = known_.find(e.name);
    std::string whole;
    append_merged(whole, before == known_.end() ? std::string_view() : before->second, e.value);
    keep(e.name, std::move(whole));
    rows_.push_back({e.name, known_.find(e.name)->second});
  }
}

void lane_query::take_event(shared_text tail, std::uint64_t rev, std::uint64_t dropped) {
  held_ = std::move(tail);
  rows_ = {{no_key, member_of(*held_, "\"value\"")}};
  at_ = 0;
  rev_ = rev;
  dropped_ = dropped;
}

void lane_query::keep(std::string_view key, std::string value) {
  forget(key);
  held_bytes_ += key.size() + value.size();
  known_.emplace(key, std::move(value));
}

void lane_query::forget(std::string_view key) {
  const auto it = known_.find(key);
  if (it == known_.end()) return;
  held_bytes_ -= it->first.size() + it->second.size();
  known_.erase(it);
}

bool lane_query::next(std::string& row) {
  if (at_ == rows_.size() || (spec_.limit && sent_ >= *spec_.limit)) {
    rows_.clear();
    at_ = 0;
    held_.reset();
    return false;
  }
  const auto& r = rows_[at_++];
  ++sent_;
  row.append("\"key\":").append(r.name).append(",\"value\":").append(r.value);
  if (dropped_ > 0) row += ",\"dropped\":" + std::to_string(std::exchange(dropped_, 0));
  return true;
}

std::optional<std::string_view> lane_query::over() const {
  if (spec_.limit && sent_ >= *spec_.limit) return "limit";
  if (!spec_.follow && begun_ && at_ == rows_.size()) return "end";
  return std::nullopt;
}

}  // namespace twinlane::web
