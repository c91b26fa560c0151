#include <twinlane/runtime/feed.hpp>

#include <algorithm>
#include <condition_variable>
#include <stdexcept>
#include <vector>

#include <twinlane/agents/uri.hpp>
#include <twinlane/runtime/detail/call_out.hpp>
#include <twinlane/runtime/detail/shard_thread.hpp>

namespace twinlane {

/// What outlives the feed, for its partition does. The next feed of the name goes on with it.
struct feed::progress {
  std::mutex mutex;
  std::condition_variable moved;
  rejection did_reject;
  int telling = 0;  // calls of it

  /// What the partition calls.
  struct hook {
    std::shared_ptr<progress> to;
    void operator()(std::int64_t) const { to->advanced(); }
    void operator()(std::int64_t, dead_reason reason, const std::string& detail) const { to->rejected(reason, detail); }
  };

  // Shards may call the hooks, which are set once therefore.
  static std::shared_ptr<progress> of(source_partition& p) {
    if (const auto* set = p.did_advance.target<hook>()) return set->to;
    auto made = std::make_shared<progress>();
    p.did_reject = hook{made};
    p.did_advance = hook{made};
    return made;
  }
  void advanced() {
    std::lock_guard lock(mutex);
    moved.notify_all();
  }
  // Told without the lock: it may use the feed.
  void rejected(dead_reason reason, const std::string& what) {
    std::unique_lock lock(mutex);
    if (!did_reject) return;
    ++telling;
    {
      const auto tell = did_reject;
      lock.unlock();
      const detail::shard_work work;
      detail::call_out([&] { tell(reason, what); });
    }
    lock.lock();
    --telling;
    moved.notify_all();
  }
};

namespace {

std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

}  // namespace

feed::feed(port& p, std::string name, limits l, rejection did_reject)
    : port_(p), limits_(l), partition_(p.partition(name, "", 0)), progress_(progress::of(*partition_)) {
  {
    std::lock_guard lock(progress_->mutex);
    progress_->did_reject = std::move(did_reject);
  }
  partition_->assigned = true;
  next_offset_ = std::max(partition_->fresh_offset, partition_->posted_mark());
}

feed::~feed() {
  std::unique_lock lock(progress_->mutex);
  progress_->did_reject = nullptr;
  progress_->moved.wait(lock, [&] { return progress_->telling == 0; });
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
