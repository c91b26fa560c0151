#pragma once

#include <array>
#include <condition_variable>
#include <map>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include <twinlane/runtime/detail/actors.hpp>
#include <twinlane/runtime/runtime.hpp>

namespace twinlane {

/// The shards of dedicated agents, one an agent, by URI; made on first use.
///
/// Threads  any; striped by URI
class dedicated_directory {
 public:
  shard* find(std::string_view uri) const;
  template <class Make>
  shard& find_or_make(std::string_view uri, Make&& make) {
    auto& s = stripe_of(uri);
    std::lock_guard lock(s.mutex);
    auto it = s.shards.find(uri);
    if (it == s.shards.end()) it = s.shards.emplace(std::string(uri), make()).first;
    return *it->second;
  }
  template <class F>
  void for_each(F&& f) const {
    for (const auto& s : stripes_) {
      std::lock_guard lock(s.mutex);
      for (const auto& [uri, one] : s.shards) f(uri, *one);
    }
  }

 private:
  struct stripe {
    mutable std::mutex mutex;
    std::unordered_map<std::string, std::unique_ptr<shard>, uri_hash, std::equal_to<>> shards;
  };
  stripe& stripe_of(std::string_view uri) const { return stripes_[std::hash<std::string_view>()(uri) % stripes_.size()]; }
  mutable std::array<stripe, 64> stripes_;
};

struct runtime::impl final : shard_host {
  impl(runtime_options o, std::unique_ptr<store> s);
  ~impl() override;

  // shard_host
  std::int64_t now_ms() const override { return options.clock(); }
  const agent_type* type_of(std::string_view uri) const override;
  const agent_type& type_at(std::uint32_t index) const override { return *types[index].type; }
  store& storage() override { return *kept; }
  turn_pool& turns() override { return scratch; }
  std::uint64_t next_birth() override { return births.fetch_add(1, std::memory_order_relaxed); }
  std::string lineage_of(std::uint64_t birth) const override;
  void deliver(mail m) override;
  void deliver(join_update u) override;
  void deliver(follow_request f) override;
  void bury(std::span<const dead_letter> letters) override;
  void did_run_turn(const agent_type& type, std::string_view uri, double seconds) override;
  void did_run_command(const agent_type& type, std::string_view lane, std::string_view outcome) override;
  void did_change_agents(const agent_type& type, int difference) override;

  struct hosted_type {
    std::shared_ptr<const agent_type> type;
    bool dedicated;
    std::unique_ptr<std::atomic<std::int64_t>> agents;
  };
  const hosted_type* hosted_of(std::string_view uri) const;
  const hosted_type* hosted_named(std::string_view name) const;
  /// The shard of a URI; makes a dedicated one when asked to, else null where there is none.
  shard* shard_of(std::string_view uri, const hosted_type& type, bool make);
  shard* shard_of(std::string_view uri, std::uint32_t hash, const hosted_type& type, bool make);
  template <class F>
  void for_each_shard(F&& f) const {
    for (const auto& s : shards) f(*s);
    dedicated.for_each([&](const std::string&, shard& s) { f(s); });
  }
  /// The type and lane of a request, or why there is none.
  outcome<const hosted_type*> find_route(const std::string& uri) const;
  std::unique_ptr<shard> make_shard(std::uint32_t number);
  void tick();

  runtime_options options;
  std::unique_ptr<store> kept;
  std::uint64_t start_counter = 0;
  std::vector<hosted_type> types;
  turn_pool scratch;
  std::shared_ptr<batch_pool> batches = std::make_shared<batch_pool>();
  std::atomic<std::uint64_t> births{1}, subscriptions{1};
  std::atomic<bool> is_ready{false}, accepting{false}, closed{false};

  std::unique_ptr<detail::actors> system;
  std::vector<std::unique_ptr<shard>> shards;
  dedicated_directory dedicated;

  mutable std::mutex partitions_mutex;
  std::map<std::tuple<std::string, std::string, std::int32_t>, std::shared_ptr<source_partition>> partitions;

  std::mutex tick_mutex;
  std::condition_variable tick_wake;
  bool ticking = false;
  std::thread ticker;
};

}  // namespace twinlane
