#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <twinlane/agents/agent.hpp>

namespace twinlane {

/// A record for another agent's lane, sent when the turn ends well.
struct message_effect {
  std::string uri, lane, key, value;
  std::int64_t event_ms;  // of what the sender was applying
};

/// An item for a sink, sent when the turn ends well.
struct sink_effect {
  std::string sink, key, value;
};

/// Runs one turn of one agent after the other: messages, then rules, then the diff; or everything undone.
///
/// begin → apply/command/fire_timer/evict … → finish → encode_patch, messages, joins → end; undo instead of end when
/// anything threw.
///
/// Cost     reused for all agents of one type on one thread, so that a turn allocates nothing of its own
/// Threads  one at a time
class turn final : public lane_turn {
 public:
  explicit turn(const agent_type& type);

  /// first: did_start is called.
  void begin(agent& a, std::int64_t now_ms, bool first);
  decode_status apply(unsigned lane, const lane_input& in, std::int64_t event_ms);
  decode_status command(unsigned lane, std::string_view padded, reply& answer);
  /// Runs a timer, which is no longer set then.
  void fire_timer(std::size_t index);
  /// Lets lanes do what is due: entries that have reached their age go.
  void evict();
  /// Runs the rules; true when something in the document has changed.
  bool finish();
  /// Bit per lane that changed; after finish().
  std::uint64_t changed() const noexcept { return changed_; }
  /// Appends the merge patch of the changed lanes among those given, as a JSON object; after finish().
  void encode_patch(std::string& out, std::uint64_t lanes) const;
  void mark_paths(dirty_paths::node& paths, std::uint64_t lanes) const;
  /// Has the turn written a lane or set a timer? Then what it saves and the agent's header belong in the store, also
  /// when the document is as it was; after finish().
  bool wrote() const noexcept { return touched != 0 || !timers_before_.empty(); }
  /// Hands on the rows that the turn changed, those of transient lanes apart; after finish(). The header is
  /// append_header(). Throws lane_error for an entry whose key has no text; the turn is to be undone then.
  void save(row_sink& to) const;
  void end() noexcept;
  void undo() noexcept;
  static void stop(agent& a) { a.did_stop(); }
  /// Between turns: a timer that is set is due later.
  static void postpone(agent& a, std::size_t timer, std::int64_t due_ms) { a.timer_at(timer).due_ms_ = due_ms; }

  std::vector<message_effect> messages;
  std::vector<sink_effect> emissions;
  decoder& text_decoder() noexcept { return decoder_; }

 private:
  friend class agent;
  void settle_fresh();
  void clear_all() noexcept;

  const agent_type& type_;
  agent* agent_ = nullptr;
  std::uint64_t changed_ = 0;
  std::vector<std::pair<unsigned, std::int64_t>> timers_before_;
  decoder decoder_;
};

/// Appends the document of the lanes given (bit per lane) as a JSON object.
void encode_document(std::string& out, const agent& a, std::uint64_t lanes);

}  // namespace twinlane
