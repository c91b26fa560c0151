#include <twinlane/runtime/caf.hpp>

#include <atomic>
#include <utility>

#include <twinlane/runtime/detail/caf_compat.hpp>

namespace twinlane {
namespace {

/// The way into one actor's mailbox, which may hold so much of it.
class mailbox_share {
 public:
  mailbox_share(const caf::actor& to, std::size_t waiting_max) : to_(to->address()), waiting_max_(waiting_max) {}

  void send(agent_update u) {
    if (ended_) return;
    if (waiting_->load() >= waiting_max_) {
      ended_ = true;
      u = {u.uri, {}, false, false, 0, 0, {}, {}, "too_slow", nullptr};
    }
    if (!u.done.empty()) ended_ = true;
    waiting_->fetch_add(1);
    u.slot = {nullptr, [waiting = waiting_](void*) { waiting->fetch_sub(1); }};
    if (const auto to = caf::actor_cast<caf::actor>(to_)) caf::anon_send(to, std::move(u));
  }

 private:
  const caf::actor_addr to_;
  const std::size_t waiting_max_;
  const std::shared_ptr<std::atomic<std::size_t>> waiting_ = std::make_shared<std::atomic<std::size_t>>(0);
  bool ended_ = false;
};

}  // namespace

runtime_options hosted_by(caf::actor_system& system, runtime_options o) {
  o.actor_system = &system;
  return o;
}

outcome<following> follow(port& p, const std::string& uri, const caf::actor& who, const view& what,
                          std::size_t waiting_max) {
  auto share = std::make_shared<mailbox_share>(who, waiting_max);
  return follow(
      p, uri,
      [uri, share](const followed& f) {
        share->send({uri, std::string(f.lineage), f.whole, f.exists, f.from, f.rev, std::string(f.json),
                     std::string(f.lane), std::string(f.done), nullptr});
      },
      what);
}

void command(port& p, command_request r, const caf::actor& who, std::uint64_t number) {
  p.command(std::move(r), [to = who->address(), number](outcome<command_result> said) {
    if (const auto actor = caf::actor_cast<caf::actor>(to))
      caf::anon_send(actor, agent_answer{number, std::move(said)});
  });
}

}  // namespace twinlane
