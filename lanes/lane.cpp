#include <twinlane/lanes/lane.hpp>

#include <twinlane/lanes/detail/patching.hpp>

#include <stdexcept>

namespace twinlane {

lane_log& lane_turn::log(const lane_base& lane) {
  const auto i = lane.index();
  if (i >= logs_.size()) logs_.resize(i + 1);
  if (!logs_[i]) logs_[i] = lane.make_log();
  return *logs_[i];
}

void lane_turn::clear() noexcept {
  for (std::size_t i = 0; touched != 0 && i < logs_.size(); ++i) {
    if (touched >> i & 1) logs_[i]->clear();
  }
  touched = fresh = 0;
  depth = 0;
  joins.clear();
  events.clear();
  late.clear();
}

void lane_turn::count_late(unsigned lane) {
  for (auto& l : late)
    if (l.lane == lane) return void(++l.count);
  late.push_back({lane, 1});
}

lane_base& lane_owner::lane_at(std::size_t index) noexcept {
  return *reinterpret_cast<lane_base*>(reinterpret_cast<char*>(this) + layout_->lanes[index].offset);
}

void lane_owner::outside_turn() {
  throw std::logic_error(
      "a lane was written outside of its agent's turn. Write lanes only in callbacks, rules, "
      "commands and timers.");
}

lane_base::lane_base(lane_owner& owner, std::string_view name, lane_kind kind)
    : owner_(&owner), index_(owner.next_lane_++) {
  auto& layout = *owner.layout_;
  if (layout.sealed) return;
  if (layout.lanes.size() >= lane_layout::lanes_max)
    throw std::invalid_argument("lane '" + std::string(name) + "': an agent type has at most 64 lanes");
  for (const auto& other : layout.lanes)
    if (other.name == name) throw std::invalid_argument("lane '" + std::string(name) + "' is declared twice");
  lane_info info;
  info.name = name;
  info.kind = kind;
  info.offset = reinterpret_cast<char*>(this) - reinterpret_cast<char*>(&owner);
  layout.lanes.push_back(std::move(info));
}

namespace detail {

decode_status decode_members(decoder& d, std::string_view padded, nlohmann::json::object_t& members) {
  nlohmann::json checked;
  if (auto status = d.decode(padded, checked); !status) return status;
  if (!checked.is_object()) return {lane_errc::bad_value, "expected an object by key"};
  auto parsed = nlohmann::json::parse(padded);
  members.swap(parsed.get_ref<nlohmann::json::object_t&>());
  return {};
}

callback_depth::callback_depth(lane_turn& t) : turn_(t) {
  if (t.depth >= 16)
    throw lane_error(lane_errc::bad_value, "did_update nested 16 deep: a callback keeps changing its own lane");
  ++t.depth;
}

}  // namespace detail
}  // namespace twinlane
