#include <twinlane/runtime/replica.hpp>

#include <stdexcept>
#include <utility>

#include <twinlane/runtime/detail/shard_thread.hpp>

namespace twinlane {

replica::replica(port& p, std::string uri, view what, std::size_t waiting_max)
    : port_(p), uri_(std::move(uri)), what_(std::move(what)), waiting_max_(waiting_max) {
  if (waiting_max_ == 0) throw std::invalid_argument("waiting_max of a replica must be at least 1");
  if (const auto why = begin()) throw std::invalid_argument("cannot follow " + uri_ + ": " + why->detail);
}

replica::~replica() = default;

std::optional<error> replica::begin() {
  auto made = follow(
      port_, uri_, [this](const followed& f) { did_hear(f); }, what_);
  if (!ok(made)) return std::get<error>(std::move(made));
  subscription_ = std::get<0>(std::move(made));
  return std::nullopt;
}

void replica::did_hear(const followed& f) {
  {
    std::lock_guard lock(mutex_);
    if (missed_) return;
    missed_ = waiting_.size() >= waiting_max_;
    if (missed_)
      waiting_.clear();
    else
      waiting_.push_back({f.whole, f.exists, f.rev, std::string(f.lineage), std::string(f.json), std::string(f.lane),
                          std::string(f.done)});
  }
  filled_.notify_one();
}

bool replica::next(std::chrono::milliseconds wait) {
  if (detail::on_shard_thread()) throw std::logic_error("a shard's thread must not wait for changes of " + uri_);
  const auto end = std::chrono::steady_clock::now() + wait;
  std::unique_lock lock(mutex_);
  while (ended_.empty() && filled_.wait_until(lock, end, [&] { return missed_ || !waiting_.empty(); })) {
    if (missed_) {
      lock.unlock();
      begin_again();
      lock.lock();
      continue;
    }
    auto c = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    ended_ = c.done;
    if (ended_.empty()) apply(std::move(c));
    return ended_.empty();
  }
  return false;
}

// The new subscription begins with the whole document.
void replica::begin_again() {
  subscription_.end();
  {
    std::lock_guard lock(mutex_);
    missed_ = false;
  }
  if (begin()) ended_ = "error";
}

void replica::apply(change c) {
  auto json = nlohmann::json::parse(c.json);
  emitted_.reset();
  if (!c.lane.empty()) {
    emitted_ = event{std::move(c.lane), std::move(json)};
    patch_ = nullptr;
    return;
  }
  exists_ = c.exists;
  rev_ = c.rev;
  if (c.whole) {
    document_ = std::move(json);
    lineage_ = std::move(c.lineage);
    patch_ = nullptr;
  } else {
    document_.merge_patch(json);
    patch_ = std::move(json);
  }
}

}  // namespace twinlane
