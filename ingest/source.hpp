#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <twinlane/ingest/flow.hpp>
#include <twinlane/ingest/record_feed.hpp>
#include <twinlane/ingest/sources.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane::ingest {

/// What a source is built with.
struct source_context {
  source_spec spec;
  target_info target;
  twinlane::port* port = nullptr;
  ingest::flow* flow = nullptr;
  clock* time = nullptr;
  /// False while a source named in `after` has not reached the end that it had at start.
  std::function<bool()> may_start;
};

/// A place where events come from.
///
/// Threads  any; start(), request_stop() and join() once each, in this order
class source {
 public:
  virtual ~source() = default;
  /// Throws std::runtime_error when there is no point in starting.
  virtual void start() = 0;
  virtual void request_stop(steady_time deadline) = 0;
  virtual void join() = 0;
  virtual source_status status() const = 0;
  /// Knows its partitions.
  virtual bool assigned() const = 0;
  /// Has read to the end that it had at start, and everything is applied.
  virtual bool reached_end() const = 0;
};

/// A source that reads one partition, on a thread of its own.
///
/// Which one is chosen with read_as(): in the constructor, by open(), or, when that takes reading, by find_partition().
class reading_source : public source {
 public:
  /// Throws std::invalid_argument when the spec does not fit the target.
  reading_source(source_context&& c, const char* kind, std::string topic);

  void start() override;
  void request_stop(steady_time deadline) override;
  void join() override;
  source_status status() const override;
  bool assigned() const override { return assigned_.load(std::memory_order_acquire); }
  bool reached_end() const override;

 protected:
  /// The thread's work. An exception fails the source with its message.
  virtual void run(std::stop_token stop) = 0;
  /// Called by start() before the thread is; throws.
  virtual void open() {}
  /// Called on the thread when there is no partition yet. Chooses one, unless stopped.
  virtual void find_partition(std::stop_token) {}

  std::shared_ptr<source_partition> partition(std::int32_t number) const;
  /// Chooses the partition that the records are of.
  void read_as(std::shared_ptr<source_partition> p);

  /// The end at start is known now, and the partition: the offset behind the last record.
  void set_end(std::int64_t offset) { end_.store(offset, std::memory_order_release); }
  void set_state(source_state s) { state_.store(s, std::memory_order_relaxed); }
  /// Waits for the flow gate, and calls `meanwhile` again and again; false when stopped.
  bool wait_for_room(std::stop_token stop, const std::function<void()>& meanwhile = {});

  source_context context_;
  record_router router_;
  // Since read_as().
  std::shared_ptr<source_partition> partition_;
  std::optional<record_feed> feed_;
  text_arena texts_;

 private:
  void run_guarded(std::stop_token stop);
  void did_assign();

  const char* kind_;
  const std::string topic_;
  std::optional<flow_gate> gate_;
  std::atomic<source_state> state_{source_state::starting};
  std::atomic<bool> assigned_{false};
  std::atomic<std::int64_t> end_{-1};
  mutable std::mutex mutex_;
  std::string problem_;
  std::jthread thread_;
};

}  // namespace twinlane::ingest
