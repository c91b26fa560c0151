#pragma once

#include <condition_variable>
#include <mutex>
#include <stop_token>
#include <thread>

#include <librdkafka/rdkafka.h>

namespace twinlane::ingest::detail {

/// Keeps librdkafka fetching while there is a backlog.
///
/// Before 2.2, a broker's thread that finds its fetch queue full sleeps for up to a second, however soon the queue runs
/// empty. Any request wakes it, so this asks each leader for its partitions' ends when the queue is running low.
///
/// Threads  one of its own; wake() from any, it never blocks
class fetch_waker {
 public:
  explicit fetch_waker(rd_kafka_t* consumer);

  /// Is this librdkafka in need of it?
  static bool needed() noexcept { return rd_kafka_version() < 0x02020000; }
  void wake();

 private:
  void run(std::stop_token stop);

  rd_kafka_t* consumer_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool asked_ = false;
  std::jthread thread_;
};

}  // namespace twinlane::ingest::detail
