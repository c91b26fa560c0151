#include <twinlane/testing.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <twinlane/lanes/reduce.hpp>

namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using twinlane::did_update, twinlane::keep_for, twinlane::on_command, twinlane::transient;
using twinlane::testing::any_twin, twinlane::testing::twin;

/// A shop's till: sums sales, reports the sum to its branch, rings when nothing is sold for a while.
class till final : public twinlane::agent {
 public:
  using agent::agent;
  map_lane<int, int> sales{*this, "sales", keep_for(1h), did_update<&till::sold>};
  value_lane<int> sum{*this, "sum"};
  value_lane<std::string> mood{*this, "mood", transient};
  value_lane<int> starts{*this, "starts"};
  join_value_lane<std::string, double> rates{*this, "rates"};
  command_lane<int> pay_out{*this, "pay_out", on_command<&till::pay>};
  timer idle{*this, "idle", &till::ring};
  int rings_fail = 0;

 private:
  rule add_up{*this, on_change(sales), &till::sum_up};

  void did_start() override {
    starts.update([](int& n) { ++n; });
  }
  void sold(const int&, const int& price, const int*) {
    if (price < 0) throw std::runtime_error("no price below nothing");
    idle.set_after(10min);
  }
  void sum_up() {
    int all = 0;
    for (const auto& s : sales) all += s.value;
    if (all == 13) throw std::runtime_error("unlucky");
    sum.set(all);
    send("/branch/" + param("branch"), "tills", param("nr"), all);
    emit("audit", "", std::map<std::string, int>{{"sum", all}});
  }
  void ring() {
    if (rings_fail > 0) {
      --rings_fail;
      throw std::runtime_error("no bell");
    }
    mood.set("bored");
  }
  reply pay(const int& amount) {
    if (amount > sum.value_or(0)) return reply::refuse("not so much");
    if (amount < 0) throw std::runtime_error("backwards");
    rates.join("eur", "/rate/eur", "now");
    return reply::with(*sum - amount);
  }
};

/// Counts what a meter reads by the minute, and says when there is much of it.
class meter final : public twinlane::agent {
 public:
  using agent::agent;
  map_lane<int, int> readings{*this, "readings", did_update<&meter::read>};
  window_lane<twinlane::reduce::count> per_minute{*this, "per_minute", twinlane::tumbling(1min),
                                                  twinlane::close_after_idle(30s)};
  supply_lane<int> alerts{*this, "alerts"};
  demand_lane<int> peak{*this, "peak", twinlane::computed<&meter::highest>};

 private:
  void read(const int&, const int& now, const int*) {
    per_minute.add();
    if (now > 100) alerts.emit(now);
    if (now > 1'000) throw std::runtime_error("no meter reads that");
  }
  int highest() const {
    int all = 0;
    for (const auto& r : readings) all = std::max(all, r.value);
    return all;
  }
};

struct a_till : twin<till> {
  a_till() : twin("/branch/7/till/3", "/branch/:branch/till/:nr") {}
};

std::vector<std::string> whys(const any_twin& t) {
  std::vector<std::string> all;
  for (const auto& f : t.failures()) all.push_back(f.what + ": " + f.why);
  return all;
}

}  // namespace

namespace agents_test {

TEST(testing, runs_a_turn_for_each_call_and_keeps_what_it_brought_about) {
  twin<till> t{"/branch/7/till/3", "/branch/:branch/till/:nr"};
  EXPECT_TRUE(t.feed("sales", "1", "5"));
  EXPECT_TRUE(t.feed({{"sales", "2", "6"}, {"sales", "3", "9"}}));
  EXPECT_EQ(*t->sum, 20);
  ASSERT_EQ(t.diffs().size(), 2u);
  EXPECT_EQ(t.diffs()[1], json::parse(R"({"sales":{"2":6,"3":9},"sum":20})"));
  EXPECT_EQ(t.rev(), 2u);
  ASSERT_EQ(t.sent().size(), 2u);
  EXPECT_EQ(t.sent()[1].uri, "/branch/7");
  EXPECT_EQ(t.sent()[1].lane, "tills");
  EXPECT_EQ(t.sent()[1].key, "3");
  EXPECT_EQ(t.sent()[1].value, 20);
  ASSERT_EQ(t.emitted().size(), 2u);
  EXPECT_EQ(t.emitted()[0].sink, "audit");
  EXPECT_EQ(t.emitted()[0].value, json::parse(R"({"sum":5})"));
  t.forget();
  EXPECT_TRUE(t.diffs().empty() && t.sent().empty() && t.emitted().empty());
  EXPECT_TRUE(t.remove("sales", "1"));
  EXPECT_EQ(t.lane("sales"), json::parse(R"({"2":6,"3":9})"));
}

TEST(testing, a_turn_that_throws_is_undone_and_its_records_run_again_one_by_one) {
  a_till t;
  EXPECT_FALSE(t.feed({{"sales", "1", "5"}, {"sales", "2", "-1"}, {"sales", "3", "7"}}));
  EXPECT_EQ(whys(t), std::vector<std::string>{"sales: no price below nothing"});
  EXPECT_EQ(t.lane("sales"), json::parse(R"({"1":5,"3":7})"));
  EXPECT_EQ(t.diffs().size(), 2u);
}

TEST(testing, what_a_rule_throws_leaves_nothing_behind) {
  a_till t;
  ASSERT_TRUE(t.feed("sales", "1", "5"));
  t.forget();
  EXPECT_FALSE(t.feed("sales", "2", "8"));
  EXPECT_EQ(whys(t), std::vector<std::string>{"sales: unlucky"});
  EXPECT_TRUE(t.diffs().empty() && t.sent().empty() && t.emitted().empty());
  EXPECT_EQ(t.lane("sales"), json::parse(R"({"1":5})"));
  EXPECT_EQ(t->sum.value_or(0), 5);
}

TEST(testing, a_record_that_does_not_decode_fails_alone) {
  a_till t;
  EXPECT_FALSE(t.feed({{"sales", "1", "5"}, {"sales", "2", "\"dear\""}}));
  ASSERT_EQ(t.failures().size(), 1u);
  EXPECT_EQ(t.failures()[0].what, "sales");
  EXPECT_EQ(*t->sum, 5);
  EXPECT_EQ(t.diffs().size(), 1u);
}

TEST(testing, clock_fires_timers_and_retention_on_its_way) {
  a_till t;
  const auto began = t.now_ms();
  ASSERT_TRUE(t.feed("sales", "1", "5"));
  t.advance(9min);
  EXPECT_FALSE(t->mood.has_value());
  t.advance(2min);
  EXPECT_EQ(*t->mood, "bored");
  EXPECT_FALSE(t->idle.is_set());
  EXPECT_EQ(t.now_ms(), began + 11 * 60'000);
  t.forget();
  t.advance(1h);
  ASSERT_EQ(t.diffs().size(), 1u);
  EXPECT_EQ(t.diffs()[0], json::parse(R"({"sales":{"1":null},"sum":0})"));
}

TEST(testing, retention_counts_from_event_time) {
  a_till t;
  ASSERT_TRUE(t.feed("sales", "1", "5", t.now_ms() - 3'000'000));
  t.advance(9min);
  EXPECT_EQ(t.lane("sales").size(), 1u);
  t.advance(1min);
  EXPECT_TRUE(t.lane("sales").empty());
}

TEST(testing, a_timer_that_throws_is_tried_again_after_ten_seconds) {
  a_till t;
  t->rings_fail = 2;
  ASSERT_TRUE(t.feed("sales", "1", "5"));
  t.advance(10min);
  EXPECT_EQ(whys(t), std::vector<std::string>{"idle: no bell"});
  t.advance(19s);
  EXPECT_EQ(t.failures().size(), 2u);
  EXPECT_FALSE(t->mood.has_value());
  t.advance(1s);
  EXPECT_EQ(*t->mood, "bored");
}

TEST(testing, commands_are_answered_refused_or_undone) {
  a_till t;
  ASSERT_TRUE(t.feed("sales", "1", "5"));
  const auto paid = t.command("pay_out", "2");
  EXPECT_TRUE(paid.ok);
  EXPECT_EQ(paid.value(), 3);
  const auto refused = t.command("pay_out", "9");
  EXPECT_TRUE(refused.refused);
  EXPECT_EQ(refused.text, "not so much");
  EXPECT_FALSE(t.command("pay_out", "-1").ok);
  EXPECT_FALSE(t.command("pay_out", "{}").ok);
  EXPECT_EQ(t.failures().size(), 2u);
}

TEST(testing, joins_are_seen_and_hear_what_the_test_says) {
  a_till t;
  ASSERT_TRUE(t.feed("sales", "1", "5"));
  EXPECT_THROW(t.hear("rates", "eur", 1.5), std::invalid_argument);
  ASSERT_TRUE(t.command("pay_out", "2").ok);
  ASSERT_EQ(t.joins().size(), 1u);
  EXPECT_EQ(t.joins()[0].uri, "/rate/eur");
  EXPECT_EQ(t.joins()[0].from_lane, "now");
  EXPECT_TRUE(t.hear("rates", "eur", 1.5));
  EXPECT_EQ(t.lane("rates"), json::parse(R"({"eur":1.5})"));
  EXPECT_FALSE(t.hear("rates", "eur", "much"));
  EXPECT_TRUE(t.hear("rates", "eur", nullptr));
  EXPECT_TRUE(t.lane("rates").empty());
}

TEST(testing, a_restart_keeps_what_a_store_would) {
  a_till t;
  ASSERT_TRUE(t.feed("sales", "1", "5"));
  ASSERT_TRUE(t.command("pay_out", "2").ok);
  t.advance(10min);
  ASSERT_TRUE(t.feed("sales", "2", "6"));
  ASSERT_TRUE(t->mood.has_value());
  const auto before = t.document();
  t.restart();
  EXPECT_FALSE(t->mood.has_value());
  EXPECT_TRUE(t->idle.is_set());
  EXPECT_EQ(t.lane("sales"), before["sales"]);
  EXPECT_EQ(*t->starts, 1);
  ASSERT_TRUE(t.feed("sales", "3", "1"));
  EXPECT_EQ(*t->starts, 2);
  t.advance(10min);
  EXPECT_EQ(*t->mood, "bored");
  EXPECT_TRUE(t.hear("rates", "eur", 2.0));
}

TEST(testing, clock_closes_windows_when_nothing_has_come_for_long) {
  twin<meter> m{"/meter/1"};
  ASSERT_TRUE(m.feed("readings", "1", "5"));
  const auto minute = m.now_ms() - m.now_ms() % 60'000;
  ASSERT_TRUE(m->per_minute.find(minute));
  m.advance(29s);
  EXPECT_FALSE(m->per_minute.find(minute)->closed);
  m.advance(61s);
  EXPECT_TRUE(m->per_minute.find(minute)->closed);
  EXPECT_EQ(m.diffs().back()["per_minute"][std::to_string(minute)]["closed"], true);
}

TEST(testing, events_of_supply_lanes_are_seen_when_their_turn_ends_well) {
  twin<meter> m{"/meter/1"};
  ASSERT_TRUE(m.feed({{"readings", "1", "50"}, {"readings", "2", "200"}}));
  EXPECT_FALSE(m.feed("readings", "3", "2000"));
  ASSERT_EQ(m.events().size(), 1u);
  EXPECT_EQ(m.events()[0].lane, "alerts");
  EXPECT_EQ(m.events()[0].value, 200);
}

TEST(testing, demand_lanes_are_computed_when_read) {
  twin<meter> m{"/meter/1"};
  EXPECT_EQ(m.lane("peak"), 0);
  ASSERT_TRUE(m.feed("readings", "1", "50"));
  EXPECT_EQ(m.lane("peak"), 50);
}

TEST(testing, says_what_the_agent_does_not_have) {
  a_till t;
  EXPECT_THROW(t.feed("nothing", "1", "5"), std::invalid_argument);
  EXPECT_THROW(t.command("sales", "5"), std::invalid_argument);
  EXPECT_THROW(twin<till>("/branch/7", "/branch/:branch/till/:nr"), std::invalid_argument);
}

}  // namespace agents_test
