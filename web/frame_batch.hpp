#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/web/message_head.hpp>

namespace twinlane::web {

/// One outbound WebSocket frame: a message, or several as an array; text or binary by its format.
///
/// Shape    heads and short texts lie in one buffer, long texts stay where they are and are sent from there
/// Cost     a diff is a head of about 30 bytes and a copy of at most copied_bytes_max
/// Threads  the connection's strand
class frame_batch {
 public:
  static constexpr std::size_t bytes_max = 64 * 1024;
  static constexpr std::size_t copied_bytes_max = 2 * 1024;

  /// Room for one more message of this size? The first one always has room.
  bool fits(const outgoing& m) const noexcept { return count_ == 0 || bytes_ + m.bytes() <= bytes_max; }
  void add(const outgoing& m, std::uint64_t client_id);
  /// Finishes the frame.
  void seal();
  /// Empty again, for messages of this format.
  void clear(wire_format f = wire_format::json);
  /// Gives the memory back; for a connection that falls silent.
  void release() { *this = frame_batch(); }

  bool empty() const noexcept { return count_ == 0; }
  bool full() const noexcept { return bytes_ >= bytes_max; }
  /// What the messages counted for in the outbox.
  std::size_t bytes() const noexcept { return bytes_; }
  std::uint64_t diffs() const noexcept { return arrived_.size(); }
  /// Diffs of several turns, which are not among diffs().
  std::uint64_t merged() const noexcept { return merged_; }
  std::uint64_t snapshots() const noexcept { return snapshots_; }
  std::uint64_t events() const noexcept { return events_; }
  /// When the turns of diffs() began. One who gets a merged diff was behind by its own doing, so that says nothing of
  /// us.
  const std::vector<steady_time>& arrived() const noexcept { return arrived_; }

  /// The sealed frame, piece by piece.
  template <class F>
  void for_each_piece(F f) const {
    std::size_t at = single_ ? 1 : 0;  // leaves out the opening bracket
    for (const auto& p : long_) {
      if (p.at > at) f(std::string_view(text_).substr(at, p.at - at));
      f(p.text);
      at = p.at;
    }
    if (text_.size() > at) f(std::string_view(text_).substr(at));
  }

 private:
  struct long_text {
    std::size_t at;  // the position in text_ in front of which it goes
    std::string_view text;
    shared_text owner;
  };
  std::string text_;
  std::vector<long_text> long_;
  std::vector<steady_time> arrived_;
  std::size_t bytes_ = 0, count_ = 0;
  std::uint64_t merged_ = 0, snapshots_ = 0, events_ = 0;
  bool single_ = false;
  wire_format format_ = wire_format::json;
};

}  // namespace twinlane::web
