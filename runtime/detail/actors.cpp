#include <twinlane/runtime/detail/actors.hpp>

#include <algorithm>
#include <atomic>
#include <optional>
#include <shared_mutex>
#include <thread>
#include <utility>

#include <twinlane/runtime/detail/caf_compat.hpp>
#include <twinlane/runtime/detail/shard_thread.hpp>
#include <twinlane/runtime/log.hpp>

namespace twinlane::detail {
namespace {

thread_local bool works_for_shard = false;

using run_atom = caf::atom_constant<caf::atom("run")>;

/// What the actors of one runtime share. A host's busy workers may come to them after their shards have gone.
struct troupe {
  std::atomic<int> living{0};
  std::shared_mutex mutex;  // shared: a shard runs
  bool closed = false;
};

class shard_actor final : public caf::event_based_actor {
 public:
  shard_actor(caf::actor_config& cfg, shard* s, std::shared_ptr<troupe> with)
      : caf::event_based_actor(cfg), shard_(s), with_(std::move(with)) {}
  void on_exit() override { --with_->living; }

 protected:
  caf::behavior make_behavior() override {
    return {[this](run_atom) {
      std::shared_lock lock(with_->mutex);
      if (with_->closed) return;
      const shard_work work;
      if (shard_->run()) send(this, run_atom::value);
    }};
  }

 private:
  shard* shard_;
  std::shared_ptr<troupe> with_;
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

// An actor system of our own.
struct own_system {
  explicit own_system(unsigned workers) : config(make_config(workers)), system(config) {
    system.await_actors_before_shutdown(false);
  }
  caf::actor_system_config config;
  caf::actor_system system;
};

struct actors::impl {
  std::optional<own_system> own;
  caf::actor_system* system;
  std::shared_ptr<troupe> all = std::make_shared<troupe>();
};

bool on_shard_thread() noexcept { return works_for_shard; }

shard_work::shard_work() noexcept : within_(std::exchange(works_for_shard, true)) {}
shard_work::~shard_work() { works_for_shard = within_; }

actors::actors(unsigned workers, caf::actor_system* host) : impl_(std::make_unique<impl>()) {
  if (!host) impl_->own.emplace(workers == 0 ? std::thread::hardware_concurrency() : workers);
  impl_->system = host ? host : &impl_->own->system;
}
actors::~actors() = default;

std::unique_ptr<shard_runner> actors::host(shard& s) {
  constexpr auto options = caf::lazy_init + caf::hidden;
  ++impl_->all->living;
  auto runner = std::make_unique<actor_runner>(impl_->system->spawn<shard_actor, options>(&s, impl_->all));
  // spawn() leaves a reference to the system's logger in this thread, and the system's end waits for it.
  caf::logger::set_current_actor_system(nullptr);
  return runner;
}

bool actors::stop(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  bool ended = true;
  while (impl_->all->living > 0 && ended) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    ended = std::chrono::steady_clock::now() <= end;
  }
  std::unique_lock lock(impl_->all->mutex, std::try_to_lock);
  if (!lock) {
    log_limited(log_level::error, "stop waits",
                "stopping: a turn still runs, or something called from a shard. Its end is waited for, however late",
                std::chrono::milliseconds{0});
    lock.lock();
  }
  impl_->all->closed = true;
  return ended;
}

}  // namespace twinlane::detail
