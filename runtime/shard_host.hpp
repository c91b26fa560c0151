#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <twinlane/runtime/agent_delta.hpp>
#include <twinlane/runtime/agent_history.hpp>
#include <twinlane/runtime/dead_letter_queue.hpp>
#include <twinlane/runtime/join_messages.hpp>
#include <twinlane/runtime/parcel.hpp>
#include <twinlane/runtime/port.hpp>
#include <twinlane/runtime/record_batch.hpp>
#include <twinlane/runtime/sink_queue.hpp>
#include <twinlane/runtime/store.hpp>
#include <twinlane/runtime/turn_pool.hpp>

namespace twinlane {

/// Agents that have caused one another so many times over look endless: it goes no further.
inline constexpr unsigned hops_max = 64;

/// A record from one agent to another. `hops` counts how many agents it has caused one another through.
struct mail {
  std::string uri, lane, key, value;
  std::shared_ptr<record_batch> cause;  // keeps the source's window open until the consequences are applied too
  unsigned hops = 0;
  parcel_item sent;
  std::optional<std::int64_t> event_ms{};  // the sender's; none: what an older version kept of it does not say
};

/// The place of agents that share their shard with no other.
inline constexpr std::uint32_t own_place = ~std::uint32_t{0};

/// What a shard needs of its surroundings; the runtime in a process, a fake in a test.
///
/// Threads  any shard's thread
class shard_host : public parcel_returns, public fan_out_steps {
 public:
  virtual std::int64_t now_ms() const = 0;
  virtual const agent_type* type_of(std::string_view uri) const = 0;
  /// Agents with the same place are on one shard, but for own_place.
  virtual std::uint32_t place_of(std::string_view uri) const = 0;
  virtual const agent_type& type_at(std::uint32_t index) const = 0;
  virtual store& storage() = 0;
  /// Does somebody want every cut's diffs? Without, they are made for subscribers alone.
  virtual bool wants_deltas() const noexcept = 0;
  virtual void did_cut(std::span<const agent_delta> deltas) = 0;
  /// The partition of that store key, see partition_key().
  virtual const source_partition* partition_of(std::string_view key) = 0;
  virtual turn_pool& turns() = 0;
  virtual history_budget& histories() = 0;
  virtual std::uint64_t next_birth() = 0;
  virtual std::string lineage_of(std::uint64_t birth) const = 0;
  // To other shards (or the same); never blocks.
  virtual void deliver(mail m) = 0;
  virtual void deliver(join_update u) = 0;
  virtual void deliver(follow_request f) = 0;
  /// The sink of that name, or null.
  virtual sink_queue* sink_of(std::string_view name) = 0;
  /// A shard keeps items back for a sink that has no room; shard::refill() is called on it when there is some.
  virtual void wait_for_room(sink_queue& s, const std::string& shard_name) = 0;
  /// A shard has handed over all that it had kept back.
  virtual void did_refill(sink_queue& s) = 0;
  /// Begins the ids of sink items; no other store has it, nor this one after an unclean end.
  virtual const std::string& store_id() const = 0;
  virtual void did_lose_item(std::string_view sink, std::string_view why) = 0;
  /// True, and the batch is empty, when its letters are on disk; else it is as it was, and is to be kept.
  virtual bool bury(dead_letter_batch& letters) = 0;
  virtual void keep(dead_letter_batch letters) = 0;
  // Figures; cheap.
  virtual void did_run_turn(const agent_type& type, std::string_view uri, double seconds) = 0;
  virtual void did_run_command(const agent_type& type, std::string_view lane, std::string_view outcome) = 0;
  virtual void did_drop_late(const agent_type& type, std::string_view uri, const late_events& dropped) = 0;
  /// One who wanted to resume did, or got a snapshot.
  virtual void did_resume(bool resumed) = 0;
  virtual void did_activate() = 0;
  virtual void did_passivate() = 0;
  virtual void did_change_agents(const agent_type& type, int difference) = 0;
  virtual void did_change_unreadable(const agent_type& type, int difference) = 0;
};

/// How the store knows a source partition.
std::string partition_key(const source_partition& p);

/// A target id is the type's index and the lane's.
constexpr target_id make_target(std::uint32_t type, std::uint32_t lane) { return type << 8 | lane; }
constexpr std::uint32_t type_of_target(target_id t) { return t >> 8; }
constexpr std::uint32_t lane_of_target(target_id t) { return t & 0xff; }

}  // namespace twinlane
