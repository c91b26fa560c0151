#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include <boost/asio/post.hpp>

#include <twinlane/web/detail/net.hpp>
#include <twinlane/web/options.hpp>
#include <twinlane/web/site.hpp>
#include <twinlane/web/subprotocol.hpp>

namespace twinlane::web::detail {

/// A connection, as the server sees it.
class session {
 public:
  virtual ~session() = default;
  /// Ends politely: 1001, or after the response that is being made. Any thread.
  virtual void shut_down() = 0;
  /// Closes the socket. Any thread.
  virtual void cut() = 0;
  virtual std::size_t outbound_bytes() const { return 0; }
};

/// What all connections of a server share.
class core : public std::enable_shared_from_this<core> {
 public:
  core(options o, std::shared_ptr<twinlane::port> p, figures f, bool loopback_only);

  /// A connection's place among connections_max; handed on when HTTP becomes something else.
  class ticket {
   public:
    ticket() = default;
    explicit ticket(std::shared_ptr<core> owner);
    ticket(ticket&& other) noexcept = default;
    ticket& operator=(ticket&& other) = delete;
    ~ticket();

   private:
    std::shared_ptr<core> owner_;
  };

  void enter(const std::shared_ptr<session>& s);
  void leave(const session* s);
  void for_each_session(const std::function<void(session&)>& f) const;
  /// True when the last connection has gone before the deadline.
  bool wait_until_empty(clock::time_point deadline);

  /// Counts a refusal or a close, and logs one line for it at most every ten seconds.
  void report(std::string_view what, std::string_view detail);

  /// Posts to a strand on behalf of another thread; does nothing once the server has ended, when nobody would run it.
  template <class F>
  void post_from_outside(const strand& to, F f) {
    std::lock_guard lock(post_mutex_);
    if (!over_) asio::post(to, std::move(f));
  }
  void end_posts() {
    std::lock_guard lock(post_mutex_);
    over_ = true;
  }

  /// Takes bytes of the bound on bodies being read; false when there is no room.
  bool reserve_body(std::size_t bytes);
  void release_body(std::size_t bytes) { body_bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  const options opt;
  const figures figs;
  web::site site;
  asio::io_context io;
  std::atomic<std::size_t> connections{0}, subscriptions{0};
  std::atomic<bool> stopping{false};
  /// What new WebSockets speak; docs/protocol.md when there is none.
  std::function<std::unique_ptr<subprotocol>()> make_subprotocol;

 private:
  struct line {
    clock::time_point at;
    std::uint64_t held_back = 0;
  };
  std::atomic<std::size_t> body_bytes_{0};
  mutable std::mutex mutex_;
  std::condition_variable gone_;
  std::unordered_map<const session*, std::weak_ptr<session>> sessions_;
  std::mutex post_mutex_;
  bool over_ = false;
  std::mutex lines_mutex_;
  std::map<std::string, line, std::less<>> lines_;
};

}  // namespace twinlane::web::detail
