#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/turn.hpp>

/// Unit tests of agents: one agent, its turns as a server would run them, a clock that the test moves; no threads, no
/// actor system. See docs/testing.md.
namespace twinlane::testing {

/// A record for a lane of the agent.
struct event {
  std::string_view lane;
  std::string_view key{};  // map lanes
  std::string_view json{};
  std::optional<std::int64_t> time_ms{};  // event time; nothing: the clock's
  bool remove = false;                    // the map's entry, or the value
};
/// What the agent sent to another agent.
struct message {
  std::string uri, lane, key;
  nlohmann::json value;
};
/// What the agent emitted to a sink.
struct emission {
  std::string sink, key;
  nlohmann::json value;
};
/// What a supply lane told its subscribers.
struct supplied {
  std::string lane;
  nlohmann::json value;
};
/// Whom the agent wants to follow, or to follow no more.
struct join {
  std::string lane, key;
  std::string uri, from_lane;
  bool leave = false;
};
/// What a server would log, or keep as a dead letter.
struct failure {
  std::string what;  // the lane, or the timer
  std::string why;
};
/// What a command was answered.
struct answer {
  bool ok = false, refused = false;
  std::string text;  // JSON of the result, or why not
  nlohmann::json value() const { return nlohmann::json::parse(text); }
};

/// One agent under test, whatever its class.
///
/// Shape    each call is a turn: what throws is undone, and tried again message by message. What the turns have brought
///          about is collected until forget()
/// Units    milliseconds since the epoch; the clock stands until it is moved
/// Threads  one
/// Errors   std::invalid_argument for a lane that the agent has not, or a URI that its route does not take
class any_twin {
 public:
  static constexpr std::int64_t start_ms = 1'700'000'000'000;

  any_twin(std::shared_ptr<const agent_type> type, std::string uri, std::int64_t now_ms = start_ms);
  ~any_twin();
  any_twin(const any_twin&) = delete;
  any_twin& operator=(const any_twin&) = delete;

  /// One turn with these records; true when all of them were applied, see failures() otherwise.
  bool feed(std::span<const event> events);
  bool feed(std::initializer_list<event> events) { return feed(std::span(events.begin(), events.size())); }
  /// A turn with one record: of a map lane with its key, of others with an empty one.
  bool feed(std::string_view lane, std::string_view key, std::string_view json,
            std::optional<std::int64_t> time_ms = std::nullopt) {
    return feed({{lane, key, json, time_ms}});
  }
  bool remove(std::string_view lane, std::string_view key = {}) { return feed({{lane, key, {}, {}, true}}); }
  /// A join lane hears what the lane that it follows under this key is now; null: it is absent.
  bool hear(std::string_view lane, std::string_view key, const nlohmann::json& value);
  answer command(std::string_view lane, std::string_view json);

  /// Moves the clock, and fires on its way what is due: timers, and what has reached its age.
  void advance(std::chrono::milliseconds by);
  std::int64_t now_ms() const noexcept { return now_ms_; }
  /// Forgets the agent and makes it anew of what a store would have kept of it. What pointed into it is invalid then.
  void restart();

  nlohmann::json document() const;
  /// A lane's value in the document, null when it is absent; a demand lane's as it is computed now.
  nlohmann::json lane(std::string_view name) const;
  /// Turns so far that changed the document.
  std::uint64_t rev() const noexcept { return rev_; }

  /// Merge patches, one a turn that changed the document.
  const std::vector<nlohmann::json>& diffs() const noexcept { return diffs_; }
  const std::vector<message>& sent() const noexcept { return sent_; }
  const std::vector<emission>& emitted() const noexcept { return emitted_; }
  const std::vector<supplied>& events() const noexcept { return events_; }
  const std::vector<join>& joins() const noexcept { return joins_; }
  const std::vector<failure>& failures() const noexcept { return failures_; }
  /// Empties these lists.
  void forget();

  agent& self() const noexcept { return *self_; }

 private:
  class row_keeper;
  bool run(const std::function<void(turn&)>& work, const std::string& what);
  void collect(turn& t);
  void fire_due();
  std::int64_t due_ms() const;
  unsigned lane_index(std::string_view name) const;

  std::shared_ptr<const agent_type> type_;
  turn turn_;
  std::unique_ptr<agent> self_;
  std::int64_t now_ms_, evict_after_ms_ = 0;
  bool starts_ = true;
  std::uint64_t rev_ = 0;
  std::map<std::pair<std::string, std::string>, std::string> rows_;  // what a store would hold, by lane and key
  std::vector<nlohmann::json> diffs_;
  std::vector<message> sent_;
  std::vector<emission> emitted_;
  std::vector<supplied> events_;
  std::vector<join> joins_;
  std::vector<failure> failures_;
};

/// The same for an agent of C++: `twin<customer> c{"/customer/42"}; c->orders.size();`
template <class Agent>
class twin : public any_twin {
 public:
  /// For a URI of two segments, which the route `/customer/:id` takes.
  explicit twin(std::string uri) : twin(std::move(uri), std::string()) {}
  twin(std::string uri, std::string route, type_options options = {}, std::int64_t now_ms = start_ms)
      : any_twin(make_agent_type<Agent>("twin", route.empty() ? route_for(uri) : route, std::move(options)), uri,
                 now_ms) {}

  Agent& operator*() const noexcept { return static_cast<Agent&>(self()); }
  Agent* operator->() const noexcept { return &**this; }

 private:
  static std::string route_for(const std::string& uri) { return uri.substr(0, uri.find('/', 1)) + "/:id"; }
};

}  // namespace twinlane::testing
