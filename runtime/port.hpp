#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/lanes/field_set.hpp>
#include <twinlane/lanes/lane_kind.hpp>
#include <twinlane/runtime/errors.hpp>
#include <twinlane/runtime/partition.hpp>
#include <twinlane/runtime/shared_text.hpp>

namespace twinlane {

using steady_time = std::chrono::steady_clock::time_point;

/// An agent type's lane, resolved once at start so that a record carries a number.
using target_id = std::uint32_t;

struct target_info {
  target_id id{};
  lane_kind kind{};
  /// Index (from 0) of the URI path segment that is the route's first parameter; its decoded text decides the shard.
  unsigned first_param_segment{};
};

/// A record with its destination. The views need to live only during port::post, which copies them.
struct routed_record {
  std::string_view uri;  // the agent's canonical URI, see agents/uri.hpp
  std::uint32_t hash{};  // murmur2 of the decoded text of the route's first parameter
  target_id target{};
  std::string_view key;    // map lanes: the entry's key as text
  std::string_view value;  // JSON text; ignored when remove is set
  bool remove{};           // null value: removes the map entry or clears the value lane
  std::int64_t offset{};   // position within the source partition
  std::int64_t time_ms{};  // event time, milliseconds since the epoch
};

/// A request that brought records which nobody can read again: they are on disk before their window ends, and when a
/// request of the same key comes again, only those that are missing are applied.
///
/// Units    a shard knows its last 1,000 keys, for 24 hours
struct ingest_request {
  std::string key;       // empty: none
  std::int64_t first{};  // offset of its first record
};

/// A record that could not be applied, with its original bytes and position.
struct dead_letter {
  std::string source, topic;
  std::int32_t partition{};
  std::int64_t offset{};
  dead_reason reason{};
  std::string detail;      // what is wrong and where, for people
  std::string key, value;  // the original bytes
  std::int64_t at_ms{};    // filled by the writer when 0
  // Of a record that was routed and refused by its agent. Then key and value are those of the lane, not the original's.
  std::string uri{};       // the agent's; empty when none was found
  std::int64_t time_ms{};  // the event's
};

/// Which part of an agent's document one wants: all lanes, or those named. Subscriptions hear supply lanes by it too.
struct view {
  bool all = true;
  std::vector<std::string> lanes;
  /// Of these lanes, only this; null: the whole of them.
  std::shared_ptr<const field_set> fields{};
  /// What the reader's rights are, as a short text. The runtime puts it behind the lineage that its snapshots say,
  /// `LINEAGE-RIGHTS`: where rights change, nobody resumes, and ETags differ. Other answers say the plain lineage.
  std::string rights{};
};

/// State of one agent. `tail` is the shared rest of a wire message:
/// `"uri":…,"lineage":…,"rev":…,"exists":…,"resumed":false,"lanes":{…}}`, ready to follow `{"op":"snap","id":1,`. One
/// who resumes is told `…,"resumed":true}`, and then what was missed, as one merged diff.
struct snapshot {
  std::string uri, type, lineage;
  std::uint64_t rev{};
  bool exists{};
  bool resumed{};  // rev is where the subscriber was: the text has no lanes, and lanes() is not to be asked
  shared_text tail;
  std::size_t lanes_at{};  // where the lanes object starts in tail
  std::string_view lanes() const { return std::string_view(*tail).substr(lanes_at, tail->size() - 1 - lanes_at); }
};

/// What changed between two revs. `tail` is `"rev":…,"patch":{…}}`, ready to follow `{"op":"diff","id":1,"from":17,`.
struct diff {
  std::uint64_t from{}, rev{};
  shared_text tail;
  std::size_t patch_at{};  // where the patch object starts in tail
  steady_time arrived{};   // when the first event of the turn entered the process; merged: when it was made
  bool merged{};           // of several turns, for one who was behind
  std::string_view patch() const { return std::string_view(*tail).substr(patch_at, tail->size() - 1 - patch_at); }
};

/// What a supply lane emitted. `tail` is `"lane":"alerts","value":…`, ready to follow `{"op":"event","id":1,` and to be
/// followed by `,"dropped":0}`.
struct supply_event {
  std::uint64_t rev{};  // the agent's when it was emitted
  shared_text tail;
  std::size_t value_at{};  // where the value starts in tail
  std::string_view value() const { return std::string_view(*tail).substr(value_at); }
};

/// started | stopped | activated | passivated | deleted | moved
struct life_event {
  std::string_view event;
  std::int64_t at_ms{};
  std::string cause;
};

/// Receives one connection's subscriptions. `tag` is the number that the subscriber gave with subscribe().
///
/// Threads  called on shard threads, for one tag never concurrently and in order; must not block or call back in
class subscriber {
 public:
  virtual ~subscriber() = default;
  /// First answer of a subscription, and again when the lineage begins or changes, or too much was missed.
  ///
  /// These two answer whether it was taken. Once one was not, the tag gets neither of them until port::pull().
  virtual bool on_snapshot(std::uint64_t tag, const snapshot& s) = 0;
  virtual bool on_diff(std::uint64_t tag, const diff& d) = 0;
  virtual void on_life(std::uint64_t tag, const life_event& e) = 0;
  /// After the diff of the turn that emitted it.
  virtual void on_event(std::uint64_t /*tag*/, const supply_event& /*e*/) {}
  /// Last call for this tag. reason: unsubscribed | forbidden | limit | error
  virtual void on_done(std::uint64_t tag, std::string_view reason) = 0;
};

/// The state that a subscriber still has from before.
struct resume_point {
  std::string lineage;
  std::uint64_t rev{};
};

struct subscribe_request {
  std::string uri;  // canonical
  view what;        // of one who resumes: the same as before
  bool life = false;
  std::optional<resume_point> resume{};
};

/// Names a subscription; keep it for unsubscribe().
struct subscription {
  std::shared_ptr<void> where;
  std::uint64_t id{};
};

struct command_request {
  std::string uri, lane;
  std::string value;                    // JSON text
  std::optional<std::string> if_match;  // "lineage:rev": 412 unless it is the present one, whatever rights it names
  std::optional<std::uint64_t> if_rev;  // the same by rev alone
  std::optional<std::string> idempotency_key;
};

struct command_result {
  std::uint64_t rev{};
  std::string lineage;
  std::string result;  // JSON text, `null` when the command answers nothing
};

enum class write_op : std::uint8_t { put, patch, remove };

/// A write from outside on a lane declared writable.
struct write_request {
  std::string uri, lane;
  std::optional<std::string> key;
  write_op op{};
  std::string value;  // JSON text
  std::optional<std::string> if_match;
};

struct lane_description {
  std::string name;
  lane_kind kind{};
  bool writable{}, transient{};
};

struct type_description {
  std::string name, route, hosting, create;
  std::vector<lane_description> lanes;
};

struct entity_page {
  std::vector<std::string> uris;    // in URI order
  std::optional<std::string> next;  // pass as `after`
};

template <class T>
using answer = std::function<void(outcome<T>)>;

/// The runtime as web and ingest see it: plain standard C++, and small enough to fake in a test.
///
/// Threads  every member from any thread; answers come on shard threads, must not block, and come exactly once
/// Errors   answers carry them: no_such_route, no_such_entity, no_such_lane, too_busy when a shard's inbox is full, …
class port {
 public:
  virtual ~port() = default;

  // Ingest.
  /// The partition's record, made on first use; the same object for the same three names.
  virtual std::shared_ptr<source_partition> partition(const std::string& source, const std::string& topic,
                                                      std::int32_t number) = 0;
  /// Finds the lane of the type whose route takes the template's URIs. A template is a path whose segments may hold
  /// `{…}`; only where a segment lies and whether it is literal matters here.
  virtual outcome<target_info> resolve_target(std::string_view entity_template, std::string_view lane) = 0;
  /// Hands over records of one partition in offset order, and beside them those that cannot be routed. next_offset:
  /// behind the last of both. The low mark passes them when the records are durable and the dead letters on disk.
  ///
  /// request: null for what the source can read again. Never waits for shards: watch in_flight_* and pause. Dead
  /// letters are written in this call.
  virtual void post(const std::shared_ptr<source_partition>& p, std::span<const routed_record> records,
                    std::vector<dead_letter> dead, std::int64_t next_offset, steady_time arrived,
                    std::shared_ptr<const ingest_request> request) = 0;

  // State.
  virtual void get(const std::string& uri, const view& what, answer<snapshot> a) = 0;
  /// One lane's value, or one entry's when key is given, as JSON text (with lineage and rev). A demand lane is
  /// computed.
  struct lane_value {
    std::string lineage;
    std::uint64_t rev{};
    std::string json;
  };
  virtual void get_lane(const std::string& uri, const std::string& lane, const std::optional<std::string>& key,
                        answer<lane_value> a) = 0;
  virtual void command(command_request r, answer<command_result> a) = 0;
  virtual void write(write_request r, answer<command_result> a) = 0;
  /// Removes the entity and its stored state.
  virtual void remove(const std::string& uri, std::optional<std::string> if_match, answer<std::monostate> a) = 0;
  /// The first call on s is on_snapshot, or on_done with `error` when the shard's inbox is full.
  /// Errors (by value): no_such_route, no_such_lane.
  virtual outcome<subscription> subscribe(const subscribe_request& r, std::shared_ptr<subscriber> s,
                                          std::uint64_t tag) = 0;
  virtual void unsubscribe(const subscription& s) = 0;
  /// The subscriber has room again: tells what it did not take as one merged diff, or as a snapshot where too much was
  /// missed; nothing when it has everything. A diff that comes then may be refused again.
  virtual void pull(const subscription& s) = 0;

  // Scan and status.
  virtual std::vector<type_description> types() const = 0;
  virtual void entities(const std::string& type, const std::string& after, std::size_t limit,
                        answer<entity_page> a) = 0;
  /// All partitions ever assigned, in the order of source, topic, partition.
  virtual std::vector<std::shared_ptr<source_partition>> partitions() const = 0;
  /// False until sources are assigned, and again while draining.
  virtual bool ready() const = 0;
};

}  // namespace twinlane
