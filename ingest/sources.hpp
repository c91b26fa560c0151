#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <twinlane/ingest/clock.hpp>
#include <twinlane/ingest/generator.hpp>
#include <twinlane/ingest/source_spec.hpp>
#include <twinlane/runtime/errors.hpp>

namespace twinlane {
class port;
}

namespace twinlane::ingest {

/// How much may be on its way to the shards. Over a high mark reading stops; under half of it, it goes on.
struct flow_limits {
  std::int64_t partition_records = 100'000;
  std::int64_t partition_bytes = 32 * 1024 * 1024;
  std::int64_t total_records = 400'000;  // over all sources
  std::int64_t total_bytes = 128 * 1024 * 1024;
};

struct sources_options {
  flow_limits flow;
  std::chrono::milliseconds commit_interval{1000};  // low marks to Kafka
  clock* time = nullptr;                            // null: the machine's
};

/// What is wrong with one entry of `sources:`. `field` is the key within the entry (entity, lane, key, time, after,
/// generator, file, kafka, columns, name), so that a configuration reader can find the line.
struct source_problem {
  std::string source, field, text;
};

/// Everything that can be said about the entries without a runtime, a broker or a file.
std::vector<source_problem> check(const std::vector<source_spec>& specs, const generator_registry& generators);

/// Thrown at start-up; what() holds every problem, one a line.
class source_error : public std::runtime_error {
 public:
  explicit source_error(std::vector<source_problem> problems);
  const std::vector<source_problem>& problems() const noexcept { return problems_; }

 private:
  std::vector<source_problem> problems_;
};

enum class source_state : std::uint8_t {
  waiting,   // for the sources named in `after`
  starting,  // connecting, not yet assigned
  running,
  ended,   // a file that is read to its end
  failed,  // see problem; retried where a retry can help
  stopped,
};

std::string_view name_of(source_state s) noexcept;

struct source_status {
  std::string name, kind;  // kind: kafka | file | http | generator
  source_state state{};
  std::string problem;  // what is wrong now and a hint; empty when nothing is
};

struct rejected_line {
  std::uint64_t line{};
  std::string reason;
};

/// Answer to a body handed to an HTTP source. At most 10,000 rejected lines are named; the dead letters hold all.
struct http_answer {
  std::uint64_t accepted{};
  std::vector<rejected_line> rejected;
};

/// All sources of a configuration: builds them, starts them in the order that `after` asks for, stops them.
///
/// Threads  every member from any thread; start() and stop() once each. Each source reads on a thread of its own;
///          Kafka sources with the same brokers, group and properties share one
/// Errors   the constructor and start() throw source_error
class sources {
 public:
  /// Compiles the templates and resolves the lanes. The port outlives the object.
  sources(std::vector<source_spec> specs, port& p, const generator_registry& generators, sources_options o = {});
  ~sources();
  sources(const sources&) = delete;
  sources& operator=(const sources&) = delete;

  /// Begins reading. A file that cannot be opened is an error here; a broker or topic that is not there is logged,
  /// shown in status() and tried again.
  void start();
  /// Stops reading, waits for what is in flight while the deadline allows, commits low marks, leaves the groups.
  void stop(std::chrono::milliseconds deadline);

  /// Every source knows its partitions (those that wait for others, too).
  bool all_assigned() const;
  /// all_assigned, and `load` sources are read and applied up to the ends they had at start.
  bool ready() const;
  /// In the order of the specs.
  std::vector<source_status> status() const;

  /// Hands a body (NDJSON, or CSV rows with `format: csv`) to the HTTP source of that name.
  /// The callback comes exactly once, on any thread, when the records are applied and durable.
  /// Errors (by value): no_such_route, not_ready, too_busy, conflict (an idempotency key with another body).
  void handle(const std::string& source, std::string body, std::optional<std::string> idempotency_key,
              std::function<void(outcome<http_answer>)> done);

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace twinlane::ingest
