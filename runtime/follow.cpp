#include <twinlane/runtime/follow.hpp>

#include <utility>

#include <nlohmann/json.hpp>

namespace twinlane {
namespace {

std::string lane_of(const supply_event& e) {
  constexpr std::string_view before = "\"lane\":", behind = ",\"value\":";
  const auto name = std::string_view(*e.tail).substr(before.size(), e.value_at - before.size() - behind.size());
  return nlohmann::json::parse(name).get<std::string>();
}

}  // namespace

/// Passes on what it hears until it is closed.
class following::teller final : public subscriber {
 public:
  explicit teller(std::function<void(const followed&)> f) : tell_(std::move(f)) {}

  void close() {
    std::lock_guard lock(mutex_);
    tell_ = nullptr;
  }
  bool on_snapshot(std::uint64_t, const snapshot& s) override {
    tell({true, s.exists, s.lineage, 0, s.rev, s.lanes(), {}, {}});
    return true;
  }
  bool on_diff(std::uint64_t, const diff& d) override {
    tell({false, true, {}, d.from, d.rev, d.patch(), {}, {}});
    return true;
  }
  void on_event(std::uint64_t, const supply_event& e) override {
    const auto lane = lane_of(e);
    tell({false, true, {}, e.rev, e.rev, e.value(), lane, {}});
  }
  void on_life(std::uint64_t, const life_event&) override {}
  void on_done(std::uint64_t, std::string_view reason) override {
    if (reason != "unsubscribed") tell({false, false, {}, 0, 0, {}, {}, reason});
  }

 private:
  void tell(const followed& f) {
    std::lock_guard lock(mutex_);
    if (tell_) tell_(f);
  }
  std::mutex mutex_;
  std::function<void(const followed&)> tell_;
};

following::following(following&& other) noexcept
    : port_(std::exchange(other.port_, nullptr)), where_(std::move(other.where_)), teller_(std::move(other.teller_)) {}

following& following::operator=(following&& other) noexcept {
  if (this == &other) return *this;
  end();
  port_ = std::exchange(other.port_, nullptr);
  where_ = std::move(other.where_);
  teller_ = std::move(other.teller_);
  return *this;
}

void following::end() {
  const auto told = std::exchange(teller_, {}).lock();
  if (!told) return;
  told->close();
  port_->unsubscribe(where_);
}

outcome<following> follow(port& p, const std::string& uri, std::function<void(const followed&)> f, const view& what) {
  auto teller = std::make_shared<following::teller>(std::move(f));
  auto made = p.subscribe({uri, what, false}, teller, 0);
  if (!ok(made)) return std::get<error>(std::move(made));
  following subscribed;
  subscribed.port_ = &p;
  subscribed.where_ = std::get<0>(std::move(made));
  subscribed.teller_ = teller;
  return subscribed;
}

}  // namespace twinlane
