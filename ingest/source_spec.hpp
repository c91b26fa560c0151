#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <twinlane/ingest/event_time.hpp>

namespace twinlane::ingest {

struct kafka_spec {
  std::string brokers, topic, group = "twinlane";
  std::map<std::string, std::string> properties;  // passed to librdkafka as they are
};

struct file_spec {
  std::string path;     // NDJSON or CSV by the source's format; `.gz` is unpacked while reading
  double rate = 0;      // records a second; 0 reads as fast as the shards apply
  bool loop = false;    // starts over at the end; offsets count on
  std::string topic{};  // what its records' topic is called, wherever the file is found; empty: its path
};

struct http_spec {};

/// A deterministic source: record n is a pure function of (seed, n). Applications register generators by name.
/// The first `preload` records come at once, with the start's time; record n after them has the time
/// start + (n - preload) / rate.
struct generator_spec {
  std::string name;
  std::uint64_t seed = 1;
  double rate = 100;  // records a second
  std::uint64_t preload = 0;
  std::map<std::string, std::string> parameters;
};

enum class record_format : std::uint8_t { json, csv };

/// One entry of the YAML `sources:` block.
struct source_spec {
  std::string name;
  std::variant<kafka_spec, file_spec, http_spec, generator_spec> from;
  record_format format = record_format::json;
  std::vector<std::string> columns;  // csv from Kafka, or from a file without a header line: the columns' names
  std::string entity;                // URI template: /customer/{customer_id}
  std::string lane;
  std::string key;                           // map lanes: template for the entry's key: "{order_id}"
  std::string time;                          // dotted field of the event time; empty: the record's own timestamp
  time_unit unit = time_unit::milliseconds;  // of a time that is a number
  std::vector<std::string> after;            // start once these sources have reached the ends they had at start
  bool load = false;                         // read to the end before the server is ready
  std::chrono::milliseconds align{};  // Kafka: its partitions are read side by side in time, to within this; 0: not
};

}  // namespace twinlane::ingest
