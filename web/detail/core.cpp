#include <twinlane/web/detail/core.hpp>

#include <string>
#include <vector>

#include <spdlog/spdlog.h>

namespace twinlane::web::detail {

core::core(options o, std::shared_ptr<twinlane::port> p, figures f, bool loopback_only)
    : opt(std::move(o)),
      figs(std::move(f)),
      site(opt, std::move(p), loopback_only,
           [this](std::string_view what, const std::string& detail) { report(what, detail); }),
      io(static_cast<int>(opt.threads < 1 ? 1 : opt.threads)) {}

core::ticket::ticket(std::shared_ptr<core> owner) : owner_(std::move(owner)) { owner_->connections.fetch_add(1); }

core::ticket::~ticket() {
  if (!owner_) return;
  {
    std::lock_guard lock(owner_->mutex_);
    owner_->connections.fetch_sub(1);
  }
  owner_->gone_.notify_all();
}

void core::enter(const std::shared_ptr<session>& s) {
  {
    std::lock_guard lock(mutex_);
    sessions_.emplace(s.get(), s);
  }
  // It may have missed the round that told all others.
  if (stopping) s->shut_down();
}

void core::leave(const session* s) {
  std::lock_guard lock(mutex_);
  sessions_.erase(s);
}

void core::for_each_session(const std::function<void(session&)>& f) const {
  std::vector<std::shared_ptr<session>> all;
  {
    std::lock_guard lock(mutex_);
    all.reserve(sessions_.size());
    for (const auto& [ignored, weak] : sessions_)
      if (auto s = weak.lock()) all.push_back(std::move(s));
  }
  for (const auto& s : all) f(*s);
}

bool core::wait_until_empty(clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return gone_.wait_until(lock, deadline, [this] { return connections.load() == 0; });
}

void core::report(std::string_view what, std::string_view detail) {
  if (figs.counted) figs.counted(what);
  std::uint64_t held_back = 0;
  {
    std::lock_guard lock(lines_mutex_);
    const auto now = clock::now();
    const auto [it, fresh] = lines_.try_emplace(std::string(what), line{now});
    if (!fresh && now - it->second.at < std::chrono::seconds{10}) {
      ++it->second.held_back;
      return;
    }
    held_back = std::exchange(it->second, line{now}).held_back;
  }
  spdlog::warn("web: {}: {}{}", what, detail,
               held_back > 0 ? " (and " + std::to_string(held_back) + " more like it)" : "");
}

bool core::reserve_body(std::size_t bytes) {
  if (body_bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= opt.bodies_bytes_max) return true;
  release_body(bytes);
  return false;
}

}  // namespace twinlane::web::detail
