#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <twinlane/web/message.hpp>
#include <twinlane/web/message_head.hpp>
#include <twinlane/web/outbox.hpp>

namespace twinlane::web::detail {

/// The outbox of an event stream: what it holds are whole events, but for the end of what a supply lane emitted.
///
/// Threads  they are written on the shard's thread, for a stream has one subscriber and there is nothing to share
class event_outbox final : public outbox {
 public:
  using outbox::outbox;

  bool on_snapshot(std::uint64_t tag, const snapshot& s) override {
    lineage_ = s.lineage;
    return add({outgoing::kind::snap, tag, 0, s.tail, {}, 0, false, s.resumed}, "snap", s.rev);
  }
  bool on_diff(std::uint64_t tag, const diff& d) override {
    return add({outgoing::kind::diff, tag, d.from, d.tail, d.arrived, 0, d.merged}, "diff", d.rev);
  }
  void on_life(std::uint64_t tag, const life_event& e) override {
    std::string rest = "\"event\":";
    append_json(rest, e.event);
    rest += ",\"at\":" + std::to_string(e.at_ms) + ",\"cause\":";
    append_json(rest, e.cause);
    rest += '}';
    add({outgoing::kind::life, tag, 0, shared_text(std::move(rest)), {}, 0}, "life", {});
  }
  /// Without its end, which says what is known only later.
  void on_event(std::uint64_t tag, const supply_event& e) override {
    add({outgoing::kind::event, tag, e.rev, e.tail, {}, 0}, "event", {});
  }
  void on_done(std::uint64_t tag, std::string_view reason) override {
    std::string rest = "\"reason\":";
    append_json(rest, reason);
    rest += '}';
    add({outgoing::kind::done, tag, 0, shared_text(std::move(rest)), {}, 0}, "done", {});
  }

 private:
  bool add(outgoing m, std::string_view event, std::optional<std::uint64_t> rev) {
    std::string text = "event: ";
    text += event;
    if (rev) text += "\nid: " + lineage_ + ":" + std::to_string(*rev);
    text += "\ndata: ";
    append_head(text, m, 0, wire_format::json);
    // A line break in the JSON could only be white space, and would end the event's line.
    const auto from = text.size();
    text += *m.text;
    std::replace(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), '\n', ' ');
    if (m.what != outgoing::kind::event) text += "\n\n";
    m.text = shared_text(std::move(text));
    return push(std::move(m));
  }

  std::string lineage_;
};

}  // namespace twinlane::web::detail
