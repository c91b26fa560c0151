#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <twinlane/web/frame_batch.hpp>

namespace twinlane::web {

/// Why a WebSocket ends, as its close code.
enum class close_reason : std::uint16_t {
  going_away = 1001,
  bad_message = 4400,
  unauthorized = 4401,
  slow = 4408,
  too_many = 4429
};

/// What is spoken on a WebSocket, without the socket: messages in, frames out.
///
/// Shape    the session asks for the next batch when the one before is written, and reads while wants_more()
/// Threads  the connection's strand
class subprotocol {
 public:
  using clock = std::chrono::steady_clock;
  virtual ~subprotocol() = default;

  /// Takes an inbound text message. A reason to close is answered at once.
  virtual std::optional<close_reason> receive(std::string_view message, clock::time_point now) = 0;
  virtual std::optional<close_reason> receive_binary(std::string_view, clock::time_point) {
    return close_reason::bad_message;
  }
  /// Handles received messages as far as there is room.
  virtual void advance() {}
  /// Asks for what was missed, as far as there is room and time; received messages go first.
  virtual void catch_up(clock::time_point /*now*/) {}
  /// When to do so at the latest.
  virtual std::optional<clock::time_point> next_due() const { return std::nullopt; }
  /// May the next message be read?
  virtual bool wants_more() const = 0;

  /// Fills the empty batch. False when nothing waits.
  virtual bool next(frame_batch& batch, clock::time_point now) = 0;
  /// Is the batch that next() filled a text frame?
  virtual bool text() const { return true; }
  /// The batch has been written.
  virtual void wrote(const frame_batch& batch) = 0;

  /// A reason to close that is no message's alone: credentials that are refused, or hold no longer; why, for the log.
  virtual std::optional<close_reason> over(clock::time_point /*now*/) const { return std::nullopt; }
  virtual std::string why_over() const { return {}; }
  /// Until time alone may make it over.
  virtual std::optional<clock::duration> time_left(clock::time_point /*now*/) const { return std::nullopt; }
  /// Does the peer fall behind further than it may?
  virtual bool slow() const = 0;
  /// Drops what waits. Nothing is sent any more.
  virtual void end() = 0;
};

}  // namespace twinlane::web
