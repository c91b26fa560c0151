#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/agents/turn.hpp>

namespace tests {

/// One event: a record for a lane of an agent.
struct told {
  std::string uri, lane, key;
  nlohmann::json value;  // null: a tombstone
};

/// Customers and products without an actor system: turns one after the other, with the joins between them.
class small_world {
 public:
  explicit small_world(std::int64_t now_ms);

  /// One batch: one turn for each agent, then all that follows from it.
  void hear(const std::vector<told>& batch);
  void hear(const told& event) { hear(std::vector<told>{event}); }
  /// The answer's text; a refusal begins with "refused: ", a record that does not decode with "bad: ".
  std::string command(const std::string& uri, std::string_view lane, const nlohmann::json& value);
  /// Moves the clock and runs what is due.
  void wait(std::int64_t ms);

  /// The agent's document; null when it does not exist.
  nlohmann::json document(const std::string& uri) const;
  nlohmann::json lane(const std::string& uri, const char* name) const;
  std::vector<std::string> agents() const;
  std::int64_t now_ms() const { return now_ms_; }
  std::uint64_t turns() const { return turns_; }
  /// What records did not decode or found no lane, as `lane: why`.
  const std::vector<std::string>& bad() const { return bad_; }

 private:
  struct follower {
    std::string uri;
    unsigned lane;
    std::string key, from_lane;
    bool operator==(const follower&) const = default;
  };
  struct update {
    follower to;
    std::string from;
  };

  const twinlane::agent_type& type_of(std::string_view uri) const;
  template <class Work>
  void run_turn(const std::string& uri, Work&& work);
  void did_change(const std::string& uri, std::uint64_t lanes);
  void deliver(const update& u);

  std::int64_t now_ms_;
  std::shared_ptr<const twinlane::agent_type> customers_, products_;
  std::map<const twinlane::agent_type*, std::unique_ptr<twinlane::turn>> turn_of_;
  std::map<std::string, std::unique_ptr<twinlane::agent>> agents_;
  std::map<std::string, std::vector<follower>> followers_;
  std::deque<update> updates_;
  std::vector<std::string> bad_;
  std::uint64_t turns_ = 0;
};

/// The usual events about customer 7 and product 3, an umbrella.
told rain(const char* condition = "rain", const std::string& customer = "7");
told opt(bool in, const std::string& customer = "7");
told wish_for(int product = 3, int id = 1, const std::string& customer = "7");
told umbrella(double price = 40, double discount = 0.25, int stock = 5, int id = 3);

}  // namespace tests
