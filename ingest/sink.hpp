#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <twinlane/ingest/sinks.hpp>

namespace twinlane::ingest {

/// What a sink is built with.
struct sink_context {
  sink_spec spec;
  std::shared_ptr<sink_queue> queue;
  write_dead bury;
};

/// A place where items go, with a thread of its own that empties the queue.
///
/// Threads  start(), request_stop() and join() once each, in this order; status() from any
class sink {
 public:
  sink(sink_context&& c, const char* kind);
  virtual ~sink() = default;
  sink(const sink&) = delete;
  sink& operator=(const sink&) = delete;

  void start();
  void request_stop(steady_time deadline);
  void join();
  sink_status status() const;

 protected:
  /// The thread's work, until a stop is requested. Called again, a second later, when it throws; what it had taken is
  /// still its own then.
  virtual void run(std::stop_token stop) = 0;
  /// Called on the stopping thread.
  virtual void did_request_stop() {}

  const std::string& name() const noexcept { return context_.spec.name; }
  const sink_spec& spec() const noexcept { return context_.spec; }
  sink_queue& queue() noexcept { return *context_.queue; }
  /// When stopping: until when.
  steady_time deadline() const;
  /// Waits that long, or until a stop is requested.
  static void pause(std::chrono::milliseconds time, std::stop_token stop);

  std::vector<sink_queue::entry> take(std::size_t max, std::chrono::milliseconds wait);
  void did_send(sink_queue::entry& e);
  void did_retry(std::uint64_t tries) { retried_.fetch_add(tries, std::memory_order_relaxed); }
  /// False when the letter is not on disk: to be called again, in a while.
  bool bury(sink_queue::entry& e, dead_reason reason, std::string_view why);

  /// The other side takes items; logged when it did not before.
  void set_running();
  /// It does not, or an item cannot go on; logged when it is news.
  void set_down(const std::string& problem);
  bool is(sink_state s) const;

 private:
  void guarded_run(std::stop_token stop);

  sink_context context_;
  const char* const kind_;
  std::atomic<std::size_t> held_{0};
  std::atomic<std::uint64_t> sent_{0}, retried_{0}, dead_{0};
  mutable std::mutex mutex_;
  sink_state state_ = sink_state::starting;  // this and the next two under the mutex
  std::string problem_;
  steady_time deadline_{};
  std::jthread thread_;
};

}  // namespace twinlane::ingest
