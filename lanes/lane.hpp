#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/lanes/describe.hpp>
#include <twinlane/lanes/dirty_paths.hpp>
#include <twinlane/lanes/errors.hpp>
#include <twinlane/lanes/lane_kind.hpp>
#include <twinlane/lanes/lane_rows.hpp>

namespace twinlane {

class lane_base;
class lane_owner;

/// How long entries stay. Both bounds may be set; an entry leaves at whichever comes first.
///
/// Units  age in milliseconds, counted from the entry's event time; 0 means no bound
struct retention {
  std::uint32_t entries_max = 0;
  std::int64_t age_ms = 0;
};

/// Keeps the n entries written last.
constexpr retention keep_last(std::uint32_t n) { return {n, 0}; }
/// Keeps entries whose event time is younger than the age.
constexpr retention keep_for(std::chrono::milliseconds age) { return {0, age.count()}; }
constexpr retention operator&(retention a, retention b) {
  return {a.entries_max ? a.entries_max : b.entries_max, a.age_ms ? a.age_ms : b.age_ms};
}

struct transient_t {};
/// A lane that is seen and followed like any other, but never stored, exported or sent to a sink.
inline constexpr transient_t transient{};
struct writable_t {};
/// A lane that takes PUT, PATCH and DELETE from outside.
inline constexpr writable_t writable{};

template <auto Fn>
struct did_update_t {};
/// Calls the agent's member for every applied change: `(key, now, before)` on a map, `(now, before)` on a value,
/// `(sequence, now)` on a log; `before` is a pointer, null when there was nothing.
template <auto Fn>
inline constexpr did_update_t<Fn> did_update{};

template <auto Fn>
struct did_remove_t {};
/// Calls the agent's member when an entry left, by removal or retention: `(key, before)`, or `(before)` on a value.
template <auto Fn>
inline constexpr did_remove_t<Fn> did_remove{};

// The same for agents that are put together at run time, by functions that know neither the agent's class nor the lane:
// they are given the owner and the lane's index first.
template <class Signature>
struct when_updated_t {
  Signature* call;
};
template <class Signature>
constexpr when_updated_t<Signature> when_updated(Signature& f) {
  return {&f};
}
template <class Signature>
struct when_removed_t {
  Signature* call;
};
template <class Signature>
constexpr when_removed_t<Signature> when_removed(Signature& f) {
  return {&f};
}
template <class Signature>
struct admit_if_t {
  Signature* call;
};
/// What comes from outside for which the function `(owner, lane, key, now)` is false is passed over; `(owner, lane,
/// now)` on a value or log.
template <class Signature>
constexpr admit_if_t<Signature> admit_if(Signature& f) {
  return {&f};
}

/// What an agent type knows of one of its lanes; one for all agents of the type.
struct lane_info {
  std::string name;
  lane_kind kind{};
  retention keep;
  bool is_transient = false;
  bool is_writable = false;
  // Typed callbacks, erased; the lane that stored them casts them back.
  void (*update_callback)() = nullptr;
  void (*remove_callback)() = nullptr;
  void (*admit_callback)() = nullptr;
  void (*command_callback)() = nullptr;
  void (*computed_callback)() = nullptr;
  std::shared_ptr<const void> settings;  // what a kind of lane has of its own
  bool watches_clock = false;            // it may be due without an age
  std::ptrdiff_t offset = 0;             // of the lane from its lane_owner, for lanes that are members

  /// Do its entries belong in a store?
  bool stored() const noexcept { return in_document(kind) && !is_transient; }
  /// Does it ever have something due?
  bool keeps_time() const noexcept { return keep.age_ms != 0 || watches_clock; }
};

/// The lanes of an agent type. Filled while the first agent, the prototype, is built; then sealed and shared.
struct lane_layout {
  static constexpr std::size_t lanes_max = 64;
  std::vector<lane_info> lanes;
  bool sealed = false;
};

/// What one lane has changed in the running turn: enough to undo it and to make its diff.
class lane_log {
 public:
  virtual ~lane_log() = default;
  virtual void clear() noexcept = 0;
};

/// Where an agent was when it said what it said.
struct agent_place {
  std::string lineage;
  std::uint64_t rev = 0;
  friend bool operator==(const agent_place&, const agent_place&) = default;
};

/// An agent's wish to follow or leave another agent's lane; carried out when the turn ends well.
struct join_effect {
  unsigned lane;    // index of the joining lane
  std::string key;  // the join's key as text
  std::string uri;  // whom to follow
  std::string from_lane;
  bool leave;
  agent_place at{};  // where the followed agent was when it was last heard, so that it may leave out what is known
};

/// Events that a window lane has dropped for being late.
struct late_events {
  unsigned lane;  // index
  std::uint64_t count;
};

/// What a supply lane emitted; told to subscribers when the turn ends well.
struct lane_event {
  unsigned lane;      // index of the supply lane
  std::string value;  // JSON
};

/// Scratch of the running turn, one for all agents of a type on a thread, reused so that a turn allocates nothing.
class lane_turn {
 public:
  /// The lane's log, made on the type's first turn.
  lane_log& log(const lane_base& lane);

  std::uint64_t touched = 0;  // bit per lane: its log is not empty
  std::uint64_t fresh = 0;    // bit per lane: the document touched since the rules last looked
  std::int64_t now_ms = 0;
  std::int64_t event_ms = 0;  // event time of the record being applied; now_ms otherwise
  int depth = 0;              // nested did_update calls
  bool passed_over = false;   // what was applied last, by a lane that admits not all
  std::vector<join_effect> joins;
  std::vector<lane_event> events;
  std::vector<late_events> late;  // a lane once
  row_text row;                   // scratch for saving

  void count_late(unsigned lane);
  void clear() noexcept;

 private:
  std::vector<std::unique_ptr<lane_log>> logs_;
};

/// What an agent is to its lanes.
class lane_owner {
 public:
  explicit lane_owner(lane_layout& layout) noexcept : layout_(&layout) {}
  lane_owner(const lane_owner&) = delete;
  lane_owner& operator=(const lane_owner&) = delete;

  const lane_layout& layout() const noexcept { return *layout_; }
  std::size_t lane_count() const noexcept { return layout_->lanes.size(); }
  virtual lane_base& lane_at(std::size_t index) noexcept;
  const lane_base& lane_at(std::size_t index) const noexcept { return const_cast<lane_owner*>(this)->lane_at(index); }

  /// The running turn; throws std::logic_error outside of one, where lanes can only be read.
  lane_turn& running_turn() const {
    if (!turn_) outside_turn();
    return *turn_;
  }
  void attach_turn(lane_turn* t) noexcept { turn_ = t; }

 protected:
  virtual ~lane_owner() = default;

 private:
  friend class lane_base;
  [[noreturn]] static void outside_turn();

  lane_layout* layout_;
  lane_turn* turn_ = nullptr;
  std::uint8_t next_lane_ = 0;
};

/// One change from outside, on its way into a lane.
struct lane_input {
  enum class kind : std::uint8_t { put, remove, patch, join };
  kind op = kind::put;
  std::string_view key;             // map lanes: the entry's key as text
  std::string_view value;           // JSON, with 64 readable bytes behind it
  std::string_view from;            // join: URI of the agent that is followed
  bool whole = false;               // map lanes: the change is one of the whole lane, a JSON object by key
  const agent_place* at = nullptr;  // join: where the followed agent was, if it said so
};

/// One named property of an agent.
///
/// Shape    a member of the agent's JSON document, by its name
/// Cost     three words an agent and lane; names and options are kept once a type
/// Threads  inside its agent's turn only; reading outside of a turn is up to the host
class lane_base {
 public:
  lane_base(const lane_base&) = delete;
  lane_base& operator=(const lane_base&) = delete;
  virtual ~lane_base() = default;

  unsigned index() const noexcept { return index_; }
  std::uint64_t bit() const noexcept { return std::uint64_t{1} << index_; }
  const lane_info& info() const noexcept { return owner_->layout().lanes[index_]; }
  const std::string& name() const noexcept { return info().name; }

  /// Decodes and applies one change; the lane is unchanged when the status is an error. Callbacks may throw.
  virtual decode_status apply(decoder& d, const lane_input& in) = 0;
  /// Is the lane in the document? A value lane that was never set is not.
  virtual bool present() const { return true; }
  /// Appends the lane's JSON value.
  virtual void encode_value(std::string& out) const = 0;
  /// Appends one entry's JSON value; false when there is none, or the lane has no entries.
  virtual bool encode_entry(std::string_view /*key*/, std::string& /*out*/) const { return false; }
  /// Drops from the log what came back to where it was; true when a change remains.
  virtual bool settle() = 0;
  /// Appends the merge patch of this turn's change; only after settle() said true.
  virtual void encode_change(std::string& out) const = 0;
  /// Adds the paths of this turn's change.
  virtual void mark_change(dirty_paths::node& paths) const = 0;
  /// Appends the merge patch of the marked paths as they are now.
  virtual void encode_marked(std::string& out, const dirty_paths::node& paths) const = 0;
  /// Hands on a row for each entry that this turn wrote, after settle(): what it is now, or its removal. Entries that
  /// came back to their values are among them, since their order and time of writing have changed.
  /// Throws lane_error for a key without a text.
  virtual void save_rows(row_sink& to) const = 0;
  /// Takes over a row in an agent that has had no turn yet: no callbacks, no rules, nothing to undo. A record that has
  /// gained or lost fields since is read as the decoder always does: what it lacks is as T{} has it, what it no longer
  /// has is ignored. The lane is unchanged when the status is an error: a field of another type, a damaged row, or a
  /// key or number that the lane has already.
  virtual decode_status load_row(decoder& d, std::string_view key, std::string_view value) = 0;
  /// Appends what the lane must remember beside its rows; nothing for most lanes at most times.
  virtual void save_note(std::string& /*out*/) const {}
  /// Takes over such a note, before or after the rows; false when it does not parse.
  virtual bool load_note(std::string_view /*note*/) { return true; }
  /// Restores what the lane was when the turn began.
  virtual void undo() noexcept = 0;
  /// When the oldest entry leaves by age, or a window lane closes by the clock; milliseconds since the epoch.
  virtual std::int64_t next_expiry() const { return never; }
  /// Does what is due: removes entries that have reached their age.
  virtual void evict(std::int64_t /*now_ms*/) {}
  /// Join lanes: everybody followed, as effects, so that a host can follow again after activation.
  virtual void collect_joins(std::vector<join_effect>& /*out*/) const {}
  /// Asks the processor to fetch the lane's entries; changes nothing.
  virtual void prefetch() const noexcept {}
  virtual std::unique_ptr<lane_log> make_log() const = 0;
  /// Adds a description of the lane's record, for documentation and forms.
  virtual void describe_record(nlohmann::json& out) const = 0;

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

 protected:
  lane_base(lane_owner& owner, std::string_view name, lane_kind kind);

  /// The info to fill with options, while the type's prototype is built; null on every later agent.
  lane_info* registering() const noexcept {
    return owner_->layout_->sealed ? nullptr : &owner_->layout_->lanes[index_];
  }
  lane_owner& owner() const noexcept { return *owner_; }
  lane_turn& running_turn() const { return owner_->running_turn(); }
  /// The typed log of the running turn, marked as touched: for a change of the document.
  template <class Log>
  Log& touch() const {
    owner_->running_turn().fresh |= bit();
    return note<Log>();
  }
  /// The same for a change that the document does not show, and that makes no rule run.
  template <class Log>
  Log& note() const {
    auto& t = owner_->running_turn();
    t.touched |= bit();
    return static_cast<Log&>(t.log(*this));
  }
  /// The typed log of the running turn, to read.
  template <class Log>
  Log& log() const {
    return static_cast<Log&>(owner_->running_turn().log(*this));
  }
  static void apply_option(lane_info& info, retention keep) { info.keep = info.keep & keep; }
  static void apply_option(lane_info& info, transient_t) { info.is_transient = true; }
  static void apply_option(lane_info& info, writable_t) { info.is_writable = true; }

 private:
  lane_owner* owner_;
  std::uint8_t index_;
};

namespace detail {

/// Counts nested callbacks, so that a did_update that writes its own lane forever ends as an error.
class callback_depth {
 public:
  explicit callback_depth(lane_turn& t);
  ~callback_depth() { --turn_.depth; }
  callback_depth(const callback_depth&) = delete;
  callback_depth& operator=(const callback_depth&) = delete;

 private:
  lane_turn& turn_;
};

template <class F>
struct member_class;
template <class C, class R, class... A>
struct member_class<R (C::*)(A...)> {
  using type = C;
};
template <class C, class R, class... A>
struct member_class<R (C::*)(A...) const> {
  using type = C;
};
template <auto Fn>
using class_of = typename member_class<decltype(Fn)>::type;

template <class Signature>
auto erase_callback(Signature* f) {
  return reinterpret_cast<void (*)()>(f);
}

}  // namespace detail
}  // namespace twinlane
