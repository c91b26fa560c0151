#include <twinlane/runtime/sink_queue.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace twinlane {
namespace {

std::size_t size_of(const sink_item& i) { return i.id.size() + i.uri.size() + i.key.size() + i.value.size(); }

}  // namespace

sink_queue::sink_queue(std::string name, limits l) : name_(std::move(name)), limits_(l) {}

bool sink_queue::offer(entry& e) {
  const auto size = size_of(e.item);
  {
    std::lock_guard lock(mutex_);
    const bool room = entries_.empty() || (entries_.size() < limits_.items_max && bytes_ + size <= limits_.bytes_max);
    // Who was refused comes first when there is room again, or items would overtake others.
    if (closed_ || refused_ || !room) {
      refused_ = true;
      return false;
    }
    bytes_ += size;
    entries_.push_back(std::move(e));
    if (entries_.size() > 1) return true;
  }
  wake_.notify_one();
  if (did_fill) did_fill();
  return true;
}

std::vector<sink_queue::entry> sink_queue::take(std::size_t max, std::chrono::milliseconds wait) {
  std::vector<entry> taken;
  bool drained = false;
  {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, wait, [this] { return closed_ || !entries_.empty(); });
    if (closed_) return taken;
    const auto n = std::min(max, entries_.size());
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(n);
    taken.assign(std::make_move_iterator(entries_.begin()), std::make_move_iterator(end));
    entries_.erase(entries_.begin(), end);
    for (const auto& e : taken) bytes_ -= size_of(e.item);
    drained = refused_ && entries_.size() <= limits_.items_max / 2 && bytes_ <= limits_.bytes_max / 2;
    if (drained) refused_ = false;
  }
  if (drained && did_drain) did_drain();
  return taken;
}

bool sink_queue::refuses() const {
  std::lock_guard lock(mutex_);
  return refused_;
}

void sink_queue::close() {
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
}

bool sink_queue::closed() const {
  std::lock_guard lock(mutex_);
  return closed_;
}

std::size_t sink_queue::waiting_items() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

std::size_t sink_queue::waiting_bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace twinlane
