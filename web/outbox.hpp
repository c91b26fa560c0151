#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <twinlane/runtime/port.hpp>

namespace twinlane::web {

/// What waits to be sent on one connection. `text` of a reply is the whole message, of the others what follows the
/// head that each subscription has for itself.
struct outgoing {
  enum class kind : std::uint8_t { reply, snap, diff, life, event, done };
  kind what{};
  std::uint64_t tag{};
  std::uint64_t from{};  // diff; event: the agent's rev
  shared_text text;
  steady_time arrived{};    // diff
  std::uint64_t dropped{};  // event: how many before it were
  bool merged{};            // diff: of several turns
  bool resumed{};           // snap: without the state

  std::size_t bytes() const noexcept { return text->size() + head_bytes; }
  static constexpr std::size_t head_bytes = 48;
};

/// The bounded queue between shard threads and one connection.
///
/// Shape    messages in the order in which they came; those of one tag in the order in which its shard made them
/// Units    bytes as sent, shared text counted in full for every connection
/// Cost     a lock, a reference and 64 bytes a message; one wake-up per run of messages, none while a write runs
/// Threads  on_* and reply() from any; all others from the connection's strand
/// Errors   a snapshot or diff over the bound is refused, and take() says once that its tag has missed something: then
///          its subscription wants a pull. What nothing can replace (replies, life, done) may go up to four times the
///          bound; beyond that everything is dropped, and overflowed() is true from then on. One message larger than
///          the bound may wait at a time, and is not counted. Events may take half of the bound, so that they keep
///          nothing else away for long; what comes beyond that, or while their tag has missed something, is dropped,
///          and the next one says how many were
class outbox : public subscriber {
 public:
  /// wake is called, on the thread that added the message, when the strand must call take().
  outbox(std::size_t bytes_max, std::function<void()> wake);

  bool on_snapshot(std::uint64_t tag, const snapshot& s) override;
  bool on_diff(std::uint64_t tag, const diff& d) override;
  void on_life(std::uint64_t tag, const life_event& e) override;
  void on_event(std::uint64_t tag, const supply_event& e) override;
  void on_done(std::uint64_t tag, std::string_view reason) override;
  void reply(std::string message);

  /// From now on each diff that is taken closes this tag for others, until it is opened. Snapshots and events are not
  /// held up by that.
  void pace(std::uint64_t tag);
  /// The next diff may come. True when one was refused for being too early: its subscription wants a pull.
  bool open(std::uint64_t tag);
  /// Of a subscription that never began.
  void forget(std::uint64_t tag);

  /// Moves what waits into `into`, and the tags that have missed something since into `missed`; both must be empty.
  /// False when there is neither: the next message will wake.
  bool take(std::vector<outgoing>& into, std::vector<std::uint64_t>& missed);
  /// So many bytes that were taken are out of memory again.
  void wrote(std::size_t bytes, bool large);
  /// Drops everything, now and later.
  void close();

  bool overflowed() const;
  /// Events dropped since this was last asked.
  std::uint64_t take_dropped();
  /// Waiting, or taken and not yet written.
  std::size_t bytes() const;
  bool large(const outgoing& m) const noexcept { return m.bytes() > bytes_max_; }

 protected:
  /// Was it taken?
  bool push(outgoing m);

 private:
  struct tag_state {
    bool behind = false;  // has missed something, and gets nothing but by a pull
    bool paced = false, closed = false;
    bool early = false;         // what it missed came while it was closed
    std::uint64_t dropped = 0;  // events
  };
  bool admit(outgoing& m);
  bool admit_state(const outgoing& m);
  bool admit_event(outgoing& m);
  void forget_all(std::vector<outgoing>& into);

  const std::size_t bytes_max_;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::vector<outgoing> waiting_;
  std::vector<std::uint64_t> missed_;                  // since the last take()
  std::unordered_map<std::uint64_t, tag_state> tags_;  // those with something to say
  std::uint64_t dropped_all_ = 0;
  std::size_t bytes_ = 0, large_bytes_ = 0;
  bool awake_ = false, closed_ = false, overflowed_ = false;
};

}  // namespace twinlane::web
