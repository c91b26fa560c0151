#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/runtime/errors.hpp>
#include <twinlane/web/access/access_spec.hpp>
#include <twinlane/web/embedded_pages.hpp>
#include <twinlane/web/tls_files.hpp>

namespace twinlane::web {

struct rejected_line {
  std::uint64_t line{};
  std::string reason;
};

struct ingest_result {
  std::uint64_t accepted{};
  std::vector<rejected_line> rejected;
};

/// Which dead letters; empty texts: any.
struct dead_query {
  std::string source, reason;
  std::string after;  // the `next` of the page before
  std::size_t limit = 100;
};

/// How a source is, beside what its partitions count.
struct source_state {
  std::string name, kind;  // kind: kafka | file | http | generator
  std::string state;       // waiting | starting | running | ended | failed | stopped
  std::string problem;     // what is wrong now and a hint; empty when nothing is
};

/// Everything the server needs besides the port. Bounds are per connection unless said otherwise.
struct options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 8080;          // 0 picks a free one
  bool insecure = false;              // listen beyond loopback without authentication and TLS
  std::optional<access_spec> access;  // who may do what; nothing: everybody everything
  std::vector<std::string> origins;   // browser origins allowed beside the server's own
  unsigned threads = 1;               // I/O threads of the whole server
  std::optional<tls_files> tls;       // HTTPS alone; files that change are read anew for new connections
  bool compression = false;           // permessage-deflate, for WebSockets that offer it; 40 KB a connection

  std::size_t connections_max = 12'000;  // whole server; one more is answered 503
  std::size_t header_bytes_max = 16 * 1024;
  std::size_t body_bytes_max = 64 * 1024 * 1024;     // ingest bodies; commands and writes take 1 MiB
  std::size_t bodies_bytes_max = 256 * 1024 * 1024;  // whole server: bodies being read; above it 503
  std::size_t frame_bytes_max = 64 * 1024;           // inbound WebSocket message
  std::size_t outbound_bytes_max = 1024 * 1024;      // queued, not yet written
  std::size_t subscriptions_max = 10'000;
  std::size_t query_bytes_max = 32 * 1024 * 1024;  // what queries that follow keep of their lanes
  std::size_t inbound_messages_per_s = 2'000;      // WebSocket, sustained; more is closed 4429
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds auth_timeout{10'000};  // for the token of a WebSocket that brought none: 4401
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds ping_interval{25'000};
  std::chrono::milliseconds slow_timeout{30'000};  // nothing read by the peer while something is queued: 4408
  std::chrono::milliseconds close_timeout{2'000};  // for a last write and the closing handshake

  std::string ui_dir;                    // static files of the application's pages, served under /ui/
  std::span<const embedded_file> pages;  // what is served there when the application has no pages of its own
  /// Prometheus text for GET /metrics.
  std::function<std::string()> metrics_text;
  /// The body of GET /api/sinks; none: no sinks.
  std::function<std::string()> sinks_document;
  /// All sources, for GET /api/sources.
  std::function<std::vector<source_state>()> source_states;
  /// POST /api/ingest/{source}: hands an NDJSON body to an HTTP source; answers once applied and durable.
  std::function<void(std::string source, std::string body, std::optional<std::string> idempotency_key,
                     std::function<void(outcome<ingest_result>)>)>
      ingest;
  /// GET /api/dead and POST /api/dead/replay: answer with the body, which is JSON.
  using dead_handler = std::function<void(dead_query, std::function<void(outcome<std::string>)>)>;
  dead_handler dead_list, dead_replay;
};

/// Figures that the server keeps and the application exports. Called on I/O threads; must not block.
struct figures {
  std::function<void(double seconds)> event_to_push;  // observed when the socket write with a diff is complete
  std::function<void(std::string_view kind, std::uint64_t n)> diffs;   // sent | merged | snapshot
  std::function<void(std::string_view kind, std::uint64_t n)> events;  // of supply lanes: sent | dropped
  /// Something was refused or closed, by reason: connection_refused, header_timeout, body_timeout, too_large,
  /// bad_request, forbidden_origin, closed_slow, closed_rate, closed_bad_message, closed_protocol_error,
  /// closed_bad_utf8, closed_too_large, closed_lost, events_dropped, tls_handshake, tls_reload; unauthorized, forbidden,
  /// closed_unauthorized, keys_unreadable, tokens_unreadable.
  std::function<void(std::string_view what)> counted;
};

}  // namespace twinlane::web
