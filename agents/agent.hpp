#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <twinlane/agents/agent_type.hpp>
#include <twinlane/lanes/command_lane.hpp>
#include <twinlane/lanes/demand_lane.hpp>
#include <twinlane/lanes/join_lane.hpp>
#include <twinlane/lanes/log_lane.hpp>
#include <twinlane/lanes/map_lane.hpp>
#include <twinlane/lanes/supply_lane.hpp>
#include <twinlane/lanes/value_lane.hpp>
#include <twinlane/lanes/window_lane.hpp>

namespace twinlane {

class agent_loader;
class turn;

/// The lanes that a turn has changed so far. A lane's own for_each_change() or before() tells key, before and now.
class changes {
 public:
  explicit changes(std::uint64_t lanes) noexcept : lanes_(lanes) {}
  bool contains(const lane_base& l) const noexcept { return (lanes_ & l.bit()) != 0; }

 private:
  std::uint64_t lanes_;
};

struct lane_set {
  std::uint64_t bits;
};

/// The lanes whose changes make a rule run.
template <class... Lanes>
lane_set on_change(const Lanes&... lanes) {
  return {(lanes.bit() | ...)};
}

/// What every twin derives from: the state and the logic of one entity.
///
/// A derived class takes the constructor by `using agent::agent;` and declares its lanes, rules and timers as members.
/// It knows nothing of how it is hosted and is built and tested without an actor system.
///
/// Threads  all callbacks of one agent run one after the other
/// Errors   a callback that throws undoes its turn; the turn's messages are then tried one by one
class agent : public lane_owner {
 public:
  template <class T>
  using value_lane = twinlane::value_lane<T>;
  template <class K, class V>
  using map_lane = twinlane::map_lane<K, V>;
  template <class V>
  using log_lane = twinlane::log_lane<V>;
  template <class T>
  using command_lane = twinlane::command_lane<T>;
  template <class T>
  using supply_lane = twinlane::supply_lane<T>;
  template <class T>
  using demand_lane = twinlane::demand_lane<T>;
  template <class K, class V>
  using join_value_lane = twinlane::join_value_lane<K, V>;
  template <class L, class V>
  using join_map_lane = twinlane::join_map_lane<L, V>;
  template <class A>
  using window_lane = twinlane::window_lane<A>;
  using days = std::chrono::days;
  using hours = std::chrono::hours;
  using minutes = std::chrono::minutes;
  using seconds = std::chrono::seconds;
  using reply = twinlane::reply;
  using changes = twinlane::changes;

  explicit agent(construction c);
  ~agent() override;

  /// Canonical, as `/customer/42`.
  const std::string& uri() const noexcept { return uri_; }
  const agent_type& type() const noexcept { return *type_; }

  /// A function of the lanes that runs once in a turn whose messages changed one of its lanes, if only for a while,
  /// after the turn's last message. Rules run in the order of declaration; one whose lanes are changed by a later rule
  /// runs again.
  class rule {
   public:
    template <class A>
    rule(A& self, lane_set lanes, void (A::*run)(const changes&)) {
      self.add_rule(lanes, [run](agent& a, const changes& c) { (static_cast<A&>(a).*run)(c); });
    }
    template <class A>
    rule(A& self, lane_set lanes, void (A::*run)()) {
      self.add_rule(lanes, [run](agent& a, const changes&) { (static_cast<A&>(a).*run)(); });
    }
    rule(const rule&) = delete;
    rule& operator=(const rule&) = delete;
  };

  /// Runs a member once at a time of its choosing; setting it again moves it.
  ///
  /// Units    to the millisecond as asked, fired to the second
  class timer {
   public:
    template <class A>
    timer(A& self, std::string_view name, void (A::*run)()) : owner_(&self) {
      index_ = self.add_timer(name, *this, [run](agent& a) { (static_cast<A&>(a).*run)(); });
    }
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    void set_after(std::chrono::milliseconds delay);
    /// Milliseconds since the epoch.
    void set_at(std::int64_t due_ms);
    void cancel();
    bool is_set() const noexcept { return due_ms_ != lane_base::never; }
    std::int64_t due_ms() const noexcept { return due_ms_; }

   private:
    friend class twinlane::agent_loader;
    friend class twinlane::turn;
    agent* owner_;
    std::int64_t due_ms_ = lane_base::never;
    unsigned index_;
  };

  timer& timer_at(std::size_t index) noexcept;
  const timer& timer_at(std::size_t index) const noexcept { return const_cast<agent*>(this)->timer_at(index); }
  /// When the oldest entry of all lanes reaches its age; lane_base::never when none does.
  std::int64_t next_expiry_ms() const noexcept;
  /// When the next timer is due; lane_base::never when none is set.
  std::int64_t next_timer_ms() const noexcept;
  /// The earlier of both.
  std::int64_t next_due_ms() const noexcept { return std::min(next_timer_ms(), next_expiry_ms()); }

 protected:
  /// Called in the first turn after the agent came into memory, before that turn's messages.
  virtual void did_start() {}
  /// Called when the agent leaves memory; it may read its lanes, not change them.
  virtual void did_stop() {}

  /// The decoded text of a route parameter, as `param("id")` of /customer/:id.
  std::string param(std::string_view name) const;
  /// The time of the running turn, milliseconds since the epoch, the same throughout the turn.
  std::int64_t now_ms() const { return running_turn().now_ms; }
  /// The event time of the record being applied; now_ms() in rules, commands and timers.
  std::int64_t event_ms() const { return running_turn().event_ms; }

  /// Sends a record to a lane of another agent (canonical URI); it leaves when this turn ends well. There, event_ms() is
  /// what it is here.
  template <class T>
  void send(std::string uri, std::string_view lane, const T& value) {
    std::string text;
    encode(text, value);
    send_text(std::move(uri), lane, {}, std::move(text));
  }
  /// The same to an entry of a map lane.
  template <class T>
  void send(std::string uri, std::string_view lane, std::string key, const T& value) {
    std::string text;
    encode(text, value);
    send_text(std::move(uri), lane, std::move(key), std::move(text));
  }
  /// Sends a value out of the process through the sink of that name, at least once and in the order of this agent's
  /// emissions; it leaves when this turn ends well. Without a key, the agent's URI is the key.
  template <class T>
  void emit(std::string_view sink, std::string key, const T& value) {
    std::string text;
    encode(text, value);
    emit_text(sink, std::move(key), std::move(text));
  }

 private:
  friend class turn;
  void add_rule(lane_set lanes, std::function<void(agent&, const changes&)> run);
  unsigned add_timer(std::string_view name, timer& t, std::function<void(agent&)> run);
  void send_text(std::string uri, std::string_view lane, std::string key, std::string value);
  void emit_text(std::string_view sink, std::string key, std::string value);
  turn& this_turn() const;

  agent_type* type_;
  std::string uri_;
};

}  // namespace twinlane
