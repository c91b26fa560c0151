#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include <twinlane/ingest/detail/kafka_client.hpp>
#include <twinlane/ingest/sink_spec.hpp>
#include <twinlane/runtime/sink_queue.hpp>

namespace twinlane::ingest::detail {

/// An idempotent producer for one topic.
///
/// Cost     items are not copied: each stays where it is until it is delivered or the producer is gone
/// Threads  one; the events come within poll() and finish()
/// Errors   the constructor throws std::invalid_argument for a property, std::runtime_error when librdkafka gives up
class kafka_producer {
 public:
  struct events {
    /// What became of an item, once for each that was sent.
    std::function<void(void* tag, rd_kafka_resp_err_t)> delivered;
    /// No broker answers.
    std::function<void()> unreachable;
    /// The producer sends nothing any more.
    std::function<void(const std::string& why)> gave_up;
  };

  /// one_by_one: each item is a batch of its own.
  kafka_producer(const kafka_sink_spec& spec, bool one_by_one, events e);
  ~kafka_producer();

  /// Throws std::invalid_argument when librdkafka, or twinlane, does not take these properties.
  static void check(const kafka_sink_spec& spec);

  rd_kafka_resp_err_t send(const sink_item& item, void* tag);
  void poll(std::chrono::milliseconds wait);
  std::optional<rd_kafka_resp_err_t> topic_state(std::chrono::milliseconds wait);
  /// Waits until nothing is on its way, at most that long. With `sent_only`, what lies here unsent is given up first.
  void finish(std::chrono::milliseconds wait, bool sent_only);

 private:
  const std::string topic_;
  events events_;
  kafka_ptr<rd_kafka_t> client_;
};

}  // namespace twinlane::ingest::detail
