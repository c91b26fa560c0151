#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin.hpp"

using namespace twin_test;

namespace {

struct thing final : agent {
  using agent::agent;
  value_lane<item> details{*this, "details", did_update<&thing::updated>, did_remove<&thing::removed>, writable};
  value_lane<json> free{*this, "free"};
  value_lane<int> count{*this, "count"};
  value_lane<std::chrono::year_month_day> day{*this, "day"};
  value_lane<int> young{*this, "young", keep_for(std::chrono::milliseconds{1000}), did_remove<&thing::aged>};
  value_lane<int> ping{*this, "ping", transient};
  value_lane<int> echo{*this, "echo", did_update<&thing::echoed>};

  std::vector<std::string> seen;
  bool fail = false;
  int echo_to = 0;

 private:
  void updated(const item& now, const item* before) {
    seen.push_back((before ? before->name : "-") + ">" + now.name);
    if (fail) throw std::runtime_error("no");
  }
  void removed(const item& before) { seen.push_back("x" + before.name); }
  void aged(const int& before) { seen.push_back("aged " + std::to_string(before)); }
  void echoed(const int& now, const int*) {
    if (now < echo_to) echo.set(now + 1);
    if (now == -1) echo.clear();
    seen.push_back(std::to_string(now));
  }
};

TEST(value_lane, is_absent_until_it_is_set) {
  twin<thing> t;
  EXPECT_EQ(t.document(), json::object());
  EXPECT_FALSE(t->count.has_value());
  EXPECT_EQ(t->count.value_or(7), 7);
  EXPECT_EQ(t.act([](thing& a) { a.count.set(0); }), json({{"count", 0}}));
  EXPECT_EQ(t.document(), json({{"count", 0}}));
}

TEST(value_lane, equal_value_is_no_change_and_no_did_update) {
  twin<thing> t;
  t.put("details", "", R"({"name":"pen","price":2})");
  EXPECT_EQ(t.put("details", "", R"({"price":2,"name":"pen","note":null,"unknown":1})"), json());
  EXPECT_THAT(t->seen, testing::ElementsAre("->pen"));
  t.act([](thing& a) { EXPECT_FALSE(a.details.set(*a.details)); });
}

TEST(value_lane, patch_holds_what_the_turn_changed_field_by_field) {
  twin<thing> t;
  t.put("details", "", R"({"name":"pen","price":2,"note":"blue"})");
  EXPECT_EQ(t.put("details", "", R"({"name":"pen","price":3})"), json::parse(R"({"details":{"price":3,"note":null}})"));
}

TEST(value_lane, value_that_comes_back_within_a_turn_is_no_change) {
  twin<thing> t;
  t.put("details", "", R"({"name":"pen"})");
  EXPECT_EQ(t.run([&](turn& in) {
    t.apply(in, "details", "", R"({"name":"ink"})");
    t.apply(in, "details", "", R"({"name":"pen"})");
  }),
            json());
  EXPECT_THAT(t->seen, testing::ElementsAre("->pen", "pen>ink", "ink>pen"));
}

TEST(value_lane, did_update_sees_every_event_of_a_turn) {
  twin<thing> t;
  const auto patch = t.run([&](turn& in) {
    for (const char* name : {"a", "b", "b", "c"})
      t.apply(in, "details", "", R"({"name":")" + std::string(name) + "\"}");
  });
  EXPECT_EQ(patch["details"]["name"], "c");
  EXPECT_THAT(t->seen, testing::ElementsAre("->a", "a>b", "b>c"));
}

TEST(value_lane, clearing_sends_null_and_calls_did_remove) {
  twin<thing> t;
  t.put("details", "", R"({"name":"pen"})");
  EXPECT_EQ(t.run([&](turn& in) { t.remove(in, "details"); }), json({{"details", nullptr}}));
  EXPECT_EQ(t.document(), json::object());
  EXPECT_EQ(t->seen.back(), "xpen");
  EXPECT_EQ(t.run([&](turn& in) { t.remove(in, "details"); }), json()) << "nothing is there to clear";
}

TEST(value_lane, null_clears_a_json_value_and_null_members_are_dropped) {
  twin<thing> t;
  EXPECT_EQ(t.put("free", "", R"({"a":1,"b":null,"c":[null,{"d":null}]})"),
            json::parse(R"({"free":{"a":1,"c":[null,{}]}})"));
  EXPECT_EQ(t.put("free", "", R"({"a":1,"c":[null,{}]})"), json()) << "an absent member equals a null one";
  EXPECT_EQ(t.put("free", "", "null"), json({{"free", nullptr}}));
  EXPECT_EQ(t.document(), json::object());
}

TEST(value_lane, value_that_reads_as_null_clears_the_lane) {
  twin<thing> t;
  t.put("day", "", R"("2024-02-29")");
  EXPECT_EQ(t.act([](thing& a) { a.day.set({}); }), json({{"day", nullptr}}));
  EXPECT_FALSE(t->day.has_value());
}

TEST(value_lane, undone_when_did_update_throws) {
  twin<thing> t;
  t.put("details", "", R"({"name":"pen","price":2})");
  const auto before = t.document_text();
  t->fail = true;
  EXPECT_THROW(t.put("details", "", R"({"name":"ink"})"), std::runtime_error);
  EXPECT_EQ(t.document_text(), before);
  EXPECT_THROW(t.act([](thing& a) {
    a.details.clear();
    a.count.set(4);
    throw std::runtime_error("later");
  }),
               std::runtime_error);
  EXPECT_EQ(t.document_text(), before);
  t->fail = false;
  EXPECT_EQ(t.put("details", "", R"({"name":"pen","price":5})"), json::parse(R"({"details":{"price":5}})"));
}

TEST(value_lane, record_that_does_not_decode_leaves_the_value) {
  twin<thing> t;
  t.put("details", "", R"({"name":"pen","price":2})");
  t.run([&](turn& in) {
    const auto status = t.apply(in, "details", "", R"({"name":"x","price":"much"})");
    EXPECT_EQ(status.code, lane_errc::bad_value);
    EXPECT_THAT(status.detail, testing::HasSubstr("price"));
  });
  EXPECT_EQ(t->details->name, "pen");
}

TEST(value_lane, merge_patch_changes_named_fields_and_null_removes) {
  twin<thing> t;
  t.put("details", "", R"({"name":"pen","price":2,"note":"blue"})");
  EXPECT_EQ(t.patch("details", "", R"({"price":3,"note":null})"),
            json::parse(R"({"details":{"price":3,"note":null}})"));
  EXPECT_THROW(t.patch("details", "", R"({"price":[]})"), lane_error);
  EXPECT_EQ(t->details->price, 3);
}

TEST(value_lane, leaves_by_the_age_of_its_event_time) {
  twin<thing> t;
  t.now_ms = 10'000;
  t.put("young", "", "1", 9'500);
  EXPECT_EQ(t->next_due_ms(), 10'500);
  t.put("young", "", "1", 9'900);  // equal: does not renew
  EXPECT_EQ(t->next_due_ms(), 10'500);
  t.now_ms = 10'499;
  EXPECT_EQ(t.tick(), json());
  t.now_ms = 10'500;
  EXPECT_EQ(t.tick(), json({{"young", nullptr}}));
  EXPECT_THAT(t->seen, testing::ElementsAre("aged 1"));
  EXPECT_EQ(t->next_due_ms(), lane_base::never);
}

TEST(value_lane, undone_turn_restores_the_age) {
  twin<thing> t;
  t.put("young", "", "1", 9'500);
  EXPECT_THROW(t.run([&](turn& in) {
    t.apply(in, "young", "", "2", 99'000);
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  EXPECT_EQ(t->next_due_ms(), 10'500);
}

TEST(value_lane, event_time_at_the_end_of_time_does_not_overflow) {
  twin<thing> t;
  t.put("young", "", "1", std::numeric_limits<std::int64_t>::max() - 5);
  EXPECT_EQ(t->next_due_ms(), lane_base::never);
  EXPECT_EQ(t.tick(), json());
  t.put("young", "", "2", std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(t.tick(), json({{"young", nullptr}}));
}

TEST(value_lane, transient_flag_is_known_and_the_lane_is_shown) {
  twin<thing> t;
  EXPECT_TRUE(t->ping.info().is_transient);
  EXPECT_FALSE(t->count.info().is_transient);
  EXPECT_TRUE(t->details.info().is_writable);
  EXPECT_FALSE(t->ping.info().is_writable);
  EXPECT_EQ(t.put("ping", "", "3"), json({{"ping", 3}}));
}

TEST(value_lane, write_outside_of_a_turn_throws_and_changes_nothing) {
  twin<thing> t;
  EXPECT_THROW(t->count.set(1), std::logic_error);
  EXPECT_FALSE(t->count.has_value());
  t.act([](thing& a) { a.count.set(1); });
  EXPECT_THROW(t->count.clear(), std::logic_error);
  EXPECT_EQ(*t->count, 1);
}

TEST(value_lane, did_update_may_write_its_own_lane_within_a_bound) {
  twin<thing> t;
  t->echo_to = 10;
  EXPECT_EQ(t.put("echo", "", "1"), json({{"echo", 10}}));
  EXPECT_THAT(t->seen, testing::ElementsAre("10", "9", "8", "7", "6", "5", "4", "3", "2", "1"));
  t->echo_to = 1000;
  EXPECT_THROW(t.put("echo", "", "11"), lane_error);
  EXPECT_EQ(*t->echo, 10);
}

TEST(value_lane, did_update_may_clear_its_own_lane_and_still_read_what_came) {
  twin<thing> t;
  t->echo_to = -1;
  EXPECT_EQ(t.put("echo", "", "-1"), json());
  EXPECT_THAT(t->seen, testing::ElementsAre("-1"));
}

TEST(value_lane, before_tells_a_rule_the_value_at_the_beginning_of_the_turn) {
  twin<thing> t;
  t.act([](thing& a) { a.count.set(1); });
  t.act([](thing& a) {
    EXPECT_EQ(a.count.before(), 1);
    a.count.set(2);
    a.count.set(3);
    EXPECT_EQ(a.count.before(), 1);
  });
}

TEST(value_lane, update_changes_a_copy_or_a_fresh_value) {
  twin<thing> t;
  t.act([](thing& a) {
    EXPECT_TRUE(a.count.update([](int& n) { n += 5; }));
    EXPECT_FALSE(a.count.update([](int&) {}));
  });
  EXPECT_EQ(*t->count, 5);
}

TEST(value_lane, number_that_json_cannot_hold_is_refused_before_it_is_held) {
  struct real final : agent {
    using agent::agent;
    value_lane<double> x{*this, "x"};
  };
  twin<real> t;
  t.act([](real& a) { a.x.set(1.5); });
  EXPECT_THROW(t.act([](real& a) { a.x.set(std::numeric_limits<double>::quiet_NaN()); }), lane_error);
  EXPECT_EQ(t.document(), json({{"x", 1.5}}));
}

TEST(lane_layout, refuses_a_name_twice_and_more_than_64_lanes) {
  struct twice final : agent {
    using agent::agent;
    value_lane<int> a{*this, "same"}, b{*this, "same"};
  };
  EXPECT_THROW(make_agent_type<twice>("t", "/t/:id"), std::invalid_argument);
  struct many final : agent {
    explicit many(construction c) : agent(std::move(c)) {
      for (int i = 0; i < 65; ++i) all.push_back(std::make_unique<value_lane<int>>(*this, "l" + std::to_string(i)));
    }
    std::vector<std::unique_ptr<value_lane<int>>> all;
  };
  EXPECT_THROW(make_agent_type<many>("t", "/t/:id"), std::invalid_argument);
}

}  // namespace
