#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include <twinlane/agents/agent_loader.hpp>
#include <twinlane/agents/turn.hpp>
#include <twinlane/runtime/detail/outbox.hpp>
#include <twinlane/runtime/entity.hpp>
#include <twinlane/runtime/idempotency.hpp>
#include <twinlane/runtime/shard_host.hpp>
#include <twinlane/runtime/shard_options.hpp>

namespace twinlane {

/// Lets a shard run on some thread soon; one run at a time.
class shard_runner {
 public:
  virtual ~shard_runner() = default;
  virtual void wake() = 0;
};

/// One part of the URI space: hosts its agents, cuts its input, runs their turns. The unit of durability.
///
/// The life of a record: enqueue → cut (at most 256, grouped by agent) → one turn an agent → store, links, joins.
///
/// Threads  enqueue() and request() from any thread; run() from one thread at a time, as its runner sees to
/// Cost     one lock per enqueue and per run
/// Errors   a turn that throws is undone and its messages run again one a turn; what throws again is a dead letter
class shard {
 public:
  using control = std::function<void(shard&)>;

  /// options must outlive the shard. name: how the store knows it.
  shard(std::string name, shard_host& host, const shard_options& options);
  ~shard();

  /// Without a runner nothing is taken: requests are refused, the rest is dropped.
  void set_runner(std::unique_ptr<shard_runner> r);

  // Input, from any thread.
  void enqueue(std::shared_ptr<record_batch> b);
  void enqueue(mail m);
  void enqueue(join_update u);
  void enqueue(follow_request f);
  void enqueue(fan_out_step s);
  /// A parcel of this shard's has arrived.
  void enqueue(std::shared_ptr<parcel> p);
  /// False when the inbox is full; nothing is kept then.
  bool request(command_request r, answer<command_result> a);
  bool request(write_request r, answer<command_result> a);
  bool request(control c);
  /// Not refused by a full inbox: ends things, or is the host's own.
  void order(control c);
  /// Answers the requests that have not run, drops the rest. After the runner went and the last run() has ended.
  void abandon();
  /// When it holds nothing that is needed, it takes nothing more, and answers true.
  bool retire();
  /// Runs soon when something is due.
  void wake_if_due(std::int64_t now_ms);
  /// How often it was woken so far, or nothing while it has work. Two equal answers: no work in between.
  std::optional<std::uint64_t> quiet() const;

  /// Takes what has arrived and runs cuts until nothing is left or the budget is used up. True: run again soon.
  bool run();

  // For controls, on the shard's thread.
  entity* find(std::string_view uri);
  /// The entity with its agent in memory, from the store if need be; null when neither has it.
  entity* find_agent(std::string_view uri);
  entity& find_or_watch(std::string_view uri, const agent_type& type);
  void drop_if_idle(entity& e);
  void subscribe(const std::string& uri, const agent_type& type, link l, const std::optional<resume_point>& from = {});
  void unsubscribe(const std::string& uri, std::uint64_t id);
  void pull(const std::string& uri, std::uint64_t id);
  void remove(const std::string& uri, const std::optional<std::string>& if_match, answer<std::monostate> a);
  void collect_uris(const agent_type& type, std::string_view after, std::size_t limit, std::vector<std::string>& out);
  std::string lineage(const entity& e) const { return host_.lineage_of(e.birth); }
  void stop_agents();
  static void stop_agent(entity& e) noexcept;
  /// Hands over what was kept back for a sink that had no room.
  void refill(sink_queue& to);

 private:
  struct command_item {
    std::variant<command_request, write_request> request;
    answer<command_result> reply_to;
  };
  // Small, so that an inbox of batches stays small too.
  using item = std::variant<std::shared_ptr<record_batch>, std::unique_ptr<mail>, std::unique_ptr<join_update>,
                            std::unique_ptr<follow_request>, std::unique_ptr<fan_out_step>,
                            std::unique_ptr<command_item>, std::shared_ptr<parcel>, control>;
  template <class T>
  static T* message(const item& i) {
    const auto* held = std::get_if<std::unique_ptr<T>>(&i);
    return held ? held->get() : nullptr;
  }

  /// One message of a cut, chained to the next of the same entity.
  struct work {
    item* from;                // what it came in
    std::uint32_t record = 0;  // within a batch, or of the joins that an update goes to
    std::uint32_t next = 0;    // 1-based; 0 ends the chain
  };
  struct pending_answer {
    answer<command_result> reply_to;
    outcome<command_result> result;
    const entity* of;  // whose rev the answer tells; null: final as it is
    std::string key;   // under which the answer is kept, or empty
    std::uint64_t request_hash;
    std::string_view command;  // the command lane, or empty
  };
  /// What an agent sends to a sink.
  struct emission {
    sink_queue* to;
    sink_item item;
    parcel_item sent;
  };
  struct cut;
  class waiter;

  bool push(item i, bool bounded);
  void wake();
  // Cutting (shard.cpp).
  void make_cut(cut& c);
  bool add_batch(cut& c, item& i, std::size_t at);
  std::int64_t* next_of(cut& c, const record_batch& b);
  void add_work(cut& c, std::string_view uri, const agent_type& type, work w);
  void run_cut(cut& c);
  void run_chain(cut& c, entity& e);
  bool is_due(const cut& c) const;
  std::int64_t next_due() const;
  void wake_sleepers(std::int64_t now_ms);
  void run_due(cut& c);
  void run_due(cut& c, entity& e);
  static std::int64_t due_of(const entity& e);
  void finish_cut(cut& c);
  // One turn (shard_turn.cpp).
  void run_turn(cut& c, entity& e, std::span<const work> works);
  bool run_quiet_turn(cut& c, entity& e);
  bool try_turn(cut& c, entity& e, std::span<const work> works, std::string& failure);
  void apply(cut& c, entity& e, turn& t, const work& w);
  void apply_request(cut& c, entity& e, turn& t, command_item& request);
  bool may_create(const work& w, const agent_type& type) const;
  bool answered_before(cut& c, const command_item& q);
  bool revs_match(cut& c, const entity& e, const work& w);
  void position_of(dead_letter& letter, const parcel_item& sent);
  void fail(cut& c, const entity& e, const work& w, problem what, dead_reason reason, const std::string& why);
  turn& turn_for(const agent_type& type);
  void return_turns();
  // What follows a turn (shard_publish.cpp).
  void publish(cut& c, entity& e, turn& t, bool changed, bool born, std::span<const work> works);
  void settle_answers(cut& c, const entity& e);
  void bury_item(cut& c, const entity& e, sink_effect& s);
  void bury_endless(cut& c, const std::string& from, std::string to, std::string key, std::string value,
                    const std::shared_ptr<record_batch>& cause);
  void send_effects(cut& c, entity& e, turn& t, const std::shared_ptr<record_batch>& cause, unsigned hops);
  void reschedule(entity& e, std::int64_t due_ms);
  void note_next_due();
  void tell_deltas(const cut& c);
  void keep_answer(const pending_answer& a, std::int64_t now_ms);
  // Subscribers (shard_links.cpp).
  void send_diffs(const cut& c, entity& e, const turn& t);
  static void send_events(const entity& e, const turn& t);
  void send_snapshots(entity& e, const std::function<bool(const link&)>& wanted = nullptr);
  bool send_snapshot(const entity& e, bool exists, link& l);
  bool send_missed(const entity& e, link& l);
  bool catch_up(entity& e, link& l);
  bool greet(entity& e, link& l, const std::optional<resume_point>& from);
  static void end_unreadable(const entity& e, link& l, const std::exception& why);
  void send_life(entity& e, std::string_view event, std::string_view cause);
  void begin_history(entity& e);
  void note_paths(entity& e, const turn& t, std::int64_t now_ms);
  void keep_history(entity& e);
  void list_history(entity& e, std::int64_t now_ms);
  void expire_histories(std::int64_t now_ms);
  void forget_texts() noexcept;
  // Joins (shard_joins.cpp).
  bool add_update(cut& c, item& i, const join_update& u);
  void follow(cut& c, const follow_request& f);
  void note_changes(cut& c, entity& e, std::uint64_t lanes, const std::shared_ptr<record_batch>& cause, unsigned hops);
  void tell_changes(cut& c);
  void tell_next(cut& c, const entity& e, unsigned lane, lane_followers& to);
  std::shared_ptr<announcement> announce(const entity& e, unsigned lane);
  void run_step(cut& c);
  void tell_step(cut& c, const fan_out_step& s);
  void drop_followers(entity& e);
  void tell_again(cut& c, const std::string& uri);
  // What goes to others (shard_outbox.cpp).
  bool is_new(cut& c, const parcel_item& sent);
  void take_back(const parcel& p);
  void save_outbox(cut& c);
  parcel_item save_item(const std::shared_ptr<parcel>& in, const detail::outbox_item& text);
  void save_dead(cut& c, const std::shared_ptr<parcel>& in);
  void deliver(cut& c);
  std::string id_of(std::string_view store, std::uint64_t number) const;
  void read_kept_back(const detail::outbox::keeping_back& k, std::vector<emission>& items);
  void order_offers(std::vector<emission> items);
  void offer(emission e);
  void owe(const std::string& uri);
  void owe_no_more(const std::string& uri);
  void owe(announcement& said, const std::shared_ptr<parcel>& in);
  std::shared_ptr<parcel> lone_parcel(std::uint64_t number, sink_queue* to);
  void resume_item(std::uint64_t number, const detail::outbox_item& i);
  void resume(const std::vector<std::pair<std::uint64_t, std::string>>& items, const std::vector<std::string>& owed);
  sink_queue* resume_sink(std::uint64_t number, const detail::outbox_item& i);
  void list_dedicated();
  // Rows (shard_store.cpp).
  bool open_rows();
  void read_rows();
  void load(entity& e);
  std::string read_agent(entity& e);
  bool is_stored(entity& e);
  void set_unreadable(entity& e, std::string why);
  void save_migrated(entity& e);
  void load_follower(entity& e, const store_row& r);
  void did_come(entity& e);
  void did_go(entity& e);
  void save(entity& e, turn& t, bool born);
  void save_marks();
  void save_due(const entity& e);
  void save_follower(const follow_request& f);
  void save_answer(const std::string& key, const idempotency::kept& k);
  void load_answer(const store_row& r);
  void save_requests(const cut& c);
  void load_request(const store_row& r);
  void forget(const std::string& uri);
  void passivate(std::int64_t now_ms);
  void passivate(entity& e);
  void drop_transient(const entity& e);
  void commit_rows();

  shard_host& host_;
  const shard_options& options_;
  std::unique_ptr<shard_runner> runner_;

  mutable std::mutex mutex_;
  std::vector<item> inbox_;
  bool scheduled_ = false;
  std::uint64_t wakes_ = 0;
  std::atomic<std::int64_t> next_due_ms_{lane_base::never};

  // Below: the running thread's alone.
  std::vector<item> pending_;
  std::size_t pending_at_ = 0;
  bool ended_ = false;              // nothing runs any more
  std::uint32_t first_record_ = 0;  // of the batch at pending_at_, or of the joins of the update there
  boost::unordered_flat_set<std::unique_ptr<entity>, uri_hash, uri_equal> entities_;
  std::set<std::pair<std::int64_t, entity*>> schedule_;
  std::vector<std::pair<std::int64_t, std::string>> sleepers_;  // due, and out of memory since the start; latest first
  std::vector<std::pair<const agent_type*, std::unique_ptr<turn>>> turns_;
  std::deque<fan_out_step> steps_;                              // that fan-outs may make now
  std::deque<std::pair<std::int64_t, std::string>> histories_;  // of agents: when to look whether they are old
  shared_texts<snapshot> snapshots_;
  shared_texts<diff> merged_;
  /// Below `next` this shard has taken every record of the partition that is its own.
  struct watermark {
    const source_partition* of;
    std::int64_t next, saved;
  };
  std::vector<watermark> watermarks_;
  // What the store keeps.
  const bool keeps_;
  const std::shared_ptr<const std::string> name_;
  const std::string owner_;  // of the shard's own rows
  bool opened_ = false;
  row_batch rows_;  // to go with the cut
  std::string scratch_;
  agent_loader loader_;
  std::size_t active_ = 0;
  std::int64_t next_sweep_ms_ = 0;
  std::unique_ptr<ingest_requests> requests_;  // made with the first
  std::unique_ptr<idempotency> answers_;       // made with the first key
  std::unique_ptr<detail::outbox> outbox_;     // where the store keeps rows
};

}  // namespace twinlane
