#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <twinlane/runtime/app/agent_line.hpp>
#include <twinlane/runtime/store.hpp>

namespace twinlane::app {

struct importer_options {
  std::uint32_t shards = 960;  // as the server has them: what is due lies with the shard
  std::optional<hosting> hosting_override;
  bool replace = false;  // agents that exist, else they are refused
  std::int64_t now_ms = 0;
};

/// Brings agents into a store that no runtime is using: their rows, when they are due, and whom they follow.
///
/// Shape    an agent is one commit; each begins a new life
/// Units    at most 8 MiB wait to be written
/// Threads  one
/// Errors   the constructor when the store was made with another layout. add(): why the line is not taken; nothing of
/// it is in the store then. std::runtime_error, from any, when
///          the store cannot be read or written
class agent_importer {
 public:
  agent_importer(store& to, const store_opened& opened, const agent_types& types, importer_options o);
  ~agent_importer();

  decode_status add(std::string_view line);
  /// Returns when all is on disk.
  void finish();
  /// Entries of join lanes that do not say whom they follow.
  std::size_t left_out() const noexcept { return left_out_; }

 private:
  bool remove_present(const std::string& uri, const agent_type& type, row_batch& rows);
  void put(const imported_agent& a, row_batch& rows) const;
  void put_due(const imported_agent& a, row_batch& rows) const;
  hosting hosting_of(const agent_type& type) const;
  void commit(row_batch rows, durability d);
  void wait_until_durable(durability d);

  class written;
  store& store_;
  const agent_types& types_;
  const importer_options options_;
  agent_line_reader reader_;
  std::uint64_t births_;
  std::size_t left_out_ = 0, waiting_bytes_ = 0;
};

}  // namespace twinlane::app
