#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../lanes/twin.hpp"

using namespace twin_test;
using testing::ElementsAre;

namespace {

struct cart final : agent {
  using agent::agent;
  map_lane<int, int> amounts{*this, "amounts"};
  value_lane<int> sum{*this, "sum"};
  value_lane<int> tax{*this, "tax"};
  value_lane<int> unrelated{*this, "unrelated"};
  std::vector<std::string> ran;
  bool fail = false;

 private:
  rule taxes{*this, on_change(sum), &cart::tax_it};  // declared before the rule that feeds it
  rule adds{*this, on_change(amounts), &cart::add_up};
  rule sees{*this, on_change(amounts, tax), &cart::look};

  void tax_it() {
    ran.push_back("tax");
    tax.set(*sum / 10);
  }
  void add_up(const changes& what) {
    ran.push_back(what.contains(amounts) ? "add" : "?");
    if (fail) throw std::runtime_error("no");
    int all = 0;
    for (const auto& e : amounts) all += e.value;
    sum.set(all);
  }
  void look(const changes& what) { ran.push_back(what.contains(tax) ? "look at both" : "look"); }
};

TEST(rule, runs_once_a_turn_however_many_events_and_again_when_a_later_rule_changes_its_lane) {
  twin<cart> t;
  t.run([&](turn& in) {
    for (int i = 0; i < 50; ++i) t.apply(in, "amounts", std::to_string(i), "10");
  });
  // `adds` runs, then `taxes` whose lane it changed, and `sees` once after all.
  EXPECT_THAT(t->ran, ElementsAre("add", "tax", "look at both"));
  EXPECT_EQ(*t->tax, 50);
}

TEST(rule, does_not_run_when_none_of_its_lanes_changed) {
  twin<cart> t;
  t.put("unrelated", "", "1");
  t.put("amounts", "1", "5");
  t->ran.clear();
  t.put("amounts", "1", "5");
  EXPECT_TRUE(t->ran.empty());
}

TEST(rule, runs_for_a_lane_that_one_turn_changed_and_changed_back_as_it_had_in_two) {
  twin<cart> once, twice;
  once.run([&](turn& in) {
    once.apply(in, "amounts", "1", "5");
    once.remove(in, "amounts", "1");
  });
  twice.put("amounts", "1", "5");
  twice.run([&](turn& in) { twice.remove(in, "amounts", "1"); });
  EXPECT_EQ(*once->sum, 0);
  EXPECT_EQ(once.document_text(), twice.document_text());
}

TEST(rule, that_throws_undoes_its_turn) {
  twin<cart> t;
  t.put("amounts", "1", "10");
  const auto before = t.document_text();
  t->fail = true;
  EXPECT_THROW(t.put("amounts", "2", "10"), std::runtime_error);
  EXPECT_EQ(t.document_text(), before);
  t->fail = false;
  t->ran.clear();
  EXPECT_EQ(t.put("amounts", "2", "10"), json::parse(R"({"amounts":{"2":10},"sum":20,"tax":2})"));
  EXPECT_THAT(t->ran, ElementsAre("add", "tax", "look at both"));
}

TEST(rule, set_that_never_settles_is_an_error_and_undone) {
  struct restless final : agent {
    using agent::agent;
    value_lane<int> a{*this, "a"}, b{*this, "b"};

   private:
    rule one{*this, on_change(a), &restless::up_b};
    rule two{*this, on_change(b), &restless::up_a};
    void up_a() { a.set(*b + 1); }
    void up_b() { b.set(*a + 1); }
  };
  twin<restless> t;
  EXPECT_THROW(t.put("a", "", "1"), lane_error);
  EXPECT_EQ(t.document(), json::object());
}

TEST(rule, that_takes_back_a_change_is_seen_by_the_rule_that_saw_it) {
  struct veto final : agent {
    using agent::agent;
    value_lane<int> wish{*this, "wish"}, shown{*this, "shown"};

   private:
    rule show{*this, on_change(wish), &veto::copy};
    rule check{*this, on_change(wish), &veto::forbid};
    void copy() { wish ? shown.set(*wish) : shown.clear(); }
    void forbid() {
      if (wish && *wish > 100) wish.clear();
    }
  };
  twin<veto> t;
  EXPECT_EQ(t.put("wish", "", "7"), json::parse(R"({"wish":7,"shown":7})"));
  t.run([&](turn& in) { t.remove(in, "wish"); });
  EXPECT_EQ(t.put("wish", "", "700"), json()) << "shown must not keep what wish no longer says";
  EXPECT_EQ(t.document(), json::object());
}

struct clockwork final : agent {
  using agent::agent;
  value_lane<int> rings{*this, "rings"};
  value_lane<std::int64_t> started{*this, "started"};
  value_lane<std::int64_t> seen_event{*this, "seen_event"};
  value_lane<std::int64_t> rule_event{*this, "rule_event"};
  map_lane<int, int> young{*this, "young", keep_for(std::chrono::milliseconds{1000})};
  command_lane<int> set{*this, "set", on_command<&clockwork::do_set>};
  timer alarm{*this, "alarm", &clockwork::ring};
  timer other{*this, "other", &clockwork::ring};
  bool fail = false;
  bool again = false;

  std::string id() const { return param("id"); }
  std::string no_such_param() const { return param("nr"); }

 private:
  rule note{*this, on_change(seen_event), &clockwork::note_time};
  void did_start() override { started.set(now_ms()); }
  void note_time() { rule_event.set(event_ms()); }
  void ring() {
    rings.update([](int& n) { ++n; });
    if (again) alarm.set_after(std::chrono::milliseconds{100});
    if (fail) throw std::runtime_error("no");
  }
  reply do_set(const int& delay) {
    alarm.set_after(std::chrono::milliseconds{delay});
    send("/other/1", "inbox", delay);
    send("/other/2", "map", "k", item{"x", delay, {}});
    if (fail) throw std::runtime_error("no");
    return {};
  }
};

TEST(agent, did_start_runs_in_the_first_turn_before_its_messages) {
  twin<clockwork> t;
  EXPECT_EQ(t.put("rings", "", "4"), json::parse(R"({"rings":4,"started":1000000})"));
  EXPECT_EQ(t.put("rings", "", "5"), json::parse(R"({"rings":5})"));
}

TEST(agent, knows_its_uri_and_parameters) {
  twin<clockwork> t;
  EXPECT_EQ(t->uri(), "/thing/1");
  EXPECT_EQ(t->id(), "1");
  EXPECT_THROW(t->no_such_param(), std::logic_error);
}

TEST(agent, event_time_is_the_records_in_callbacks_and_now_in_rules) {
  struct watch final : agent {
    using agent::agent;
    map_lane<int, int> in{*this, "in", did_update<&watch::note>};
    value_lane<std::int64_t> heard{*this, "heard"}, ruled{*this, "ruled"};

   private:
    rule r{*this, on_change(in), &watch::note_rule};
    void note(const int&, const int&, const int*) { heard.set(event_ms()); }
    void note_rule() { ruled.set(event_ms()); }
  };
  twin<watch> t;
  t.put("in", "1", "1", 77);
  EXPECT_EQ(*t->heard, 77);
  EXPECT_EQ(*t->ruled, t.now_ms);
}

TEST(timer, fires_once_at_its_time) {
  twin<clockwork> t;
  reply r;
  t.command("set", "500", r);
  EXPECT_EQ(t->next_due_ms(), t.now_ms + 500);
  t.now_ms += 499;
  EXPECT_EQ(t.tick(), json());
  t.now_ms += 1;
  EXPECT_EQ(t.tick(), json::parse(R"({"rings":1})"));
  EXPECT_FALSE(t->alarm.is_set());
  EXPECT_EQ(t.tick(), json());
  EXPECT_EQ(t->next_due_ms(), lane_base::never);
}

TEST(timer, set_again_moves_and_cancel_ends_it) {
  twin<clockwork> t;
  t.act([&](clockwork& c) {
    c.alarm.set_at(5);
    c.alarm.set_at(t.now_ms + 50);
    c.other.set_after(std::chrono::milliseconds{20});
  });
  EXPECT_EQ(t->next_due_ms(), t.now_ms + 20);
  t.act([](clockwork& c) { c.other.cancel(); });
  EXPECT_EQ(t->next_due_ms(), t.now_ms + 50);
}

TEST(timer, may_set_itself_again) {
  twin<clockwork> t;
  t->again = true;
  t.act([](clockwork& c) { c.alarm.set_after(std::chrono::milliseconds{0}); });
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(t.tick(), json({{"rings", i}}));
    t.now_ms += 100;
  }
}

TEST(timer, is_restored_when_its_turn_is_undone) {
  twin<clockwork> t;
  t.act([](clockwork& c) { c.alarm.set_after(std::chrono::milliseconds{10}); });
  const auto due = t->next_due_ms();
  t.now_ms += 10;
  t->fail = true;
  EXPECT_THROW(t.tick(), std::runtime_error);
  EXPECT_EQ(t->next_due_ms(), due);
  reply r;
  EXPECT_THROW(t.command("set", "900", r), std::runtime_error);
  EXPECT_EQ(t->next_due_ms(), due);
  t->fail = false;
  EXPECT_EQ(t.tick(), json::parse(R"({"rings":1})"));
}

TEST(timer, cannot_be_set_outside_of_a_turn) {
  twin<clockwork> t;
  EXPECT_THROW(t->alarm.set_at(5), std::logic_error);
  EXPECT_FALSE(t->alarm.is_set());
}

TEST(agent, messages_leave_with_a_turn_that_ends_well_alone) {
  twin<clockwork> t;
  reply r;
  t.command("set", "5", r);
  ASSERT_EQ(t.sent().size(), 2u);
  EXPECT_EQ(t.sent()[0].uri, "/other/1");
  EXPECT_EQ(t.sent()[0].value, "5");
  EXPECT_EQ(t.sent()[1].key, "k");
  EXPECT_EQ(json::parse(t.sent()[1].value)["price"], 5);
  t->fail = true;
  EXPECT_THROW(t.command("set", "6", r), std::runtime_error);
  t->fail = false;
  t.act([](clockwork&) {});
  EXPECT_TRUE(t.sent().empty());
}

TEST(agent, next_due_is_the_earliest_of_timers_and_ages) {
  twin<clockwork> t;
  EXPECT_EQ(t->next_due_ms(), lane_base::never);
  t.put("young", "1", "1", t.now_ms);
  EXPECT_EQ(t->next_due_ms(), t.now_ms + 1000);
  t.act([](clockwork& c) { c.alarm.set_after(std::chrono::milliseconds{500}); });
  EXPECT_EQ(t->next_due_ms(), t.now_ms + 500);
  EXPECT_TRUE(t.type().keeps_time());
  EXPECT_FALSE(twin<cart>().type().keeps_time());
}

TEST(agent_type, refuses_a_type_without_a_name_or_with_a_bad_route) {
  EXPECT_THROW(make_agent_type<cart>("", "/cart/:id"), std::invalid_argument);
  EXPECT_THROW(make_agent_type<cart>("cart", "/cart"), std::invalid_argument);
}

TEST(agent_type, knows_its_lanes_by_name) {
  const auto type = make_agent_type<cart>("cart", "/cart/:id");
  EXPECT_EQ(type->lane_index("sum"), 1);
  EXPECT_EQ(type->lane_index("nothing"), -1);
  EXPECT_EQ(type->lanes().size(), 4u);
  EXPECT_EQ(type->rules().size(), 3u);
  json schema;
  type->prototype().lane_at(0).describe_record(schema);
  EXPECT_EQ(schema["type"], "integer");
}

}  // namespace
