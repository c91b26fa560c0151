#include <twinlane/runtime/feed.hpp>

#include <algorithm>
#include <condition_variable>
#include <stdexcept>
#include <vector>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/detail/shard_thread.hpp>

namespace twinlane {

/// What outlives the feed, for its partition does.
struct feed::progress {
  std::mutex mutex;
  std::condition_variable moved;
  rejection did_reject;
};

namespace {

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

feed::feed(port& p, std::string name, limits l, rejection did_reject)
    : port_(p), limits_(l), partition_(p.partition(name, "", 0)), progress_(std::make_shared<progress>()) {
  progress_->did_reject = std::move(did_reject);
  partition_->did_advance = [to = progress_](std::int64_t) {
    std::lock_guard lock(to->mutex);
    to->moved.notify_all();
  };
  partition_->did_reject = [to = progress_](std::int64_t, dead_reason reason, const std::string& detail) {
    std::lock_guard lock(to->mutex);
    if (to->did_reject) to->did_reject(reason, detail);
  };
  partition_->assigned = true;
  next_offset_ = std::max(partition_->fresh_offset, partition_->posted_mark());
}

feed::~feed() {
  std::lock_guard lock(progress_->mutex);
  progress_->did_reject = nullptr;
}

std::optional<error> feed::put(std::span<const feed_record> records) {
  if (records.empty()) return std::nullopt;
  std::vector<std::string> uris;
  std::vector<routed_record> routed;
  uris.reserve(records.size());
  routed.reserve(records.size());
  for (const auto& r : records) {
    auto uri = canonical_uri(r.uri);
    if (!uri) return error{problem::bad_request, "'" + std::string(r.uri) + "' is no URI of an agent"};
    const auto found = port_.resolve_target(*uri, r.lane);
    if (!ok(found)) return std::get<error>(found);
    const auto& target = std::get<0>(found);
    uris.push_back(std::move(*uri));
    const auto segment = decode_segment(split_uri(uris.back())[target.first_param_segment]);
    routed.push_back({uris.back(), murmur2(segment.value_or("")), target.id, r.key, r.value, r.remove, 0,
                      r.time_ms.value_or(wall_clock_ms())});
  }
  // Windows of a partition are opened in the order of their offsets.
  std::lock_guard lock(posting_);
  if (partition_->in_flight_records() >= limits_.records_max || partition_->in_flight_bytes() >= limits_.bytes_max)
    return error{problem::too_busy, "feed '" + partition_->source() + "' has " +
                                        std::to_string(partition_->in_flight_records()) +
                                        " records on their way. Wait, or feed slower."};
  next_offset_ = std::max(next_offset_, partition_->fresh_offset);  // known since the start, which may have come later
  for (auto& r : routed) r.offset = next_offset_++;
  port_.post(partition_, routed, {}, next_offset_, std::chrono::steady_clock::now(), nullptr);
  if (partition_->posted_mark() != next_offset_)
    return error{problem::not_ready, "the runtime has not started, or is stopping"};
  return std::nullopt;
}

bool feed::wait(std::chrono::milliseconds deadline) {
  if (detail::on_shard_thread()) throw std::logic_error("a shard's thread must not wait for a feed");
  std::unique_lock lock(progress_->mutex);
  const auto posted = partition_->posted_mark();
  return progress_->moved.wait_for(lock, deadline, [&] { return posted < 0 || partition_->low_mark() >= posted; });
}

}  // namespace twinlane
