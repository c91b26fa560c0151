#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/lanes/json_text.hpp>
#include <twinlane/runtime/port.hpp>
#include <twinlane/web/query_spec.hpp>

namespace twinlane::web {

/// Makes rows of what a subscription to one lane says.
///
/// Shape    a row is `"key":"7","value":{…}` with the whole entry. What has left has the value null, but not on a log
///          lane, where entries leave by retention alone. Value and supply lanes have the key null; what a supply lane
///          emitted after some were dropped ends with `,"dropped":3`
/// Cost     one that follows keeps the lane's entries as text, to make whole ones of patches; of a log lane nothing
/// Threads  one at a time
class lane_query {
 public:
  /// The spec must be good for lanes of this kind, see wrong_query().
  lane_query(query_spec spec, lane_kind kind);

  /// What the subscription says, as port.hpp has it; only once next() has said false. A snapshot that is not the first
  /// makes the rows that lead from what is known to it.
  void take_snapshot(shared_text tail);
  void take_diff(shared_text tail);
  void take_event(shared_text tail, std::uint64_t rev, std::uint64_t dropped);
  /// A lane's value, for one that ends.
  void take_lane(shared_text json);

  /// Appends the next row; false when none is left of what was taken, or the query is over.
  bool next(std::string& row);
  /// Of the last row.
  std::uint64_t rev() const noexcept { return rev_; }
  /// Why no row will come any more: `limit`, or `end` of one that ends; nothing while some may.
  std::optional<std::string_view> over() const;
  /// Did the last snapshot say that the agent does not exist?
  bool missing() const noexcept { return missing_; }
  bool follows() const noexcept { return spec_.follow; }
  /// What it keeps of the lane.
  std::size_t held_bytes() const noexcept { return held_bytes_; }

 private:
  bool has_state() const noexcept;
  std::vector<json_member> entries_of(std::string_view lane) const;
  void take_entries(std::vector<json_member> entries);
  void take_new(const std::vector<json_member>& entries);
  void take_log(const std::vector<json_member>& entries);
  void take_other_state(const std::vector<json_member>& entries);
  void keep(std::string_view key, std::string value);
  void forget(std::string_view key);

  const query_spec spec_;
  const lane_kind kind_;
  const std::string name_;  // in quotes
  std::map<std::string, std::string, std::less<>> known_;
  std::size_t held_bytes_ = 0;
  std::uint64_t last_number_ = 0;  // of a log lane
  std::string lineage_;
  bool begun_ = false, missing_ = false;

  shared_text held_;  // what rows_ look into, beside known_
  std::string gone_;  // and the keys of what has left
  std::vector<json_member> rows_;
  std::size_t at_ = 0;
  std::uint64_t sent_ = 0, rev_ = 0, dropped_ = 0;
};

/// What makes it no query of a lane of this kind, if so.
std::optional<error> wrong_query(const query_spec& spec, lane_kind kind);

}  // namespace twinlane::web
