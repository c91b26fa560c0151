#pragma once

#include <chrono>
#include <map>
#include <string>
#include <variant>

namespace twinlane::ingest {

struct kafka_sink_spec {
  std::string brokers, topic;
  std::map<std::string, std::string> properties;  // passed to librdkafka as they are
};

/// How long one item is tried. An answer of 408, 429 or 5xx and a silence are tries; a receiver that cannot be reached
/// at all costs none.
struct webhook_retry {
  unsigned tries = 20;                            // the last one ends in the dead letters
  std::chrono::milliseconds backoff{500};         // after the first try; doubled after each
  std::chrono::milliseconds backoff_max{60'000};  // also for what Retry-After asks, times 60
  std::chrono::milliseconds age{24 * 3'600'000};  // since the item's first try; 0: no bound
};

/// Templates take `{a.b}`, a field of the item's value, and `{$key}`, `{$uri}`, `{$id}`, `{$timestamp}`, `{$value}`;
/// `{{` and `}}` are braces.
struct webhook_spec {
  std::string url;  // template; scheme and host are literal
  std::string method = "POST";
  std::map<std::string, std::string> headers;  // values are templates
  std::string body;                            // template; empty: the item's value
  std::chrono::milliseconds timeout{10'000};   // of one try, from connecting to the answer's last byte
  unsigned connections = 8;                    // requests at a time, and connections kept
  webhook_retry retry;
};

/// One entry of the YAML `sinks:` block.
struct sink_spec {
  std::string name;
  std::variant<kafka_sink_spec, webhook_spec> to;
};

}  // namespace twinlane::ingest
