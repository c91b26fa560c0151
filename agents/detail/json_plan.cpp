#include <twinlane/agents/detail/json_plan.hpp>

#include <algorithm>
#include <stdexcept>

#include <twinlane/agents/uri.hpp>

namespace twinlane {
namespace {

// did_update may nest 16 deep.
constexpr std::size_t chain_max = 12;

// The lanes whose changes make a lane change.
std::vector<std::size_t> made_of(const json_lane_spec& lane) {
  auto all = lane.compute ? lane.compute->lanes() : std::vector<std::size_t>{};
  if (lane.from) all.push_back(*lane.from);
  return all;
}

/// Goes down from each lane to what it is made of, and puts that first.
class walker {
 public:
  explicit walker(const std::vector<json_lane_spec>& lanes) : lanes_(lanes), states_(lanes.size()) {
    for (std::size_t i = 0; i < lanes.size(); ++i) visit(i);
  }
  const std::vector<std::size_t>& order() const noexcept { return order_; }
  const std::string& problem() const noexcept { return problem_; }

 private:
  struct state {
    bool begun = false, done = false;
    std::size_t height = 0;
  };

  void visit(std::size_t i) {
    auto& s = states_[i];
    if (s.done || !problem_.empty()) return;
    if (s.begun) {
      problem_ = "lane '" + lanes_[i].name + "' is made of itself, by way of other lanes. Break the circle.";
      return;
    }
    s.begun = true;
    for (const auto below : made_of(lanes_[i])) {
      if (below >= lanes_.size()) continue;
      visit(below);
      s.height = std::max(s.height, states_[below].height + 1);
    }
    if (problem_.empty() && s.height > chain_max)
      problem_ = "lane '" + lanes_[i].name + "' is made of lanes that are made of lanes, more than " +
                 std::to_string(chain_max) + " in a row. Make it of an earlier one.";
    s.done = true;
    order_.push_back(i);
  }

  const std::vector<json_lane_spec>& lanes_;
  std::vector<state> states_;
  std::vector<std::size_t> order_;
  std::string problem_;
};

expression_scope::shape shape_of(lane_kind kind) {
  switch (kind) {
    case lane_kind::value:
      return expression_scope::shape::single;
    case lane_kind::map:
    case lane_kind::log:
    case lane_kind::window:
      return expression_scope::shape::keyed;
    case lane_kind::join_value:
    case lane_kind::join_map:
      return expression_scope::shape::unordered;
    default:
      return expression_scope::shape::none;
  }
}

}  // namespace

expression_scope json_scope(const json_type_spec& spec, bool record) {
  expression_scope scope;
  for (const auto& l : spec.lanes) scope.lanes.push_back({l.name, shape_of(l.kind)});
  scope.params = route(spec.route).params();
  scope.record = record;
  return scope;
}

std::string json_circle(const json_type_spec& spec) { return walker(spec.lanes).problem(); }

namespace detail {

json_plan::json_plan(const json_type_spec& spec) : lanes(spec.lanes), sends(spec.sends), follows(spec.lanes.size()) {
  const walker walked(lanes);
  if (!walked.problem().empty()) throw std::invalid_argument("agent type '" + spec.name + "': " + walked.problem());
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    if (!lanes[i].from) continue;
    auto& made = follows.at(*lanes[i].from);
    made.lanes.push_back(i);
    if (lanes[i].join) made.joins.push_back(i);
  }
  for (std::size_t i = 0; i < sends.size(); ++i) follows.at(sends[i].from).sends.push_back(i);
  for (const auto i : walked.order()) {
    if (!lanes[i].compute) continue;
    computed.push_back(i);
    for (const auto read : lanes[i].compute->lanes()) watched |= std::uint64_t{1} << read;
  }
}

}  // namespace detail
}  // namespace twinlane
