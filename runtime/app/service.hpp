#pragma once

#include <chrono>
#include <memory>
#include <string>

#include <twinlane/runtime/app/detail/program.hpp>

namespace twinlane::app {

/// A running server: runtime, sources, sinks and web server of one configuration, wired together.
///
/// Threads  one, the same for all members
/// Errors   the constructor throws std::exception when a part does not start, with one clear line; what has started
///          is stopped again
class service {
 public:
  service(const program& p, const config& c);
  ~service();
  service(const service&) = delete;
  service& operator=(const service&) = delete;

  /// `http://127.0.0.1:8080`, with the real port; `https` with a certificate.
  std::string url() const;
  /// Sources are assigned and those with `load` are read.
  bool sources_ready() const;
  /// Why sources_ready() is false, for the log; empty when nothing is wrong.
  std::string waiting_for() const;
  /// Lets /readyz answer 200.
  void open();
  /// Sources, then what is in flight, then sinks, connections and agents. False when the deadline came first.
  bool stop(std::chrono::milliseconds deadline);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane::app
