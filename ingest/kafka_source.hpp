#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <twinlane/ingest/record_router.hpp>
#include <twinlane/ingest/source.hpp>

namespace twinlane::ingest {

class kafka_consumer;

/// An entry with `kafka:`. The consumer that it shares with the others of its brokers and group reads for it.
///
/// Threads  the source interface from any; the rest is the consumer's
class kafka_source final : public source {
 public:
  /// Throws std::invalid_argument when the spec does not fit the target.
  kafka_source(source_context c, std::shared_ptr<kafka_consumer> consumer);

  void start() override;
  void request_stop(steady_time deadline) override;
  void join() override;
  source_status status() const override;
  bool assigned() const override { return assigned_.load(std::memory_order_acquire); }
  bool reached_end() const override { return reached_.load(std::memory_order_acquire); }

  const std::string& name() const noexcept { return context_.spec.name; }
  const std::string& topic() const noexcept { return std::get<kafka_spec>(context_.spec.from).topic; }
  bool may_start() const { return context_.may_start(); }
  std::chrono::milliseconds align() const noexcept { return context_.spec.align; }
  record_router& router() noexcept { return router_; }
  /// The port's partition, counted by the flow.
  std::shared_ptr<source_partition> partition(std::int32_t number);

  void set_state(source_state s);
  /// An empty text: nothing is wrong any more.
  void set_problem(std::string text);
  void set_assigned(bool yes) { assigned_.store(yes, std::memory_order_release); }
  void set_reached() { reached_.store(true, std::memory_order_release); }

 private:
  source_context context_;
  std::shared_ptr<kafka_consumer> consumer_;
  record_router router_;
  std::atomic<bool> assigned_{false}, reached_{false};
  mutable std::mutex mutex_;
  source_state state_ = source_state::starting;
  std::string problem_;
};

}  // namespace twinlane::ingest
