#include <twinlane/agents/agent_header.hpp>

#include <twinlane/agents/agent.hpp>
#include <twinlane/lanes/detail/row_text.hpp>

namespace twinlane {
namespace {

constexpr std::uint64_t version = 1;

void append_start(std::string& out, std::uint64_t birth, std::uint64_t rev, std::uint32_t type_version) {
  detail::append_number(out, version);
  detail::append_number(out, birth);
  detail::append_integer(out, rev);
  if (type_version == 1) return;
  out += " v";
  detail::append_integer(out, type_version);
}

void append_timer(std::string& out, std::string_view name, std::int64_t due_ms) {
  out += " t";
  detail::append_counted(out, name);
  detail::append_integer(out, due_ms);
}

void append_note(std::string& out, std::string_view lane, std::string_view text) {
  out += " l";
  detail::append_counted(out, lane);
  detail::append_counted(out, text);
}

decode_status damaged() { return {lane_errc::bad_value, "the agent's header is damaged"}; }

}  // namespace

void agent_header::append(std::string& out) const {
  append_start(out, birth, rev, type_version);
  for (const auto& t : timers) append_timer(out, t.name, t.due_ms);
  for (const auto& n : notes) append_note(out, n.lane, n.text);
}

decode_status agent_header::parse(std::string_view text) {
  timers.clear();
  notes.clear();
  type_version = 1;
  std::uint64_t found = 0;
  if (!detail::take_number(text, found)) return damaged();
  if (found != version)
    return {lane_errc::bad_value, "the agent's header has version " + std::to_string(found) + ", this program reads " +
                                      std::to_string(version)};
  if (!detail::take_number(text, birth) || !detail::take_integer(text, rev)) return damaged();
  while (!text.empty()) {
    const auto what = text.substr(0, 2);
    text.remove_prefix(what.size());
    if (what == " v") {
      if (!detail::take_integer(text, type_version) || type_version == 0) return damaged();
    } else if (what == " t") {
      auto& t = timers.emplace_back();
      if (!detail::take_counted(text, t.name) || !detail::take_integer(text, t.due_ms)) return damaged();
    } else if (what == " l") {
      auto& n = notes.emplace_back();
      if (!detail::take_counted(text, n.lane) || !detail::take_counted(text, n.text)) return damaged();
    } else {
      return damaged();
    }
  }
  return {};
}

void append_header(std::string& out, const agent& a, std::uint64_t birth, std::uint64_t rev) {
  const auto& type = a.type();
  append_start(out, birth, rev, type.options().version);
  for (std::size_t i = 0; i < type.timers().size(); ++i) {
    const auto& t = a.timer_at(i);
    if (t.is_set()) append_timer(out, type.timers()[i].name, t.due_ms());
  }
  std::string note;
  for (std::size_t i = 0; i < type.lanes().size(); ++i) {
    const auto& lane = type.lanes()[i];
    if (!lane.stored()) continue;
    note.clear();
    a.lane_at(i).save_note(note);
    if (!note.empty()) append_note(out, lane.name, note);
  }
}

}  // namespace twinlane
