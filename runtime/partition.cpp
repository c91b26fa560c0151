#include <twinlane/runtime/partition.hpp>

namespace twinlane {

source_partition::source_partition(std::string source, std::string topic, std::int32_t partition)
    : source_(std::move(source)), topic_(std::move(topic)), partition_(partition) {}

source_partition::window::window(std::shared_ptr<source_partition> owner, std::int64_t next_offset,
                                 std::int64_t records, std::int64_t bytes)
    : owner_(std::move(owner)), records_(records), bytes_(bytes) {
  auto& p = *owner_;
  p.in_flight_records_.fetch_add(records, std::memory_order_relaxed);
  p.in_flight_bytes_.fetch_add(bytes, std::memory_order_relaxed);
  p.posted_mark_.store(next_offset, std::memory_order_relaxed);
  std::lock_guard lock(p.mutex_);
  number_ = p.first_number_ + p.windows_.size();
  p.windows_.push_back({next_offset, false});
}

source_partition::window::~window() {
  auto& p = *owner_;
  bool moved = false;
  {
    std::lock_guard lock(p.mutex_);
    p.windows_[number_ - p.first_number_].done = true;
    while (!p.frozen_ && !p.windows_.empty() && p.windows_.front().done) {
      p.low_mark_.store(p.windows_.front().next_offset, std::memory_order_release);
      p.windows_.pop_front();
      ++p.first_number_;
      moved = true;
    }
  }
  p.in_flight_records_.fetch_sub(records_, std::memory_order_relaxed);
  p.in_flight_bytes_.fetch_sub(bytes_, std::memory_order_relaxed);
  if (moved && p.did_advance) p.did_advance(p.low_mark());
}

void source_partition::keep_origin(std::int64_t what) {
  if (origin == what) return;
  origin = what;
  if (did_choose_origin) did_choose_origin(what);
}

void source_partition::freeze() {
  std::lock_guard lock(mutex_);
  frozen_ = true;
}

std::shared_ptr<source_partition::window> source_partition::open_window(const std::shared_ptr<source_partition>& p,
                                                                        std::int64_t next_offset, std::int64_t records,
                                                                        std::int64_t bytes) {
  return std::make_shared<window>(p, next_offset, records, bytes);
}

}  // namespace twinlane
