#include <twinlane/agents/agent_loader.hpp>

namespace twinlane {
namespace {

std::string place_of(std::string_view lane, std::string_view key) {
  constexpr std::size_t shown_max = 100;
  std::string text = "lane '" + std::string(lane.substr(0, shown_max)) + "'";
  if (!key.empty()) text += ", key '" + std::string(key.substr(0, shown_max)) + "'";
  return text;
}

}  // namespace

void agent_loader::begin(agent& a) {
  agent_ = &a;
  lane_ = -1;
  found_ = false;
  skipped_ = 0;
  header_.birth = header_.rev = 0;
}

decode_status agent_loader::add(std::string_view lane, std::string_view key, std::string_view value) {
  const auto& type = agent_->type();
  if (lane.empty() && key.empty()) return add_header(value);
  if (lane_ < 0 || type.lanes()[static_cast<std::size_t>(lane_)].name != lane) lane_ = type.lane_index(lane);
  if (lane_ < 0 || type.lanes()[static_cast<std::size_t>(lane_)].is_transient) {
    ++skipped_;
    return {};
  }
  auto status = agent_->lane_at(static_cast<std::size_t>(lane_)).load_row(decoder_, key, value);
  if (!status) status.detail = place_of(lane, key) + ": " + status.detail;
  return status;
}

decode_status agent_loader::add_header(std::string_view text) {
  const auto& type = agent_->type();
  if (auto status = header_.parse(text); !status) return status;
  found_ = true;
  for (const auto& t : header_.timers) {
    for (std::size_t i = 0; i < type.timers().size(); ++i)
      if (type.timers()[i].name == t.name) agent_->timer_at(i).due_ms_ = t.due_ms;
  }
  for (const auto& n : header_.notes) {
    const int i = type.lane_index(n.lane);
    if (i < 0 || !type.lanes()[static_cast<std::size_t>(i)].stored()) continue;
    if (!agent_->lane_at(static_cast<std::size_t>(i)).load_note(n.text))
      return {lane_errc::bad_value, place_of(n.lane, {}) + ": its note in the agent's header does not parse"};
  }
  return {};
}

decode_status agent_loader::finish() {
  if (found_) return {};
  return {lane_errc::bad_value, "the agent has no header"};
}

}  // namespace twinlane
