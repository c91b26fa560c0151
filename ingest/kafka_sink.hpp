#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include <twinlane/ingest/back_off.hpp>
#include <twinlane/ingest/sink.hpp>

namespace twinlane::ingest {

/// Writes items into a Kafka topic, with an idempotent producer.
///
/// Shape    key: the item's, else the agent's URI; partition by murmur2 as Java's clients; value: the item's, and a
///          null payload, a tombstone, for the value `null`; headers `twinlane-id`, `twinlane-uri`; the time of its
///          turn
/// Order    by key, over retries and over a producer that is made anew: what has not arrived goes again in its order
/// Units    at most 10,000 items and 16 MiB with librdkafka
/// Threads  one sends and is told of deliveries
/// Errors   an item that the broker refuses for good, as one over its size bound, is a dead letter. Anything else, as
///          a broker that is down, a missing topic or right, holds all items back until it is gone
class kafka_sink final : public sink {
 public:
  explicit kafka_sink(sink_context c);
  ~kafka_sink() override;

  /// Why librdkafka, or twinlane, does not take these properties; nothing when they are fine.
  static std::optional<std::string> refusal(const kafka_sink_spec& spec);

 private:
  struct slot;
  struct round;

  void run(std::stop_token stop) override;
  void begin_round();
  void end_round(std::stop_token stop);
  void fill();
  void send_unsent();
  void did_deliver(slot& s, int err);
  void fail(const std::string& why);
  void refuse(slot& s, int error);
  void settle(slot& s);
  void bury_refused(steady_time now);
  void look();

  // The thread's own.
  std::deque<slot> slots_;  // in the order in which they were taken; a producer points into it
  std::size_t unsent_ = 0;  // of them, at the end
  std::size_t open_ = 0;    // of them, neither settled nor refused
  std::size_t refused_ = 0, bytes_ = 0;
  bool doubtful_ = false;    // whether a broker is there
  bool one_by_one_ = false;  // each item a batch, to find out which one is refused
  unsigned failures_ = 0;    // producers in a row that nothing came of
  back_off back_off_{std::chrono::milliseconds{250}, std::chrono::seconds{30}};
  steady_time next_bury_{}, next_look_{};
  std::unique_ptr<round> round_;
};

}  // namespace twinlane::ingest
