#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/agent_loader.hpp>
#include <twinlane/runtime/app/detail/json_members.hpp>
#include <twinlane/runtime/row_batch.hpp>

namespace twinlane::app {

using agent_types = std::vector<std::shared_ptr<const agent_type>>;

/// The type whose route takes the URI, or null.
const agent_type* type_of(const agent_types& types, std::string_view uri) noexcept;

/// Writes an agent as a line of JSON, from the rows that a store keeps of it.
///
/// Shape    `{"uri":"/customer/42","type":"customer","rev":17,"lanes":{…},"kept":{…},"timers":{…},"notes":{…}}`:
///          lanes is the document without transient lanes; kept has, lane by lane, what the document does not show:
///          the time of a value, by key [time, order of writing] of a map's entries, the same and all that is kept of a
///          window as {"at":…,"window":…}, the time of a log's, and whom a join's follow; timers by name; notes are
///          what lanes remember beside their entries. The last three are left out when they are empty. Behind rev,
///          `"version":2` when the type's is not 1; the reader takes the present version alone
/// Units    times in milliseconds since the epoch, UTC
/// Threads  one at a time
class agent_line_writer {
 public:
  explicit agent_line_writer(const agent_types& types) : types_(types) {}
  /// Appends the line, without its end. Rows of lanes that the type no longer has are left out.
  /// Errors: bad_value with what cannot be read; `out` is as it was then.
  decode_status write(std::string_view uri, std::span<const store_row> rows, std::string& out);

 private:
  const agent_types& types_;
  agent_loader loader_;
};

/// An agent from a line: the rows that bring it back, and the agent as they make it.
struct imported_agent {
  std::string uri;
  const agent_type* type = nullptr;
  std::unique_ptr<agent> self;
  struct row {
    std::string lane, key, value;
  };
  std::vector<row> rows;     // the header first
  std::size_t left_out = 0;  // of join lanes that do not say whom they follow, and windows that are not in kept
};

/// Reads lines that agent_line_writer wrote, and those of other programs: only `uri` and `lanes` must be there. What
/// `kept` does not say is taken as written now, in the order of the line. Transient lanes and unknown members of the
/// line are passed over.
///
/// Threads  one at a time
class agent_line_reader {
 public:
  explicit agent_line_reader(const agent_types& types) : types_(types) {}
  /// birth: of the agent's new life. Errors: what is wrong and where; `to` is unspecified then.
  decode_status read(std::string_view line, std::uint64_t birth, std::int64_t now_ms, imported_agent& to);

 private:
  using members = std::vector<detail::json_member>;

  decode_status read_head(const members& line, std::uint64_t birth, imported_agent& to);
  decode_status read_lane(std::string_view lane, std::string_view json, std::string_view kept, std::int64_t now_ms,
                          imported_agent& to);
  decode_status read_entries(const lane_info& lane, std::string_view json, std::string_view kept, std::int64_t now_ms,
                             imported_agent& to);
  decode_status read_windows(const lane_info& lane, std::string_view json, std::string_view kept, imported_agent& to);
  decode_status read_joins(const lane_info& lane, std::string_view json, std::string_view kept, imported_agent& to);
  decode_status load(std::uint64_t birth, imported_agent& to);

  const agent_types& types_;
  agent_loader loader_;
  decoder decoder_{std::size_t{1} << 31};
};

}  // namespace twinlane::app
