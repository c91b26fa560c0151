#include <set>

#include <gmock/gmock.h>

#include "stage.hpp"

// The runtime over a store that outlives it.
using namespace runtime_test;

namespace {

class runtime_store : public testing::TestWithParam<hosting> {
 protected:
  ground here() const { return {GetParam(), true, folder.path().string()}; }
  twinlane::test::temp_dir folder;
};
INSTANTIATE_TEST_SUITE_P(hosting, runtime_store, testing::Values(hosting::shared, hosting::dedicated),
                         [](const auto& i) { return std::string(name_of(i.param)); });

TEST_P(runtime_store, agents_of_an_earlier_run_answer_every_kind_of_request) {
  {
    stage s(here());
    for (int i = 1; i <= 5; ++i) s.post({{"/account/" + std::to_string(i), "sum", "", "7"}});
    ASSERT_TRUE(s.drain());
    ASSERT_TRUE(s.on.stop(patience));
  }
  stage s(here());
  EXPECT_EQ(s.on.agent_count(), 0) << "nobody is in memory before a touch";
  EXPECT_EQ(s.document("/account/1")["sum"], 7);
  EXPECT_EQ(std::get<0>(s.command("/account/2", "add", "3")).result, "10");
  EXPECT_TRUE(ok(s.write({"/account/3", "name", {}, write_op::put, "\"ann\"", {}})));
  const auto f = std::make_shared<following>();
  ASSERT_TRUE(ok(s.on.subscribe({"/account/4", {}, false}, f, 1)));
  ASSERT_TRUE(eventually([&] { return !f->said().empty(); }));
  EXPECT_EQ(f->state()["sum"], 7);
  EXPECT_TRUE(ok(s.remove("/account/5")));
  EXPECT_EQ(std::get<error>(s.get("/account/5")).code, problem::no_such_entity);
  EXPECT_THAT(std::get<0>(s.page("account", "", 10)).uris,
              testing::ElementsAre("/account/1", "/account/2", "/account/3", "/account/4"));
}

TEST_P(runtime_store, what_a_source_counts_from_is_kept_beside_its_low_mark) {
  {
    stage s(here());
    EXPECT_FALSE(s.source->origin);
    s.source->keep_origin(7);
    s.source->keep_origin(-8);
    s.post({{"/account/1", "sum", "", "1"}});
    ASSERT_TRUE(s.drain());
    ASSERT_TRUE(s.on.stop(patience));
  }
  stage s(here());
  EXPECT_EQ(s.source->origin, -8);
  EXPECT_EQ(s.source->stored_low_mark, 1);
  EXPECT_EQ(s.source->low_mark(), 1);
  EXPECT_FALSE(s.on.partition("src", "topic", 1)->origin) << "of one partition alone";
}

TEST_P(runtime_store, timer_that_came_due_meanwhile_fires_once_although_nobody_touches_the_agent) {
  {
    stage s(here());
    s.post({{"/account/1", "sum", "", "1"}});
    ASSERT_TRUE(s.drain());
    ASSERT_TRUE(ok(s.command("/account/1", "alarm", "1000")));
    ASSERT_TRUE(s.on.stop(patience));
  }
  std::mutex mutex;
  std::vector<std::string> patches;
  runtime_options o;
  o.deltas = [&](std::span<const agent_delta> deltas) {
    std::lock_guard lock(mutex);
    for (const auto& d : deltas) patches.emplace_back(d.patch);
  };
  stage s(here(), std::move(o));
  s.now = 5'000'000;
  const auto rang = [&] {
    std::lock_guard lock(mutex);
    return !patches.empty();
  };
  ASSERT_TRUE(eventually(rang));
  EXPECT_EQ(s.document("/account/1")["rings"], 1);
  EXPECT_THAT(patches, testing::ElementsAre(R"({"rings":1})"));
}

TEST_P(runtime_store, first_answer_to_a_key_is_given_again_after_a_restart) {
  {
    stage s(here());
    EXPECT_EQ(std::get<0>(s.command("/locker/1", "add", "4", "k")).result, "4");
    EXPECT_EQ(std::get<0>(s.command("/locker/1", "add", "4")).result, "8");
    ASSERT_TRUE(s.on.stop(patience));
  }
  stage s(here());
  EXPECT_EQ(std::get<0>(s.command("/locker/1", "add", "4", "k")).result, "4");
  EXPECT_EQ(std::get<error>(s.command("/locker/1", "add", "5", "k")).code, problem::conflict);
  EXPECT_EQ(std::get<0>(s.command("/locker/1", "add", "1")).result, "9");
}

TEST_P(runtime_store, is_refused_when_agents_would_lie_on_other_shards) {
  {
    stage s(here());
    ASSERT_TRUE(s.on.stop(patience));
  }
  runtime_options other;
  other.shards = 17;
  EXPECT_THROW(stage(here(), other), std::runtime_error);
  auto there = here();
  there.host = there.host == hosting::shared ? hosting::dedicated : hosting::shared;
  EXPECT_THROW(stage{there}, std::runtime_error);
  EXPECT_NO_THROW(stage{here()});
}

/// Takes from a sink's queue on a thread of its own.
class taker {
 public:
  explicit taker(std::shared_ptr<sink_queue> q) : queue_(std::move(q)) {
    thread_ = std::thread([this] {
      while (!queue_->closed())
        for (auto& e : queue_->take(7, 100ms)) {
          {
            std::lock_guard lock(mutex_);
            items_.push_back(e.item);
          }
          e.arrived();
        }
    });
  }
  ~taker() {
    queue_->close();
    thread_.join();
  }
  std::vector<sink_item> items() const {
    std::lock_guard lock(mutex_);
    return items_;
  }

 private:
  std::shared_ptr<sink_queue> queue_;
  mutable std::mutex mutex_;
  std::vector<sink_item> items_;
  std::thread thread_;
};

std::vector<event> papers(int from, int to) {
  std::vector<event> all;
  for (int i = from; i < to; ++i)
    all.push_back({"/clerk/" + std::to_string(i % 40), "papers", std::to_string(i), std::to_string(i)});
  return all;
}

// In order for each agent, each once: by number, which rises for an agent.
void expect_all_in_order(const std::vector<sink_item>& items, int count) {
  std::map<std::string, int> last;
  std::set<std::string> ids, values;
  for (const auto& i : items) {
    const int value = std::stoi(i.value);
    const auto [at, first] = last.emplace(i.uri, -1);
    EXPECT_LT(at->second, value) << i.uri;
    at->second = value;
    ids.insert(i.id);
    values.insert(i.value);
  }
  EXPECT_EQ(ids.size(), items.size());
  EXPECT_EQ(values.size(), static_cast<std::size_t>(count));
}

TEST_P(runtime_store, sink_gets_each_item_once_and_in_order_through_a_queue_that_is_too_small) {
  constexpr int count = 4'000;
  const auto queue = std::make_shared<sink_queue>("audit", sink_queue::limits{50, 1 << 20});
  stage s(here(), {}, {queue});
  s.post(papers(0, count / 2));
  ASSERT_TRUE(s.drain());
  taker t(queue);
  s.post(papers(count / 2, count));
  ASSERT_TRUE(eventually([&] { return t.items().size() == count; }));
  expect_all_in_order(t.items(), count);
  EXPECT_TRUE(eventually([&] { return queue->stored == 0; }));
}

TEST_P(runtime_store, items_of_a_sink_that_was_down_come_after_the_restart) {
  constexpr int count = 1'000;
  {
    stage s(here(), {}, {std::make_shared<sink_queue>("audit", sink_queue::limits{50, 1 << 20})});
    s.post(papers(0, count));
    ASSERT_TRUE(s.drain());
    ASSERT_TRUE(s.on.stop(patience));
  }
  for (const int expected : {count, 0}) {
    const auto queue = std::make_shared<sink_queue>("audit", sink_queue::limits{50, 1 << 20});
    stage s(here(), {}, {queue});
    taker t(queue);
    ASSERT_TRUE(s.drain());
    EXPECT_TRUE(
        eventually([&] { return queue->stored == 0 && t.items().size() == static_cast<std::size_t>(expected); }));
    expect_all_in_order(t.items(), expected);
    ASSERT_TRUE(s.on.stop(patience));
  }
}

TEST_P(runtime_store, full_sink_is_told_in_the_dead_letters) {
  stage s(here(), {}, {std::make_shared<sink_queue>("audit", sink_queue::limits{50, 1 << 20, 10})});
  s.post(papers(0, 1'000));
  ASSERT_TRUE(s.drain());
  const auto dead = s.dead();
  ASSERT_FALSE(dead.empty());
  EXPECT_EQ(dead[0].reason, dead_reason::sink_full);
  EXPECT_EQ(dead[0].source, "(sink audit)");
}

}  // namespace
