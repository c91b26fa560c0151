#include <twinlane/agents/turn.hpp>

#include <bit>

namespace twinlane {

turn::turn(const agent_type& type) : type_(type) {}

void turn::begin(agent& a, std::int64_t at_ms, bool first) {
  agent_ = &a;
  now_ms = event_ms = at_ms;
  a.attach_turn(this);
  if (first) a.did_start();
}

decode_status turn::apply(unsigned lane, const lane_input& in, std::int64_t at_ms) {
  event_ms = at_ms;
  passed_over = false;
  return agent_->lane_at(lane).apply(decoder_, in);
}

decode_status turn::command(unsigned lane, std::string_view padded, reply& answer) {
  event_ms = now_ms;
  return static_cast<command_lane_base&>(agent_->lane_at(lane)).run(decoder_, padded, answer);
}

void turn::fire_timer(std::size_t index) {
  event_ms = now_ms;
  agent_->timer_at(index).cancel();
  type_.timers()[index].run(*agent_);
}

void turn::evict() {
  event_ms = now_ms;
  for (std::size_t i = 0; i < agent_->lane_count(); ++i)
    if (type_.lanes()[i].keeps_time()) agent_->lane_at(i).evict(now_ms);
}

// Settles the lanes written since the last look, and keeps `changed_` up to date.
void turn::settle_fresh() {
  for (auto bits = fresh; bits; bits &= bits - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(bits));
    const auto bit = std::uint64_t{1} << i;
    changed_ = agent_->lane_at(i).settle() ? changed_ | bit : changed_ & ~bit;
  }
}

bool turn::finish() {
  event_ms = now_ms;
  const auto& rules = type_.rules();
  const auto watching = [&](std::uint64_t lanes) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < rules.size(); ++i)
      if (rules[i].lanes & lanes) bits |= std::uint64_t{1} << i;
    return bits;
  };
  settle_fresh();
  // Also for a lane that was changed and changed back: had the messages come in two turns, its rules would have run.
  std::uint64_t pending = watching(fresh);
  fresh = 0;
  for (std::size_t runs = 0; pending; ++runs) {
    if (runs > 8 * rules.size())
      throw lane_error(lane_errc::bad_value, "rules of '" + type_.name() + "' keep changing each other's lanes");
    const auto next = static_cast<unsigned>(std::countr_zero(pending));
    pending &= pending - 1;
    rules[next].run(*agent_, changes(changed_));
    if (!fresh) continue;
    // A lane that a rule brought back to where it was is a change to a rule that has seen it changed.
    const auto seen = changed_;
    settle_fresh();
    pending |= watching(fresh & (seen | changed_));
    fresh = 0;
  }
  return changed_ != 0;
}

void turn::encode_patch(std::string& out, std::uint64_t lanes) const {
  out += '{';
  for (auto bits = changed_ & lanes; bits; bits &= bits - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(bits));
    append_json_string(out, type_.lanes()[i].name);
    out += ':';
    agent_->lane_at(i).encode_change(out);
    out += ',';
  }
  if (out.back() == ',')
    out.back() = '}';
  else
    out += '}';
}

void turn::mark_paths(dirty_paths::node& paths, std::uint64_t lanes) const {
  for (auto bits = changed_ & lanes; bits; bits &= bits - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(bits));
    agent_->lane_at(i).mark_change(paths.child(type_.lanes()[i].name));
  }
}

void turn::save(row_sink& to) const {
  for (auto bits = touched; bits; bits &= bits - 1) {
    const auto i = static_cast<unsigned>(std::countr_zero(bits));
    if (type_.lanes()[i].stored()) agent_->lane_at(i).save_rows(to);
  }
}

void turn::end() noexcept { clear_all(); }

void turn::undo() noexcept {
  for (auto bits = touched; bits; bits &= bits - 1)
    agent_->lane_at(static_cast<std::size_t>(std::countr_zero(bits))).undo();
  for (auto it = timers_before_.rbegin(); it != timers_before_.rend(); ++it)
    agent_->timer_at(it->first).due_ms_ = it->second;
  clear_all();
}

void turn::clear_all() noexcept {
  clear();
  changed_ = 0;
  messages.clear();
  emissions.clear();
  timers_before_.clear();
  agent_->attach_turn(nullptr);
  agent_ = nullptr;
}

void encode_document(std::string& out, const agent& a, std::uint64_t lanes) {
  out += '{';
  for (std::size_t i = 0; i < a.lane_count(); ++i) {
    const auto& lane = a.lane_at(i);
    if (!(lanes >> i & 1) || !lane.present()) continue;
    append_json_string(out, a.type().lanes()[i].name);
    out += ':';
    lane.encode_value(out);
    out += ',';
  }
  if (out.back() == ',')
    out.back() = '}';
  else
    out += '}';
}

}  // namespace twinlane
