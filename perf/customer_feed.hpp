#pragma once

#include <chrono>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include <twinlane/ingest/record_router.hpp>
#include <twinlane/ingest/text_arena.hpp>

#include "customer_load.hpp"

namespace twinlane::perf {

/// Posts events of customer_load.hpp into a runtime as a consumer of four topics would: routed, a batch of each lane in
/// turn, and never more in flight than the bound. Goes on where the partitions' stored low marks are.
///
/// Threads  one
class customer_feed {
 public:
  customer_feed(runtime& rt, std::int64_t in_flight_max, std::size_t batch)
      : rt_(rt), in_flight_max_(in_flight_max), batch_(batch), lanes_(4) {
    for (unsigned l = 0; l < 4; ++l) {
      ingest::source_spec spec;
      spec.name = lanes[l];
      spec.entity = "/customer/{customer_id}";
      spec.lane = lanes[l];
      spec.key = "{id}";
      const auto target = rt.resolve_target(spec.entity, spec.lane);
      lanes_[l].router = std::make_unique<ingest::record_router>(spec, std::get<target_info>(target));
      lanes_[l].partition = rt.partition(spec.name, "bench", 0);
      lanes_[l].offset = lanes_[l].partition->stored_low_mark.value_or(0);
    }
  }

  /// Event i of the stream belongs to lane i % 4.
  void post(const event_stream& events) {
    for (std::size_t at = 0; at < events.size(); at += 4 * batch_)
      post(events, at, std::min(events.size(), at + 4 * batch_));
  }
  /// Those from `at` on, before `end`.
  void post(const event_stream& events, std::size_t at, std::size_t end) {
    const auto arrived = std::chrono::steady_clock::now();
    for (unsigned l = 0; l < 4; ++l) {
      auto& f = lanes_[l];
      while (f.partition->in_flight_records() > in_flight_max_)
        std::this_thread::sleep_for(std::chrono::microseconds(100));
      f.texts.clear();
      f.records.clear();
      for (std::size_t i = at + l; i < end; i += 4) {
        ingest::raw_record r;
        r.value = events[i];
        r.offset = f.offset++;
        r.timestamp_ms = 1763700000000 + r.offset;
        if (f.router->route(r, {"bench", 0}, f.texts, f.records)) std::abort();
      }
      rt_.post(f.partition, f.records, {}, f.offset, arrived);
    }
  }

  std::uint64_t applied() const {
    std::uint64_t n = 0;
    for (const auto& f : lanes_) n += f.partition->applied;
    return n;
  }
  /// All that was posted is applied and durable.
  bool done() const {
    for (const auto& f : lanes_)
      if (f.partition->low_mark() < f.offset && f.partition->posted_mark() >= 0) return false;
    return true;
  }

 private:
  struct lane_feed {
    std::shared_ptr<source_partition> partition;
    std::unique_ptr<ingest::record_router> router;
    ingest::text_arena texts;
    std::vector<routed_record> records;
    std::int64_t offset = 0;
  };

  runtime& rt_;
  const std::int64_t in_flight_max_;
  const std::size_t batch_;
  std::vector<lane_feed> lanes_;
};

}  // namespace twinlane::perf
