#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <twinlane/ingest/sinks.hpp>

#include "recording_port.hpp"

namespace twinlane::ingest {

/// One sink, with what a shard would see of it.
///
/// Threads  any
class sink_lab {
 public:
  explicit sink_lab(sink_spec spec)
      : all_({std::move(spec)}, [this](std::span<const dead_letter> letters) { return bury(letters); }) {}
  ~sink_lab() { all_.stop(std::chrono::seconds{2}); }

  void offer(const std::string& id, const std::string& uri, const std::string& value, const std::string& key = {}) {
    sink_queue::entry e{{id, uri, key, value, 1'700'000'000'000}, [this, id] {
                          std::lock_guard lock(mutex_);
                          arrived_.push_back(id);
                        }};
    if (!all_.queues()[0]->offer(e)) throw std::runtime_error("no room for " + id);
  }
  void start() { all_.start(); }
  void stop(std::chrono::milliseconds deadline) { all_.stop(deadline); }
  sinks& all() { return all_; }
  sink_status status() const { return all_.status()[0]; }

  /// Ids, in the order in which they were told; those of dead letters among them.
  std::vector<std::string> arrived() const {
    std::lock_guard lock(mutex_);
    return arrived_;
  }
  std::vector<dead_letter> dead() const {
    std::lock_guard lock(mutex_);
    return dead_;
  }
  bool arrive(std::size_t n) const {
    return recording_port::eventually([&] { return arrived().size() >= n; }, std::chrono::seconds{30});
  }
  /// How often a letter could not be written: the first n times.
  std::atomic<int> failing_writes{0};

 private:
  bool bury(std::span<const dead_letter> letters) {
    if (failing_writes > 0) {
      --failing_writes;
      return false;
    }
    std::lock_guard lock(mutex_);
    dead_.insert(dead_.end(), letters.begin(), letters.end());
    return true;
  }

  mutable std::mutex mutex_;
  std::vector<std::string> arrived_;
  std::vector<dead_letter> dead_;
  sinks all_;
};

}  // namespace twinlane::ingest
