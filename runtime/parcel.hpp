#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace twinlane {

class sink_queue;
class parcel;

/// Takes a parcel back to the shard that sent it.
class parcel_returns {
 public:
  virtual ~parcel_returns() = default;
  virtual void take_back(std::shared_ptr<parcel> p) noexcept = 0;
};

/// What one cut of a shard sent to other shards, or to one sink. Once all of it is durable where it went, the sender's
/// store may forget it; until then it is sent again at every start, and receivers know it by sender and number.
///
/// Threads  add() on the sender's, before anything leaves; arrived() on any
class parcel : public std::enable_shared_from_this<parcel> {
 public:
  parcel(parcel_returns& to, std::shared_ptr<const std::string> sender) : to_(to), sender_(std::move(sender)) {}

  /// The shard's name.
  const std::string& sender() const noexcept { return *sender_; }
  const std::shared_ptr<const std::string>& sender_name() const noexcept { return sender_; }
  void add(std::size_t items) noexcept { left_.fetch_add(items, std::memory_order_relaxed); }
  void arrived() noexcept {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) to_.take_back(shared_from_this());
  }

  std::uint64_t first = 0, end = 0;  // numbers of its items: from first to before end
  std::vector<std::string> owed;     // agents whose followers it tells
  sink_queue* sink = nullptr;
  std::atomic<bool> untold{false};  // a follower could not be told: it stays owed

 private:
  parcel_returns& to_;
  const std::shared_ptr<const std::string> sender_;
  std::atomic<std::size_t> left_{0};
};

/// One of a parcel's items. Without a parcel, nothing is kept of it.
struct parcel_item {
  std::shared_ptr<parcel> in;
  std::uint64_t number = 0;
};

}  // namespace twinlane
