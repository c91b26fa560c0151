#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <twinlane/lanes/codec.hpp>
#include <twinlane/runtime/port.hpp>

namespace twinlane {

/// One record for a lane of an agent, as a host has it.
struct feed_record {
  std::string_view uri, lane;
  std::string_view key{};                 // map lanes
  std::string_view value{};               // JSON text
  bool remove = false;                    // the map's entry, or the value
  std::optional<std::int64_t> time_ms{};  // event time; nothing: now
};

/// Hands a host's own records to agents, as a source that reads from nowhere.
///
/// Units    at most records_max and bytes_max on their way
/// Cost     some microseconds a call, so that many records in one call are cheaper each
/// Threads  any, but not while start() runs. Of one name there is one feed at a time, which goes before its port does
/// Errors   no_such_route, no_such_lane, bad_request for what is no URI, too_busy when too many are on their way,
///          not_ready before start() and after stop(); nothing of the call is taken then. What a lane refuses later is
///          a dead letter, and told to did_reject
class feed {
 public:
  struct limits {
    std::int64_t records_max = 100'000;
    std::int64_t bytes_max = 32 * 1024 * 1024;
  };
  /// Called on a shard's thread; must not block. It may put() more; the feed waits at its end for a call that runs.
  using rejection = std::function<void(dead_reason reason, const std::string& detail)>;

  feed(port& p, std::string name) : feed(p, std::move(name), limits(), nullptr) {}
  feed(port& p, std::string name, limits l, rejection did_reject);
  ~feed();
  feed(const feed&) = delete;
  feed& operator=(const feed&) = delete;

  /// Nothing when all of them are on their way, in this order.
  [[nodiscard]] std::optional<error> put(std::span<const feed_record> records);
  [[nodiscard]] std::optional<error> put(const feed_record& r) { return put(std::span(&r, 1)); }
  template <class T>
  [[nodiscard]] std::optional<error> put(std::string_view uri, std::string_view lane, const T& value) {
    return put_value(uri, lane, {}, value);
  }
  /// The same to an entry of a map lane.
  template <class T>
  [[nodiscard]] std::optional<error> put(std::string_view uri, std::string_view lane, std::string_view key,
                                         const T& value) {
    return put_value(uri, lane, key, value);
  }

  /// Waits until all that was put is applied and kept, or a dead letter; false at the deadline.
  bool wait(std::chrono::milliseconds deadline);
  /// Counts of what became of the records.
  const source_partition& partition() const noexcept { return *partition_; }

 private:
  struct progress;

  template <class T>
  std::optional<error> put_value(std::string_view uri, std::string_view lane, std::string_view key, const T& value) {
    std::string text;
    encode(text, value);
    return put(feed_record{uri, lane, key, text});
  }

  port& port_;
  const limits limits_;
  std::shared_ptr<source_partition> partition_;
  std::shared_ptr<progress> progress_;
  std::mutex posting_;
  std::int64_t next_offset_;
};

}  // namespace twinlane
