#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <twinlane/runtime/port.hpp>
#include <twinlane/web/options.hpp>

namespace twinlane::web {

/// The HTTP or HTTPS server: REST, SSE, WebSocket, static pages, health and metrics over one port.
///
/// Shape    web/README.md; the wire is pinned in docs/protocol.md
/// Cost     one I/O thread unless options say more; a diff costs a lock, a reference and a short copy per subscriber
/// Threads  every member from any thread, but start() and stop() once each
/// Errors   start() throws std::runtime_error: the address is in use, does not resolve, or lies beyond loopback
///          while `insecure` is off; or the certificate cannot be used
class server {
 public:
  server(options o, std::shared_ptr<twinlane::port> p, figures f = {});
  /// Stops with no deadline if stop() was not called.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Binds and serves. The port's types() must be final by now.
  void start();
  /// The bound port number; 0 before start().
  std::uint16_t port() const noexcept;
  /// Accepts no more, lets running requests end, closes WebSockets with 1001, and returns when all connections are
  /// gone or the deadline has cut them.
  void stop(std::chrono::milliseconds deadline);

  std::size_t connections() const noexcept;
  std::size_t subscriptions() const noexcept;
  /// Bytes queued for clients and not yet written, over all connections.
  std::size_t outbound_bytes() const;

 private:
  struct parts;
  std::shared_ptr<parts> parts_;
};

}  // namespace twinlane::web
