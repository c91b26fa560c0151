#include <twinlane/web/subscription_table.hpp>

namespace twinlane::web {
namespace {

std::uint64_t make_tag(std::uint32_t generation, std::uint32_t index) {
  return static_cast<std::uint64_t>(generation) << 32 | index;
}

}  // namespace

std::uint64_t subscription_table::add(std::uint64_t id) {
  std::uint32_t index;
  if (free_.empty()) {
    index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  auto& s = slots_[index];
  s.id = id;
  s.used = true;
  s.waiting = true;
  by_id_.emplace(id, index);
  return make_tag(s.generation, index);
}

subscription_table::slot* subscription_table::find(std::uint64_t tag) noexcept {
  const auto index = static_cast<std::uint32_t>(tag);
  if (index >= slots_.size()) return nullptr;
  auto& s = slots_[index];
  return s.used && s.generation == static_cast<std::uint32_t>(tag >> 32) ? &s : nullptr;
}

std::optional<std::uint64_t> subscription_table::tag_of(std::uint64_t id) const {
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) return std::nullopt;
  return make_tag(slots_[found->second].generation, found->second);
}

void subscription_table::remove(std::uint64_t tag) {
  auto* s = find(tag);
  if (!s) return;
  by_id_.erase(s->id);
  s->used = false;
  s->waiting = s->pulling = false;
  s->handle = {};
  s->what.reset();
  s->asked.reset();
  s->query.reset();
  s->pause = {};
  s->due = {};
  ++s->generation;
  free_.push_back(static_cast<std::uint32_t>(tag));
}

void subscription_table::clear() {
  slots_.clear();
  free_.clear();
  by_id_.clear();
}

}  // namespace twinlane::web
