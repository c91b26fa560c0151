#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/all.hpp>
#include <twinlane/caf.hpp>

#include "hosted.hpp"

namespace host_test {
namespace {

using follow_atom = caf::atom_constant<caf::atom("follow")>;
using order_atom = caf::atom_constant<caf::atom("order")>;

/// What an actor of the host's has heard, for the test's thread.
class ear {
 public:
  void hear(json what) {
    std::lock_guard lock(mutex_);
    heard_.push_back(std::move(what));
    came_.notify_all();
  }
  /// The next thing heard; null when none came.
  json next() {
    std::unique_lock lock(mutex_);
    if (!came_.wait_for(lock, patience, [&] { return !heard_.empty(); })) return nullptr;
    auto what = std::move(heard_.front());
    heard_.pop_front();
    return what;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::deque<json> heard_;
};

// snippet: actor
struct watcher_state {
  following watched;
};

/// An actor of the host's: follows an account when told to, and sends commands.
caf::behavior watcher(caf::stateful_actor<watcher_state>* self, runtime* on, std::shared_ptr<ear> to) {
  return {
      [=](follow_atom, const std::string& uri) {
        auto made = follow(*on, uri, caf::actor_cast<caf::actor>(self), {}, 100);
        if (ok(made))
          self->state.watched = std::get<0>(std::move(made));
        else
          to->hear(std::string(code_of(std::get<error>(made).code)));
      },
      [=](order_atom, const std::string& uri, int n) {
        command(*on, {uri, "add", std::to_string(n), {}, {}, {}}, caf::actor_cast<caf::actor>(self), 7);
      },
      [=](const agent_update& u) {
        if (!u.done.empty())
          to->hear(u.done);
        else
          to->hear({{"whole", u.whole}, {"rev", u.rev}, {"json", json::parse(u.json)}});
      },
      [=](const agent_answer& a) {
        to->hear(ok(a.result) ? std::get<0>(a.result).result : std::string(code_of(std::get<error>(a.result).code)));
      },
  };
}
// end

struct caf_host {
  static caf::actor_system_config& configured(caf::actor_system_config& c, const char* policy) {
    c.set("scheduler.policy", caf::atom_from_string(std::string(policy)));
    c.set("scheduler.max-threads", std::size_t{2});
    return c;
  }
  explicit caf_host(const char* policy = "sharing") : system(configured(config, policy)) {}
  caf::actor spawn(runtime& on) { return system.spawn(watcher, &on, to); }

  caf::actor_system_config config;
  caf::actor_system system;
  std::shared_ptr<ear> to = std::make_shared<ear>();
};

class caf_hosting : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(policy, caf_hosting, testing::Values("sharing", "stealing"),
                         [](const auto& i) { return std::string(i.param); });

TEST_P(caf_hosting, actors_follow_agents_on_the_hosts_own_workers) {
  caf_host c(GetParam());
  hosted h(hosted_by(c.system));
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 5));
  ASSERT_TRUE(in.wait(patience));
  const auto actor = c.spawn(h.on);
  caf::anon_send(actor, follow_atom::value, std::string("/account/1"));
  const auto whole = c.to->next();
  EXPECT_EQ(whole["whole"], true);
  EXPECT_EQ(whole["json"]["sum"], 5);
  caf::anon_send(actor, order_atom::value, std::string("/account/1"), 3);
  // The diff and the answer come from the same turn, the diff first.
  EXPECT_EQ(c.to->next(), json::parse(R"({"whole":false,"rev":2,"json":{"sum":8}})"));
  EXPECT_EQ(c.to->next(), "8");
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST(caf, errors_reach_the_actor) {
  caf_host c;
  hosted h(hosted_by(c.system));
  const auto actor = c.spawn(h.on);
  caf::anon_send(actor, follow_atom::value, std::string("/nowhere/1"));
  EXPECT_EQ(c.to->next(), "no_such_route");
  caf::anon_send(actor, order_atom::value, std::string("/account/1"), 3);
  EXPECT_EQ(c.to->next(), "no_such_entity");
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

TEST(caf, runtime_may_stop_before_the_actors_that_follow) {
  caf_host c;
  caf::actor actor;
  {
    hosted h(hosted_by(c.system));
    actor = c.spawn(h.on);
    caf::anon_send(actor, follow_atom::value, std::string("/account/1"));
    EXPECT_EQ(c.to->next()["rev"], 0);
    EXPECT_TRUE(h.on.stop(patience));
  }
  caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  actor = nullptr;
  c.system.await_all_actors_done();
}

TEST(caf, actors_may_end_before_the_runtime_and_it_goes_on) {
  caf_host c;
  hosted h(hosted_by(c.system));
  auto actor = c.spawn(h.on);
  caf::anon_send(actor, follow_atom::value, std::string("/account/1"));
  EXPECT_EQ(c.to->next()["rev"], 0);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  actor = nullptr;
  c.system.await_all_actors_done();  // the shards are actors too, and go on
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 5));
  ASSERT_TRUE(in.wait(patience));
  EXPECT_EQ(h.document("/account/1")["sum"], 5);
  EXPECT_TRUE(h.on.stop(patience));
}

TEST(caf, a_runtime_starts_again_in_the_same_system) {
  caf_host c;
  for (int round = 0; round < 3; ++round) {
    hosted h(hosted_by(c.system));
    feed in{h.on, "in"};
    ASSERT_FALSE(in.put("/account/1", "amounts", "1", round));
    ASSERT_TRUE(in.wait(patience));
    EXPECT_EQ(h.document("/account/1")["sum"], round);
    EXPECT_TRUE(h.on.stop(patience));
  }
}

TEST(caf, an_actor_that_does_not_keep_up_is_told_so_last) {
  caf_host c;
  hosted h(hosted_by(c.system));
  feed in{h.on, "in"};
  std::promise<void> go;
  auto held = go.get_future().share();
  auto heard = std::make_shared<std::vector<std::string>>();
  std::promise<void> told;
  // CAF 0.17 binds a reference to nothing where such a function takes no arguments.
  const auto start = [heard, &told](caf::event_based_actor*, const std::shared_future<void>& until) -> caf::behavior {
    return {[=, &told](const agent_update& u) {
      until.wait();
      heard->push_back(u.done);
      if (!u.done.empty()) told.set_value();
    }};
  };
  auto slow = c.system.spawn<caf::detached>(start, held);
  auto made = follow(h.on, "/account/1", slow, {}, 5);
  ASSERT_TRUE(ok(made));
  for (int n = 0; n < 20; ++n) {
    ASSERT_FALSE(in.put("/account/1", "amounts", "1", n + 1));
    ASSERT_TRUE(in.wait(patience));
  }
  go.set_value();
  ASSERT_EQ(told.get_future().wait_for(patience), std::future_status::ready);
  ASSERT_EQ(heard->size(), 6u);
  EXPECT_EQ(heard->back(), "too_slow");
  caf::anon_send_exit(slow, caf::exit_reason::user_shutdown);
}

}  // namespace
}  // namespace host_test
