#pragma once

#include <memory>
#include <optional>
#include <string>

#include <twinlane/ingest/source.hpp>
#include <twinlane/ingest/source_spec.hpp>

namespace twinlane::ingest {

class kafka_source;

/// A member of a consumer group that reads for all sources with the same brokers, group and properties.
///
/// Shape    offsets are ours: reading starts at a partition's stored low mark, else at its beginning; low marks are
///          committed for lag monitoring alone. Batches of up to 10,000 messages, one post a partition and batch
/// Threads  one reads, routes and posts; start(), request_stop() and join() from any, repeated calls do nothing
/// Errors   brokers that do not answer and topics that do not exist are logged, shown by the sources, tried again
class kafka_consumer {
 public:
  /// Throws std::invalid_argument for properties that librdkafka refuses.
  kafka_consumer(const kafka_spec& spec, port& p, flow& f, clock& time, const sources_options& options);
  ~kafka_consumer();

  /// Why librdkafka, or twinlane, does not take these properties; nothing when they are fine.
  static std::optional<std::string> refusal(const kafka_spec& spec);

  /// Before start(); the source outlives the thread.
  void attach(kafka_source& s);
  void start();
  void request_stop(steady_time deadline);
  void join();

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane::ingest
