#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "measure.hpp"

namespace twinlane::perf {

/// Many WebSocket clients in one thread, each with at most one subscription, to /device/N; for a process of their own.
///
/// Shape    each call returns when all of them have come so far; what the server sends meanwhile is taken and checked
/// Units    one connection is one descriptor; source addresses are 127.0.0.2 and up, so that ports suffice
/// Errors   std::runtime_error when a connection fails, the server closes one, or nothing happens for 60 s
class many_clients {
 public:
  many_clients(std::uint16_t port, unsigned count, std::string extra_header);
  ~many_clients();
  many_clients(const many_clients&) = delete;
  many_clients& operator=(const many_clients&) = delete;

  /// Opens them, at most that many at a time.
  void connect(unsigned at_a_time);
  /// Subscribes each to its agent, and waits until all have their state.
  void subscribe();
  /// Drops all connections at once, and has them come back with `resume`: until all have their state.
  void come_back(unsigned at_a_time);
  /// Takes what comes until that descriptor can be read.
  void listen(int until_readable);
  /// Takes what comes until all are at these counts, at most so long; true when they are.
  bool reach(const std::uint64_t* counts, double seconds_max);

  struct tally {
    std::uint64_t diffs = 0, snapshots = 0, resumed = 0;
    std::uint64_t wrong = 0;  // diffs that do not continue what the client had, and resumes of nothing
    double late_ms = 0;       // the longest from an event to its diff, of those that had their state
  };
  /// Since this was last asked.
  tally take_tally();

 private:
  enum class phase : unsigned char { none, connecting, upgrading, open };
  struct client {
    int fd = -1;
    phase at = phase::none;
    bool has_state = false;
    std::uint64_t rev = 0, count = 0;
    std::int64_t since_ns = 0;  // it has had its state
    std::string lineage, received;
  };

  void begin(std::size_t n);
  void advance(unsigned at_a_time);
  void ready(std::size_t n);
  void upgraded(std::size_t n);
  void take_frames(client& c);
  void take_message(client& c, std::string_view m);
  void send_sub(std::size_t n);
  bool poll(int more, int wait_ms);
  [[noreturn]] void fail(const std::string& what) const;

  std::uint16_t port_;
  std::string extra_header_;
  int epoll_ = -1;
  std::vector<client> all_;
  std::size_t begun_ = 0, open_ = 0, with_state_ = 0;
  bool subscribing_ = false;
  tally tally_;
};

}  // namespace twinlane::perf
