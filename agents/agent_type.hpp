#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/stored_row.hpp>
#include <twinlane/agents/uri.hpp>
#include <twinlane/lanes/lane.hpp>

namespace twinlane {

class agent;
class agent_type;
class changes;

/// shared: many agents on one shard's actor. dedicated: each agent is an actor of its own, for logic that blocks or
/// runs long.
enum class hosting : std::uint8_t { shared, dedicated };
/// Who may bring an agent into being: records and messages, commands from outside, or nobody.
enum class creation : std::uint8_t { events, commands, never };

std::string_view name_of(hosting h) noexcept;
std::string_view name_of(creation c) noexcept;

struct type_options {
  hosting host = hosting::shared;
  creation create = creation::events;
  /// Raised when rows of before are to be migrated, or when those who follow agents are to see fields that are new.
  std::uint32_t version = 1;
  /// Called for each row of an agent that an older version has written, when it comes into memory. What it throws makes
  /// that agent unreadable. Threads: any shard's; it must not touch what others change.
  std::function<void(stored_row&)> migrate{};
};

/// What an agent's constructor needs; made by agent_type alone, handed through by `using agent::agent`.
class construction {
 public:
  construction(agent_type& type, std::string uri) : type_(&type), uri_(std::move(uri)) {}

 private:
  friend class agent;
  agent_type* type_;
  std::string uri_;
};

/// A kind of agent: its route, its lanes, rules and timers, and how to make one.
///
/// Threads  immutable once made; shared by all shards
/// Errors   std::invalid_argument from make_agent_type for a bad route, a lane declared twice, a reserved name, a hook
///          to migrate in version 1
class agent_type {
 public:
  using factory = std::function<std::unique_ptr<agent>(construction)>;
  struct rule_info {
    std::uint64_t lanes;  // bit per lane that it watches
    std::function<void(agent&, const changes&)> run;
  };
  struct timer_info {
    std::string name;
    std::function<void(agent&)> run;
    std::ptrdiff_t offset;  // of the timer from its agent
  };

  /// object_bytes: size of the agent's object, 0 when its lanes lie elsewhere.
  agent_type(std::string name, std::string_view route_pattern, type_options options, factory make,
             std::size_t object_bytes = 0);
  ~agent_type();
  agent_type(const agent_type&) = delete;
  agent_type& operator=(const agent_type&) = delete;

  const std::string& name() const noexcept { return name_; }
  const route& path() const noexcept { return route_; }
  const type_options& options() const noexcept { return options_; }
  const std::vector<lane_info>& lanes() const noexcept { return layout_.lanes; }
  const std::vector<rule_info>& rules() const noexcept { return rules_; }
  const std::vector<timer_info>& timers() const noexcept { return timers_; }
  /// The first agent made, never used but to ask lanes for their descriptions.
  const agent& prototype() const noexcept { return *prototype_; }

  /// Index of the lane, or -1.
  int lane_index(std::string_view lane) const noexcept;
  /// Does an agent of this type ever have something due, a timer or an entry's age?
  bool keeps_time() const noexcept { return keeps_time_; }

  /// Asks the processor to fetch an agent that is about to have a turn: its object, then (a little later) its entries.
  void prefetch_object(const agent& a) const noexcept;
  void prefetch_entries(const agent& a) const noexcept;

  /// A new agent; the URI must match the route.
  std::unique_ptr<agent> make(std::string uri) const;

 private:
  friend class agent;
  std::string name_;
  route route_;
  type_options options_;
  factory factory_;
  std::size_t object_bytes_;
  lane_layout layout_;
  std::vector<rule_info> rules_;
  std::vector<timer_info> timers_;
  bool keeps_time_ = false;
  std::unique_ptr<agent> prototype_;
};

/// An agent type of a C++ class that derives from agent.
template <class Agent>
std::shared_ptr<const agent_type> make_agent_type(std::string name, std::string_view route_pattern,
                                                  type_options options = {}) {
  return std::make_shared<const agent_type>(
      std::move(name), route_pattern, std::move(options),
      [](construction c) { return std::unique_ptr<agent>(std::make_unique<Agent>(std::move(c))); }, sizeof(Agent));
}

}  // namespace twinlane
