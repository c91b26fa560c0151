#include <gtest/gtest.h>

#include "kept_lab.hpp"

// Window lanes in shards: what is late is told, what closes leaves with its turn, and restarts do not show.
namespace runtime_test {
namespace {

event told(int n, std::int64_t at_ms) { return {"/meter/1", "told", "", std::to_string(n), false, at_ms}; }

using texts = std::vector<std::string>;

texts emitted(kept_lab& l) {
  texts all;
  for (auto entries = l->sink.take(10, std::chrono::milliseconds(0)); !entries.empty();
       entries = l->sink.take(10, std::chrono::milliseconds(0))) {
    for (const auto& e : entries) {
      all.push_back(e.item.key + '=' + e.item.value);
      e.arrived();
    }
    l->settle();
  }
  return all;
}

TEST(shard_window, records_count_at_their_event_time) {
  kept_lab l;
  l.post({told(5, 10'100), told(2, 11'000), told(1, 10'900)});
  EXPECT_EQ(l->document("/meter/1")["per_second"], json::parse(R"({"10000":{"end":11000,"closed":false,"value":6},
                            "11000":{"end":12000,"closed":false,"value":2}})"));
  EXPECT_TRUE(l->late.empty());
}

TEST(shard_window, late_records_are_told_to_the_host_and_are_no_dead_letters) {
  kept_lab l;
  l.post({told(5, 10'100), told(2, 11'500), told(1, 10'900), told(1, 10'901)});
  EXPECT_EQ(l->late["/meter/1"], 4u) << "two for the second, and two for the burst";
  EXPECT_TRUE(l->dead.empty());
  EXPECT_EQ(l->document("/meter/1")["per_second"]["10000"]["value"], 5);
}

TEST(shard_window, turn_that_failed_tells_of_what_is_late_once) {
  kept_lab l;
  l.post({told(5, 10'100), told(2, 11'500), told(1, 10'900), told(-1, 11'600), told(4, 11'700)});
  EXPECT_EQ(l->late["/meter/1"], 2u);
  EXPECT_EQ(l->dead.size(), 1u);
  EXPECT_EQ(l->document("/meter/1")["per_second"]["11000"]["value"], 6);
}

TEST(shard_window, closed_window_leaves_with_the_turn_that_closed_it_and_once) {
  kept_lab l;
  l.post({told(5, 10'100)});
  EXPECT_EQ(emitted(l), texts{});
  l.post({told(2, 11'500), told(3, 12'500), told(-1, 13'500)});
  EXPECT_EQ(emitted(l), (texts{"10000=5", "11000=2"}));
}

TEST(shard_window, restart_in_the_middle_does_not_show) {
  const std::vector<event> events{told(5, 10'100), told(2, 11'400), told(1, 10'900),
                                  told(7, 11'600), told(9, 10'950), told(3, 75'000)};
  kept_lab whole, broken;
  texts of_whole, of_broken;
  for (const auto& e : events) {
    for (auto* l : {&whole, &broken}) {
      l->post({e});
      auto& all = l == &whole ? of_whole : of_broken;
      for (auto& text : emitted(*l)) all.push_back(std::move(text));
    }
    broken.restart();
    broken->wake_all();
  }
  whole.post({told(1, 75'001)});
  broken.post({told(1, 75'001)});
  EXPECT_EQ(broken->document("/meter/1"), whole->document("/meter/1"));
  EXPECT_EQ(of_broken, of_whole);
  EXPECT_EQ(of_whole, (texts{"10000=6", "11000=9"}));
  EXPECT_EQ(whole->document("/meter/1")["per_minute"]["0"]["value"], 15);
}

TEST(shard_window, clock_closes_windows_of_agents_that_have_left_memory) {
  shard_options o;
  o.idle_ms = 500;
  kept_lab l(o);
  l.post({told(5, 10'100)});
  l->now += 1'000;
  l->tick();
  ASSERT_EQ(l->agents, 0);
  // Once it is in memory again, it waits a whole idle time more, wherever that finds it.
  for (int i = 0; i < 12; ++i) {
    l->now += 500;
    l->tick();
  }
  l.restart();
  l->subscribe("/meter/1");
  l->settle();
  EXPECT_EQ(l->document("/meter/1")["bursts"]["10100"]["closed"], true);
}

}  // namespace
}  // namespace runtime_test
