#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/ingest/sink_spec.hpp>
#include <twinlane/runtime/port.hpp>
#include <twinlane/runtime/sink_queue.hpp>

namespace twinlane::ingest {

/// What is wrong with one entry of `sinks:`. `field` is the key within the entry (name, kafka, url, method, headers,
/// body, retry), so that a configuration reader can find the line.
struct sink_problem {
  std::string sink, field, text;
};

/// Everything that can be said about the entries without a broker or a receiver.
std::vector<sink_problem> check(const std::vector<sink_spec>& specs);

/// Thrown at start-up; what() holds every problem, one a line.
class sink_error : public std::runtime_error {
 public:
  explicit sink_error(std::vector<sink_problem> problems);
  const std::vector<sink_problem>& problems() const noexcept { return problems_; }

 private:
  std::vector<sink_problem> problems_;
};

enum class sink_state : std::uint8_t {
  starting,  // nothing heard from the other side yet
  running,
  down,  // takes nothing now, see problem; tried again
  stopped,
};

std::string_view name_of(sink_state s) noexcept;

struct sink_status {
  std::string name, kind;  // kind: kafka | webhook
  sink_state state{};
  std::string problem;      // what is wrong now and a hint; empty when nothing is
  std::size_t waiting{};    // items that have not arrived, here or in the store
  std::uint64_t sent{};     // items that arrived
  std::uint64_t retried{};  // tries beyond an item's first
  std::uint64_t dead{};     // items that went to the dead letters
};

/// Writes dead letters; true when they are on disk. Called on a sink's thread, again later when it answers false.
using write_dead = std::function<bool(std::span<const dead_letter>)>;

/// All sinks of a configuration: makes their queues, empties them, stops.
///
/// Order    items of one agent go out in their order, each at least once; what has not arrived goes again in that order
/// Threads  every member from any thread; start() and stop() once each. Each sink has a thread of its own, so that one
///          that is down holds back no other
/// Errors   the constructor throws sink_error; a broker or receiver that does not answer is logged, shown in status()
///          and tried again, while items wait in the queue and behind it in the store
class sinks {
 public:
  sinks(std::vector<sink_spec> specs, write_dead bury);
  ~sinks();
  sinks(const sinks&) = delete;
  sinks& operator=(const sinks&) = delete;

  /// In the order of the specs.
  std::vector<std::shared_ptr<sink_queue>> queues() const;
  /// Null when there is no sink of that name.
  std::shared_ptr<sink_queue> queue(std::string_view name) const;

  /// Begins to send. The queues may be filled before.
  void start();
  /// Takes nothing more and waits for what is on its way while the deadline allows. What has not arrived by then stays
  /// with whoever filled the queue.
  void stop(std::chrono::milliseconds deadline);

  /// In the order of the specs.
  std::vector<sink_status> status() const;

  /// Puts a dead letter of a sink back at the end of its queue, under the id that it had. It is in memory alone there,
  /// until `arrived` is called: where it should be, or a new letter.
  /// Errors (by value): no_such_route when there is no such sink or the letter is none of a sink's; too_busy when the
  /// queue is full.
  outcome<std::monostate> replay(const dead_letter& letter, std::function<void()> arrived);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane::ingest
