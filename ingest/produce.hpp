#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>

#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/runtime/errors.hpp>

namespace twinlane::ingest {

struct produce_progress {
  std::uint64_t done{};                // acknowledged by the broker
  std::optional<std::uint64_t> total;  // records of the file, known with the last call; never with loop
  double fraction = -1;                // of the file's bytes read; -1 with loop
  double per_second{};                 // over the last interval
};

struct produce_options {
  source_spec source;  // a Kafka source: its topic, brokers, entity template and format
  std::string file;    // NDJSON, or CSV by `.csv` / `.csv.gz` or the source's format; `.gz` is unpacked
  double rate = 0;     // records a second; 0 as fast as the broker takes them
  bool loop = false;
  /// Segment of the entity template that holds the route's first parameter; absent: the first that has a `{…}`.
  std::optional<unsigned> first_param_segment;
  std::function<void(const produce_progress&)> progress;  // called about twice a second, and once at the end
  std::stop_token stop;
};

struct produce_result {
  std::uint64_t sent{};     // acknowledged by the broker
  std::uint64_t failed{};   // given up by the client
  std::uint64_t skipped{};  // lines that have no key by the source's entity template, each kind logged
  double seconds{};
};

/// Writes a file's records into the source's topic, each under the key that decides its shard: the text of the route's
/// first parameter, with Kafka's own partitioner. Where that is `{$key}`, a line is `key<TAB>value`; no value after
/// the tab writes a tombstone.
///
/// Threads  blocks the caller until all is acknowledged, the stop is requested, or an error
/// Errors   bad_request when the source is no Kafka source, the file cannot be read, or the topic does not exist
///          (nothing is created); not_ready when no broker answers
outcome<produce_result> produce(const produce_options& o);

}  // namespace twinlane::ingest
