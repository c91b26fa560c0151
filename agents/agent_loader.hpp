#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/agent_header.hpp>
#include <twinlane/agents/row_migration.hpp>

namespace twinlane {

/// Brings agents back from the rows that their turns saved: lanes, order of retention, timers and joins are as they
/// were; transient lanes are empty. No code of the agent runs.
///
/// begin → add each row, the header's among them, in any order → finish; then the next agent.
///
/// What has changed since the rows were written: rows, timers and notes of lanes that the type no longer has, or has
/// as transient, are left out; fields that a record has gained or lost are as lane_base::load_row says; a lane of
/// another kind is an error. To follow again what the agent joined: lane_base::collect_joins. Rows of an older version
/// of the type wait for finish(), where row_migration brings them to the lanes; those of a newer one are an error.
///
/// Cost     decoding alone; buffers are kept from one agent to the next
/// Threads  one at a time
/// Errors   a row that cannot be read is named with its lane, key and reason, and left out. The agent is not what it
///          was then and must not have a turn
class agent_loader {
 public:
  /// The agent has had no turn yet, and stays until finish().
  void begin(agent& a);
  /// The row of no lane and no key is the header.
  decode_status add(std::string_view lane, std::string_view key, std::string_view value);
  /// Without a header, the agent does not exist.
  decode_status finish();

  std::uint64_t birth() const noexcept { return header_.birth; }
  /// One more than was stored when the agent was migrated, for it is not what was seen under that rev.
  std::uint64_t rev() const noexcept { return header_.rev + migrated(); }
  /// Has an older version of the type written the rows? Then they are to be replaced, with the header, as one commit
  /// before the agent's first turn.
  bool migrated() const noexcept;
  /// Hands on what is different in the rows since, but for the header.
  void save_migrated(row_sink& to) const { rows_.save(to); }
  /// Rows that were left out because their lane is gone or is transient now.
  std::size_t skipped() const noexcept { return skipped_; }

 private:
  decode_status add_header(std::string_view text);
  decode_status load(std::string_view lane, std::string_view key, std::string_view value);

  agent* agent_ = nullptr;
  int lane_ = -1;  // of the last row: rows of one lane mostly come together
  bool found_ = false;
  std::size_t skipped_ = 0;
  agent_header header_;
  row_migration rows_;                     // that wait
  decoder decoder_{std::size_t{1} << 31};  // what a lane could hold can be read, whatever the bound on records
};

}  // namespace twinlane
