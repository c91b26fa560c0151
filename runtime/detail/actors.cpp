#include <twinlane/runtime/detail/actors.hpp>

#include <algorithm>
#include <thread>

#include <twinlane/runtime/detail/caf_compat.hpp>

namespace twinlane::detail {
namespace {

using run_atom = caf::atom_constant<caf::atom("run")>;

class shard_actor final : public caf::event_based_actor {
 public:
  shard_actor(caf::actor_config& cfg, shard* s) : caf::event_based_actor(cfg), shard_(s) {}

 protected:
  caf::behavior make_behavior() override {
    return {[this](run_atom) {
      if (shard_->run()) send(this, run_atom::value);
    }};
  }

 private:
  shard* shard_;
};

class actor_runner final : public shard_runner {
 public:
  explicit actor_runner(caf::actor a) : actor_(std::move(a)) {}
  ~actor_runner() override { caf::anon_send_exit(actor_, caf::exit_reason::user_shutdown); }
  void wake() override { caf::anon_send(actor_, run_atom::value); }

 private:
  caf::actor actor_;
};

caf::actor_system_config make_config(unsigned workers) {
  caf::actor_system_config cfg;
  // The stealing scheduler takes the tail of a singly linked queue in O(n).
  cfg.set("scheduler.policy", caf::atom("sharing"));
  cfg.set("scheduler.max-threads", static_cast<std::size_t>(std::max(1u, workers)));
  // One run() has its own budget of time: then it is another shard's turn.
  cfg.set("scheduler.max-throughput", std::size_t{1});
  return cfg;
}

}  // namespace

struct actors::impl {
  explicit impl(unsigned workers)
      : config(make_config(workers == 0 ? std::thread::hardware_concurrency() : workers)), system(config) {
    system.await_actors_before_shutdown(false);
  }
  caf::actor_system_config config;
  caf::actor_system system;
};

actors::actors(unsigned workers) : impl_(std::make_unique<impl>(workers)) {}
actors::~actors() = default;

std::unique_ptr<shard_runner> actors::host(shard& s) {
  auto runner = std::make_unique<actor_runner>(impl_->system.spawn<shard_actor, caf::lazy_init>(&s));
  // spawn() leaves a reference to the system's logger in this thread, and the system's end waits for it.
  caf::logger::set_current_actor_system(nullptr);
  return runner;
}

bool actors::stop(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (impl_->system.registry().running() > 0) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace twinlane::detail
