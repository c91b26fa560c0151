#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <twinlane/agents/agent_type.hpp>
#include <twinlane/runtime/agent_delta.hpp>
#include <twinlane/runtime/port.hpp>
#include <twinlane/runtime/shard_options.hpp>
#include <twinlane/runtime/sink_queue.hpp>
#include <twinlane/runtime/store.hpp>

namespace caf {
class actor_system;
}

namespace twinlane {

class metrics;

struct runtime_options {
  std::uint32_t shards = 960;
  unsigned workers = 0;                     // threads that run shards; 0: one a core
  std::optional<hosting> hosting_override;  // for all types, whatever they say; for tests
  shard_options shard;
  std::size_t history_bytes_max = 64 * 1024 * 1024;  // of all agents together, see shard_options
  std::int64_t slow_turn_ms = 50;                    // a longer turn is logged with its URI and counted
  /// Milliseconds since the epoch; empty: the machine's clock.
  std::function<std::int64_t()> clock;
  /// Takes dead letters; true when they are written and synced, else they are offered again. Empty: they are counted
  /// and logged only.
  std::function<bool(std::span<const dead_letter>)> dead_letters;
  /// Told of all diffs of a cut, on its shard's thread, before it is durable; may be empty.
  std::function<void(std::span<const agent_delta>)> deltas;
  std::shared_ptr<metrics> figures;  // may be null
  /// A host's own, which then runs the shards and must outlive the runtime; null: one is made, with so many workers.
  caf::actor_system* actor_system = nullptr;
};

/// Hosts agents: the core of the server, and of a service that embeds it.
///
/// add() the agent types, start(), then use it as a port from any thread; stop() before it goes.
///
/// Threads  add and start from one thread, before any other call; the rest as port.hpp says
/// Errors   std::invalid_argument from add() for a type or route that clashes; std::runtime_error from start()
class runtime final : public port {
 public:
  explicit runtime(runtime_options options = {}, std::unique_ptr<store> s = std::make_unique<memory_store>());
  ~runtime() override;

  void add(std::shared_ptr<const agent_type> type);
  template <class Agent>
  void add(std::string name, std::string_view route_pattern, type_options options = {}) {
    add(make_agent_type<Agent>(std::move(name), route_pattern, std::move(options)));
  }

  /// Where agents' emissions of the queue's name go; before start(). Whoever empties it ends before the runtime goes.
  void add_sink(std::shared_ptr<sink_queue> s);

  void start();
  /// Refuses what is new, finishes what has arrived while the deadline allows, tells agents and their subscribers that
  /// they stop. False when the deadline came first.
  bool end_agents(std::chrono::milliseconds deadline);
  /// end_agents(), then ends the actors; waits for turns that run, whatever the deadline. Safe to call twice.
  bool stop(std::chrono::milliseconds deadline);
  void set_ready(bool ready);

  /// Agents that exist, of one type or of all.
  std::int64_t agent_count(std::string_view type = {}) const;
  /// Bytes that were handed to the store and are not durable yet.
  std::size_t store_bytes() const;
  /// Bytes kept for subscribers that missed something.
  std::size_t history_bytes() const;
  /// Agents that were asked for and whose stored rows cannot be read.
  std::int64_t unreadable_count(std::string_view type = {}) const;
  /// The shared shards and one for each dedicated agent.
  std::size_t shard_count() const;
  /// Waits until all that has been handed over is applied; false at the deadline.
  bool drain(std::chrono::milliseconds deadline);

  std::shared_ptr<source_partition> partition(const std::string& source, const std::string& topic,
                                              std::int32_t number) override;
  outcome<target_info> resolve_target(std::string_view entity_template, std::string_view lane) override;
  void post(const std::shared_ptr<source_partition>& p, std::span<const routed_record> records,
            std::vector<dead_letter> dead, std::int64_t next_offset, steady_time arrived,
            std::shared_ptr<const ingest_request> request = nullptr) override;
  void get(const std::string& uri, const view& what, answer<snapshot> a) override;
  void get_lane(const std::string& uri, const std::string& lane, const std::optional<std::string>& key,
                answer<lane_value> a) override;
  void command(command_request r, answer<command_result> a) override;
  void write(write_request r, answer<command_result> a) override;
  void remove(const std::string& uri, std::optional<std::string> if_match, answer<std::monostate> a) override;
  outcome<subscription> subscribe(const subscribe_request& r, std::shared_ptr<subscriber> s,
                                  std::uint64_t tag) override;
  void unsubscribe(const subscription& s) override;
  void pull(const subscription& s) override;
  std::vector<type_description> types() const override;
  void entities(const std::string& type, const std::string& after, std::size_t limit, answer<entity_page> a) override;
  std::vector<std::shared_ptr<source_partition>> partitions() const override;
  bool ready() const override;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane
