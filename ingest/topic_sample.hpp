#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/runtime/errors.hpp>

namespace twinlane::ingest {

/// A record as it lies in the topic.
struct sampled_record {
  std::optional<std::string> key, value;
  std::int32_t partition = 0;
  std::int64_t offset = 0, timestamp_ms = 0;
  std::vector<std::string> headers{};  // their names
};

/// Some of a topic's records, in the order of their offsets within each partition.
struct topic_sample {
  std::string topic;
  bool exists = true;
  std::vector<std::string> other_topics;  // when it does not exist: those that do
  std::int32_t partitions = 0;
  std::uint64_t records_held = 0;  // offsets that the topic holds; gaps count
  bool whole = false;              // every record that there was
  std::vector<sampled_record> records;
};

struct sample_options {
  kafka_spec from;
  std::size_t records_max = 2'000;
  std::size_t bytes_max = 64 * 1024 * 1024;  // of keys and values
  std::chrono::milliseconds connect_time_max{10'000}, read_time_max{30'000};
  std::function<void(std::size_t read, std::size_t of)> progress;  // called after each record
  std::stop_token stop;
};

/// Reads from every partition its first records and its newest, as many of each. Joins no group, commits nothing, and
/// creates no topic.
///
/// Cost     bounded in records, bytes and time; when a bound is reached, what has been read is the sample
/// Threads  blocks the caller
/// Errors   not_ready when no broker answers in time; bad_request for properties that are refused, and when the topic
///          may not be read
outcome<topic_sample> sample_topic(const sample_options& o);

}  // namespace twinlane::ingest
