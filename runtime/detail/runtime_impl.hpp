#pragma once

#include <array>
#include <condition_variable>
#include <deque>
#include <map>
#include <shared_mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include <twinlane/runtime/detail/actors.hpp>
#include <twinlane/runtime/runtime.hpp>

namespace twinlane {

/// The shards of dedicated agents, one an agent, by URI; made on first use, gone some time after their agent.
///
/// Threads  any; striped by URI. Functions given run under the stripe's lock, so that no shard goes meanwhile
class dedicated_directory {
 public:
  /// Calls f(shard); false when there is none.
  template <class F>
  bool find(std::string_view uri, F&& f) const {
    auto& s = stripe_of(uri);
    std::lock_guard lock(s.mutex);
    const auto it = s.shards.find(uri);
    if (it == s.shards.end()) return false;
    f(*it->second);
    return true;
  }
  template <class Make, class F>
  void find_or_make(std::string_view uri, Make&& make, F&& f) {
    auto& s = stripe_of(uri);
    std::lock_guard lock(s.mutex);
    auto it = s.shards.find(uri);
    if (it == s.shards.end()) it = s.shards.emplace(std::string(uri), make()).first;
    f(*it->second);
  }
  /// Lets go of the shards that hold nothing.
  void retire_empty() {
    for (auto& s : stripes_) {
      std::lock_guard lock(s.mutex);
      std::erase_if(s.shards, [](const auto& entry) { return entry.second->retire(); });
    }
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
  stripe& stripe_of(std::string_view uri) const {
    return stripes_[std::hash<std::string_view>()(uri) % stripes_.size()];
  }
  mutable std::array<stripe, 64> stripes_;
};

struct runtime::impl final : shard_host {
  impl(runtime_options o, std::unique_ptr<store> s);
  ~impl() override;

  // shard_host
  std::int64_t now_ms() const override { return options.clock(); }
  const agent_type* type_of(std::string_view uri) const override;
  std::uint32_t place_of(std::string_view uri) const override;
  const agent_type& type_at(std::uint32_t index) const override { return *types[index].type; }
  store& storage() override { return *kept; }
  bool wants_deltas() const noexcept override { return static_cast<bool>(options.deltas); }
  void did_cut(std::span<const agent_delta> deltas) override { options.deltas(deltas); }
  const source_partition* partition_of(std::string_view key) override;
  turn_pool& turns() override { return scratch; }
  history_budget& histories() override { return history_bytes; }
  std::uint64_t next_birth() override { return births.fetch_add(1, std::memory_order_relaxed); }
  std::string lineage_of(std::uint64_t birth) const override;
  void deliver(mail m) override;
  void deliver(join_update u) override;
  void deliver(follow_request f) override;
  void take_back(std::shared_ptr<parcel> p) noexcept override;
  void go_on(fan_out_step s) noexcept override;
  sink_queue* sink_of(std::string_view name) override;
  void wait_for_room(sink_queue& s, const std::string& shard_name) override;
  void did_refill(sink_queue& s) override;
  const std::string& store_id() const override { return store_name; }
  void did_lose_item(std::string_view sink, std::string_view why) override;
  bool bury(dead_letter_batch& letters) override { return dead.try_write(letters); }
  void keep(dead_letter_batch letters) override { dead.keep(std::move(letters)); }
  void did_run_turn(const agent_type& type, std::string_view uri, double seconds) override;
  void did_run_command(const agent_type& type, std::string_view lane, std::string_view outcome) override;
  void did_drop_late(const agent_type& type, std::string_view uri, const late_events& dropped) override;
  void did_resume(bool resumed) override;
  void did_activate() override;
  void did_passivate() override;
  void did_change_agents(const agent_type& type, int difference) override;
  void did_change_unreadable(const agent_type& type, int difference) override;

  struct hosted_type {
    std::shared_ptr<const agent_type> type;
    bool dedicated;
    std::unique_ptr<std::atomic<std::int64_t>> agents, unreadable;
  };
  /// Where a subscription lives.
  struct place {
    const hosted_type* type;
    std::string uri;
  };
  const hosted_type* hosted_of(std::string_view uri) const;
  const hosted_type* hosted_named(std::string_view name) const;
  /// Calls f with the shard of a URI, a dedicated one made when asked to; false where there is none.
  template <class F>
  bool on_shard(std::string_view uri, const hosted_type& type, bool make, F&& f) {
    if (!type.dedicated) {
      f(*shards[type.type->path().hash(uri) % options.shards]);
      return true;
    }
    // With a store, who is not in memory may still be there.
    if (!make && !kept->keeps_rows()) return dedicated.find(uri, f);
    dedicated.find_or_make(
        uri, [&] { return make_shard(std::string(uri)); }, f);
    return true;
  }
  /// Puts a control, or a request with its answer, into the inbox of a URI's shard; else answers why not.
  template <class T, class Request>
  void send(const std::string& uri, const hosted_type& type, bool make, const answer<T>& a, Request r) {
    bool taken = false;
    const bool found = on_shard(uri, type, make, [&](shard& s) {
      if constexpr (std::is_invocable_v<Request, shard&>)
        taken = s.request(shard::control(std::move(r)));
      else
        taken = s.request(std::move(r), a);
    });
    if (!found)
      a(error{problem::no_such_entity, uri + " does not exist"});
    else if (!taken)
      a(error{problem::too_busy, "the agent's shard has too many requests waiting. Try again later."});
  }
  /// Answers with what a function says on the shard, of an entity that exists; also when it throws.
  template <class T, class F>
  void ask(const std::string& uri, const hosted_type& type, answer<T> a, F f) {
    send(uri, type, false, a, [a, f = std::move(f)](shard& on) {
      outcome<T> said = error{};
      try {
        said = f(on);
      } catch (const std::exception& x) {
        said = error{problem::handler_failed, x.what()};
      }
      a(std::move(said));
    });
  }
  template <class F>
  void for_each_shard(F&& f) const {
    for (const auto& s : shards) f(*s);
    dedicated.for_each([&](const std::string&, shard& s) { f(s); });
  }
  /// The type and lane of a request, or why there is none.
  outcome<const hosted_type*> find_route(const std::string& uri) const;
  std::unique_ptr<shard> make_shard(std::string name);
  void save_low_marks();
  void list_stored(const hosted_type& t, const std::string& after, std::size_t limit, answer<entity_page> a);
  entity_page stored_page(const hosted_type& t, const std::string& after, std::size_t limit);
  void spread(std::span<const routed_record> records, const std::shared_ptr<source_partition::window>& window,
              steady_time arrived, const std::shared_ptr<const ingest_request>& request);
  void tick();

  runtime_options options;
  std::unique_ptr<store> kept;
  std::uint64_t start_counter = 0;
  std::int64_t fresh_offset = 0;
  std::vector<hosted_type> types;
  turn_pool scratch;
  dead_letter_queue dead;
  history_budget history_bytes;
  std::shared_ptr<batch_pool> batches = std::make_shared<batch_pool>();
  std::atomic<std::uint64_t> births{1}, subscriptions{1};
  std::atomic<bool> is_ready{false}, accepting{false}, closed{false};

  std::unique_ptr<detail::actors> system;
  std::vector<std::unique_ptr<shard>> shards;
  dedicated_directory dedicated;

  mutable std::mutex partitions_mutex;
  std::map<std::tuple<std::string, std::string, std::int32_t>, std::shared_ptr<source_partition>> partitions;
  std::map<std::string, std::int64_t> stored_marks;    // low marks as the store has them, by partition_key()
  std::map<std::string, std::int64_t> stored_origins;  // the same of origins, as they were at the start
  std::mutex marks_mutex;                              // one commit of theirs at a time
  void read_stored_partitions();
  void give_stored(source_partition& p) const;
  void save_origin(const std::string& key, std::int64_t origin);
  std::shared_ptr<source_partition> find_or_make_partition(const std::string& source, const std::string& topic,
                                                           std::int32_t number);

  /// A sink, and the shards that keep items back for it, by name.
  struct connected_sink {
    std::shared_ptr<sink_queue> queue;
    std::mutex mutex;
    std::deque<std::string> waiting;
  };
  std::vector<std::unique_ptr<connected_sink>> sinks;
  std::string store_name;
  connected_sink& sink_at(const sink_queue& s);
  void refill_next(connected_sink& s);
  void open_shards();
  void check_store();

  std::mutex tick_mutex;
  std::condition_variable tick_wake;
  bool ticking = false;
  unsigned ticks = 0;
  bool agents_ended = false;
  std::thread ticker;
};

}  // namespace twinlane
