#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <twinlane/agents/agent_type.hpp>
#include <twinlane/agents/expression.hpp>
#include <twinlane/agents/uri_pattern.hpp>
#include <twinlane/lanes/dynamic_reducer.hpp>
#include <twinlane/lanes/window_shape.hpp>

namespace twinlane {

/// How a window lane cuts event time, and what it keeps.
struct json_window_spec {
  /// One member of a window's value; what it takes of each record, but for count.
  struct part {
    std::string name;
    reduce::kind what = reduce::kind::count;
    std::optional<expression> value{};
  };
  window_shape shape{};
  std::int64_t grace_ms = 0, idle_ms = 0;
  std::optional<expression> time{};  // of a record, in milliseconds; else its event time, or the start of a window
  std::vector<part> parts{};
};

/// Whom a join lane follows for each entry of the lane it is made of.
struct json_join_spec {
  uri_pattern whom;
  std::string lane;
};

/// A lane of an agent without C++, of JSON values. One with neither `from` nor `compute` takes records as they come,
/// those for which `when` holds.
struct json_lane_spec {
  std::string name;
  lane_kind kind = lane_kind::value;
  retention keep{};
  bool transient = false;
  bool writable = false;

  std::optional<std::size_t> from{};    // made of each record that reached that lane, and each window that it closed
  std::optional<expression> when{};     // those for which it holds
  std::optional<expression> value{};    // what is kept of one; else the record itself
  std::optional<expression> key{};      // of a map; else the key in the lane it is made of
  bool counts = false;                  // a value or map that adds up: its value is the sum of `value`, or the count
  std::optional<expression> compute{};  // a value: made of other lanes whenever one of them changes
  std::optional<json_window_spec> window{};
  std::optional<json_join_spec> join{};
};

/// What is sent for each record that reached a lane: to a lane of another agent, or to a sink.
struct json_send_spec {
  std::size_t from = 0;
  std::optional<expression> when{};
  std::optional<uri_pattern> to{};  // nothing: to the sink
  std::string lane{}, sink{};
  std::optional<expression> key{}, value{};
};

/// An agent type whose schema is known only at run time, as a YAML `agents:` entry declares it.
///
/// Lanes and sends go in the order of declaration, for each record at once and within its turn; computed lanes are a
/// rule.
struct json_type_spec {
  std::string name, route;
  type_options options{};
  std::vector<json_lane_spec> lanes{};
  std::vector<json_send_spec> sends{};
};

/// What expressions of such a type may name. Lanes have the indices that they have in the spec.
expression_scope json_scope(const json_type_spec& spec, bool record);

/// Does what lanes are made of go round in a circle, or through too many lanes? A sentence with their names, or empty.
std::string json_circle(const json_type_spec& spec);

/// Errors  std::invalid_argument for a bad route, a lane declared twice, more than 64 lanes, a kind that needs C++,
/// lanes
///         made of each other
std::shared_ptr<const agent_type> make_json_agent_type(const json_type_spec& spec);

}  // namespace twinlane
