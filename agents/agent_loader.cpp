#include <twinlane/agents/agent_loader.hpp>

#include <twinlane/agents/detail/row_parts.hpp>

namespace twinlane {
void agent_loader::begin(agent& a) {
  agent_ = &a;
  lane_ = -1;
  found_ = false;
  skipped_ = 0;
  header_.birth = header_.rev = 0;
  header_.type_version = 1;
  rows_.clear();
}

decode_status agent_loader::add(std::string_view lane, std::string_view key, std::string_view value) {
  if (lane.empty() && key.empty()) return add_header(value);
  const auto version = agent_->type().options().version;
  if (version == 1 || (found_ && header_.type_version == version)) return load(lane, key, value);
  rows_.hold(lane, key, value);
  return {};
}

decode_status agent_loader::load(std::string_view lane, std::string_view key, std::string_view value) {
  const auto& type = agent_->type();
  if (lane_ < 0 || type.lanes()[static_cast<std::size_t>(lane_)].name != lane) lane_ = type.lane_index(lane);
  if (lane_ < 0 || type.lanes()[static_cast<std::size_t>(lane_)].is_transient) {
    ++skipped_;
    return {};
  }
  auto status = agent_->lane_at(static_cast<std::size_t>(lane_)).load_row(decoder_, key, value);
  if (status) return status;
  const auto kind = type.lanes()[static_cast<std::size_t>(lane_)].kind;
  detail::row_parts parts;
  if (detail::parse_row(key, value, parts) && !detail::same_rows(parts.kind, kind))
    status.detail = detail::kind_changed(parts.kind, kind);
  status.detail = detail::place_text(lane, key) + ": " + status.detail;
  return status;
}

decode_status agent_loader::add_header(std::string_view text) {
  const auto& type = agent_->type();
  if (auto status = header_.parse(text); !status) return status;
  const auto version = type.options().version;
  if (header_.type_version > version)
    return {lane_errc::bad_value, "version " + std::to_string(header_.type_version) + " of type '" + type.name() +
                                      "' has written them, and this program has version " + std::to_string(version)};
  found_ = true;
  for (const auto& t : header_.timers) {
    for (std::size_t i = 0; i < type.timers().size(); ++i)
      if (type.timers()[i].name == t.name) agent_->timer_at(i).due_ms_ = t.due_ms;
  }
  for (const auto& n : header_.notes) {
    const int i = type.lane_index(n.lane);
    if (i < 0 || !type.lanes()[static_cast<std::size_t>(i)].stored()) continue;
    if (!agent_->lane_at(static_cast<std::size_t>(i)).load_note(n.text))
      return {lane_errc::bad_value, detail::place_text(n.lane, {}) + ": its note in the agent's header does not parse"};
  }
  return {};
}

decode_status agent_loader::finish() {
  if (!found_) return {lane_errc::bad_value, "the agent has no header"};
  if (!migrated())
    return rows_.for_each_held([this](auto lane, auto key, auto value) { return load(lane, key, value); });
  auto status = rows_.run(*agent_, decoder_, header_.type_version);
  skipped_ += rows_.left_out();
  return status;
}

bool agent_loader::migrated() const noexcept {
  return found_ && header_.type_version < agent_->type().options().version;
}

}  // namespace twinlane
