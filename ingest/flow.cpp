#include <twinlane/ingest/flow.hpp>

#include <algorithm>

namespace twinlane::ingest {

void flow::add(std::shared_ptr<const source_partition> p) {
  std::lock_guard lock(mutex_);
  if (std::find(partitions_.begin(), partitions_.end(), p) == partitions_.end()) partitions_.push_back(std::move(p));
}

bool flow::over(const source_partition& p) const noexcept {
  return p.in_flight_records() >= limits_.partition_records || p.in_flight_bytes() >= limits_.partition_bytes;
}

bool flow::low(const source_partition& p) const noexcept {
  return p.in_flight_records() <= limits_.partition_records / 2 && p.in_flight_bytes() <= limits_.partition_bytes / 2;
}

bool flow::total_over() const { return !total_under(limits_.total_records, limits_.total_bytes); }

bool flow::total_low() const { return total_under(limits_.total_records / 2 + 1, limits_.total_bytes / 2 + 1); }

bool flow::total_under(std::int64_t records, std::int64_t bytes) const {
  std::int64_t all_records = 0, all_bytes = 0;
  std::lock_guard lock(mutex_);
  for (const auto& p : partitions_) {
    all_records += p->in_flight_records();
    all_bytes += p->in_flight_bytes();
  }
  return all_records < records && all_bytes < bytes;
}

bool flow_gate::open() {
  if (closed_)
    closed_ = !flow_.low(*partition_) || !flow_.total_low();
  else
    closed_ = flow_.over(*partition_) || flow_.total_over();
  partition_->paused.store(closed_, std::memory_order_relaxed);
  return !closed_;
}

}  // namespace twinlane::ingest
