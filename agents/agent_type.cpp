#include <twinlane/agents/agent_type.hpp>

#include <algorithm>
#include <stdexcept>

#include <twinlane/agents/agent.hpp>

namespace twinlane {
namespace {

std::string sample_uri(const route& r) {
  std::string uri;
  for (auto segment : split_uri(r.pattern())) {
    uri += '/';
    uri += segment[0] == ':' ? segment.substr(1) : segment;
  }
  return uri;
}

}  // namespace

std::string_view name_of(hosting h) noexcept { return h == hosting::shared ? "shared" : "dedicated"; }

std::string_view name_of(creation c) noexcept {
  return c == creation::events ? "events" : c == creation::commands ? "commands" : "never";
}

agent_type::agent_type(std::string name, std::string_view route_pattern, type_options options, factory make,
                       std::size_t object_bytes)
    : name_(std::move(name)),
      route_(route_pattern),
      options_(std::move(options)),
      factory_(std::move(make)),
      object_bytes_(object_bytes) {
  if (name_.empty()) throw std::invalid_argument("an agent type needs a name");
  if (options_.version == 0) throw std::invalid_argument("agent type '" + name_ + "': versions begin with 1");
  if (options_.version == 1 && options_.migrate)
    throw std::invalid_argument(
        "agent type '" + name_ +
        "' has a hook to migrate and version 1, which nothing is older than. Raise the version.");
  prototype_ = factory_(construction(*this, sample_uri(route_)));
  layout_.sealed = true;
  if (rules_.size() > 64) throw std::invalid_argument("agent type '" + name_ + "' has more than 64 rules");
  keeps_time_ = !timers_.empty() || std::any_of(layout_.lanes.begin(), layout_.lanes.end(),
                                                [](const lane_info& l) { return l.keeps_time(); });
}

agent_type::~agent_type() = default;

int agent_type::lane_index(std::string_view lane) const noexcept {
  for (std::size_t i = 0; i < layout_.lanes.size(); ++i)
    if (layout_.lanes[i].name == lane) return static_cast<int>(i);
  return -1;
}

void agent_type::prefetch_object(const agent& a) const noexcept {
  constexpr std::size_t line = 64, lines_max = 16;
  const auto* at = reinterpret_cast<const char*>(&a);
  const auto bytes = std::min(object_bytes_, line * lines_max);
  for (std::size_t i = 0; i < bytes; i += line) __builtin_prefetch(at + i, 1);
}

void agent_type::prefetch_entries(const agent& a) const noexcept {
  if (object_bytes_ == 0) return;
  for (std::size_t i = 0; i < layout_.lanes.size(); ++i) a.lane_at(i).prefetch();
}

std::unique_ptr<agent> agent_type::make(std::string uri) const {
  return factory_(construction(const_cast<agent_type&>(*this), std::move(uri)));
}

}  // namespace twinlane
