#include <twinlane/agents/agent.hpp>

#include <algorithm>
#include <stdexcept>

#include <twinlane/agents/turn.hpp>

namespace twinlane {

agent::agent(construction c) : lane_owner(c.type_->layout_), type_(c.type_), uri_(std::move(c.uri_)) {}

agent::~agent() = default;

void agent::add_rule(lane_set lanes, std::function<void(agent&, const changes&)> run) {
  if (!layout().sealed) type_->rules_.push_back({lanes.bits, std::move(run)});
}

unsigned agent::add_timer(std::string_view name, timer& t, std::function<void(agent&)> run) {
  const auto offset = reinterpret_cast<char*>(&t) - reinterpret_cast<char*>(this);
  auto& timers = type_->timers_;
  if (!layout().sealed) {
    timers.push_back({std::string(name), std::move(run), offset});
    return static_cast<unsigned>(timers.size() - 1);
  }
  for (unsigned i = 0; i < timers.size(); ++i)
    if (timers[i].offset == offset) return i;
  throw std::logic_error("timer '" + std::string(name) + "' is not declared by every agent of its type");
}

agent::timer& agent::timer_at(std::size_t index) noexcept {
  return *reinterpret_cast<timer*>(reinterpret_cast<char*>(this) + type_->timers_[index].offset);
}

std::int64_t agent::next_timer_ms() const noexcept {
  std::int64_t due = lane_base::never;
  for (std::size_t i = 0; i < type_->timers_.size(); ++i) due = std::min(due, timer_at(i).due_ms());
  return due;
}

std::int64_t agent::next_expiry_ms() const noexcept {
  std::int64_t due = lane_base::never;
  for (std::size_t i = 0; i < lane_count(); ++i)
    if (layout().lanes[i].keeps_time()) due = std::min(due, lane_at(i).next_expiry());
  return due;
}

std::string agent::param(std::string_view name) const {
  const auto& params = type_->path().params();
  const auto it = std::find(params.begin(), params.end(), name);
  if (it == params.end())
    throw std::logic_error("route " + type_->path().pattern() + " has no parameter '" + std::string(name) + "'");
  return type_->path().param(uri_, static_cast<std::size_t>(it - params.begin()));
}

void agent::send_text(std::string uri, std::string_view lane, std::string key, std::string value) {
  auto& t = this_turn();
  t.messages.push_back({std::move(uri), std::string(lane), std::move(key), std::move(value), t.event_ms});
}

void agent::emit_text(std::string_view sink, std::string key, std::string value) {
  this_turn().emissions.push_back({std::string(sink), std::move(key), std::move(value)});
}

turn& agent::this_turn() const { return static_cast<turn&>(running_turn()); }

void agent::timer::set_after(std::chrono::milliseconds delay) { set_at(owner_->now_ms() + delay.count()); }

void agent::timer::set_at(std::int64_t due_ms) {
  owner_->this_turn().timers_before_.emplace_back(index_, due_ms_);
  due_ms_ = due_ms;
}

void agent::timer::cancel() { set_at(lane_base::never); }

}  // namespace twinlane
