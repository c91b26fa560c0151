#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cast.hpp"
#include "lab.hpp"

using namespace runtime_test;
using testing::ElementsAre;

namespace {

std::vector<event> amounts(const std::string& uri, int n) {
  std::vector<event> all;
  for (int i = 0; i < n; ++i) all.push_back({uri, "amounts", std::to_string(i), "1"});
  return all;
}

TEST(shard, cuts_hold_at_most_256_messages) {
  lab l({accounts()});
  l.post(amounts("/account/1", 1000));
  l.settle();
  EXPECT_EQ(l.kept.commits, 4);
  EXPECT_EQ(l.turns_run.size(), 4u);
  EXPECT_EQ(l.document("/account/1")["sum"], 1000);
  EXPECT_EQ(l.source->applied.load(), 1000u);
}

TEST(shard, groups_a_cut_by_agent_in_order_of_first_arrival_and_keeps_each_agents_order) {
  lab l({accounts()});
  l.post({{"/account/b", "notes", "", R"("1")"},
          {"/account/a", "notes", "", R"("2")"},
          {"/account/b", "notes", "", R"("3")"},
          {"/account/a", "notes", "", R"("4")"}});
  l.post({{"/account/b", "notes", "", R"("5")"}});
  l.settle();
  EXPECT_THAT(l.turns_run, ElementsAre("/account/b", "/account/a"));
  EXPECT_EQ(l.document("/account/b")["notes"], json::parse(R"({"1":"1","2":"3","3":"5"})"));
  EXPECT_EQ(l.document("/account/a")["notes"], json::parse(R"({"1":"2","2":"4"})"));
  EXPECT_EQ(l.rev("/account/b"), 1u);
}

TEST(shard, records_and_commands_of_an_agent_keep_their_order) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "10"}});
  const auto first = l.command("/account/1", "add", "1");
  l.post({{"/account/1", "sum", "", "100"}});
  const auto second = l.command("/account/1", "add", "1");
  l.settle();
  EXPECT_EQ(first->result().result, "11");
  EXPECT_EQ(second->result().result, "101");
}

TEST(shard, removal_keeps_its_place_between_records) {
  lab l({accounts()});
  l.post({{"/account/1", "name", "", R"("old")"}});
  const auto gone = l.remove("/account/1");
  l.post({{"/account/1", "sum", "", "5"}});
  l.settle();
  ASSERT_TRUE(gone->has_value() && ok(**gone));
  EXPECT_FALSE(l.document("/account/1").contains("name"));
  EXPECT_EQ(l.document("/account/1")["sum"], 5);
}

TEST(shard, records_below_the_watermark_are_dropped_and_counted) {
  lab l({accounts()});
  std::int64_t at = 0;
  l.post(l.source, amounts("/account/1", 10), at);
  l.settle();
  at = 5;  // 5 to 9 again, then 10 to 14
  std::vector<event> again;
  for (int i = 0; i < 10; ++i) again.push_back({"/account/1", "notes", "", "\"n\""});
  l.post(l.source, again, at);
  l.settle();
  EXPECT_EQ(l.document("/account/1")["notes"].size(), 5u);
  EXPECT_EQ(l.source->duplicates.load(), 5u);
  EXPECT_EQ(l.source->applied.load(), 15u);
  EXPECT_EQ(l.source->in_flight_records(), 0);
}

TEST(shard, watermarks_are_kept_apart_by_partition) {
  lab l({accounts()});
  const auto other = std::make_shared<source_partition>("src", "topic", 1);
  std::int64_t a = 100, b = 0;
  l.post(l.source, {{"/account/1", "notes", "", "\"x\""}}, a);
  l.post(other, {{"/account/1", "notes", "", "\"y\""}}, b);
  l.settle();
  EXPECT_EQ(l.document("/account/1")["notes"].size(), 2u);
  EXPECT_EQ(l.source->low_mark(), 101);
  EXPECT_EQ(other->low_mark(), 1);
}

TEST(shard, only_the_guilty_record_of_a_failed_turn_becomes_a_dead_letter) {
  lab l({accounts()});
  std::vector<event> events;
  for (int i = 0; i < 50; ++i)
    events.push_back({"/account/1", "notes", "k", i == 20 ? R"("poison")" : '"' + std::to_string(i) + '"'});
  events.push_back({"/account/2", "notes", "", R"("fine")"});
  l.post(events);
  l.settle();
  ASSERT_EQ(l.dead.size(), 1u);
  EXPECT_EQ(l.dead[0].reason, dead_reason::handler_failed);
  EXPECT_EQ(l.dead[0].offset, 20);
  EXPECT_EQ(l.dead[0].source, "src");
  EXPECT_EQ(l.dead[0].value, R"("poison")");
  EXPECT_EQ(l.dead[0].key, "k");
  EXPECT_THAT(l.dead[0].detail, testing::HasSubstr("poison"));
  EXPECT_EQ(l.document("/account/1")["notes"].size(), 49u);
  EXPECT_EQ(l.document("/account/1")["events"], 49);
  EXPECT_EQ(l.document("/account/2")["events"], 1);
  EXPECT_EQ(l.source->dead.load(), 1u);
  EXPECT_EQ(l.source->applied.load(), 50u);
  EXPECT_EQ(l.source->low_mark(), 51) << "the watermark passes what is dead";
}

TEST(shard, handler_that_throws_without_a_word_is_a_failure_too) {
  lab l({accounts()});
  l.post({{"/account/1", "notes", "", R"("fine")"}, {"/account/1", "notes", "", R"("silent poison")"}});
  l.settle();
  EXPECT_EQ(l.dead.size(), 1u);
  EXPECT_EQ(l.document("/account/1")["notes"].size(), 1u);
}

TEST(shard, failing_rule_undoes_the_turn_and_each_message_is_tried_alone) {
  lab l({accounts()});
  l.post({{"/account/1", "amounts", "1", "600"},
          {"/account/1", "amounts", "2", "66"},
          {"/account/1", "amounts", "3", "1"}});
  l.settle();
  // All three at once sum up to 667, which is no evil.
  EXPECT_TRUE(l.dead.empty());
  lab m({accounts()});
  m.post({{"/account/1", "amounts", "1", "600"}, {"/account/1", "amounts", "2", "66"}});
  m.settle();
  ASSERT_EQ(m.dead.size(), 1u);
  EXPECT_EQ(m.dead[0].offset, 1);
  EXPECT_EQ(m.document("/account/1")["amounts"], json::parse(R"({"1":600})"));
}

TEST(shard, record_that_does_not_decode_is_dead_with_its_reason_and_neighbours_apply) {
  lab l({accounts()});
  l.post({{"/account/1", "name", "", R"("ann")"},
          {"/account/1", "name", "", "{"},
          {"/account/1", "name", "", "7"},
          {"/account/1", "name", "", ""},
          {"/account/1", "amounts", "x", "1"},
          {"/account/1", "name", "", "\"\xff\""},
          {"/account/1", "sum", "", "5"}});
  l.settle();
  std::vector<dead_reason> reasons;
  for (const auto& d : l.dead) reasons.push_back(d.reason);
  EXPECT_THAT(reasons, ElementsAre(dead_reason::bad_json, dead_reason::bad_value, dead_reason::empty,
                                   dead_reason::bad_value, dead_reason::bad_utf8));
  EXPECT_EQ(l.document("/account/1")["name"], "ann");
  EXPECT_EQ(l.document("/account/1")["sum"], 5);
  EXPECT_EQ(l.source->applied.load(), 2u);
}

TEST(shard, what_cannot_be_applied_brings_no_agent_into_being) {
  lab l({accounts()});
  l.post({{"/account/1", "name", "", "{"}, {"/account/2", "notes", "", R"("poison")"}});
  l.settle();
  EXPECT_EQ(l.dead.size(), 2u);
  EXPECT_TRUE(l.document("/account/1").is_null());
  EXPECT_TRUE(l.document("/account/2").is_null());
  EXPECT_EQ(l.agents, 0);
  EXPECT_EQ(l.on("/account/1").find("/account/1"), nullptr) << "nothing is left behind";
}

TEST(shard, removal_clears_the_value_and_takes_the_entry) {
  lab l({accounts()});
  l.post({{"/account/1", "name", "", R"("ann")"}, {"/account/1", "amounts", "1", "4"}});
  l.settle();
  l.post({{"/account/1", "name", "", "", true}, {"/account/1", "amounts", "1", "", true}});
  l.post({{"/account/1", "notes", "", "", true}});
  l.settle();
  EXPECT_EQ(l.document("/account/1"), json::parse(R"({"amounts":{},"notes":{},"labels":{},"recent":{},"sum":0})"));
  ASSERT_EQ(l.dead.size(), 1u) << "a log takes no removal";
}

TEST(shard, creation_is_the_types_own_rule) {
  for (const auto create : {creation::events, creation::commands, creation::never}) {
    SCOPED_TRACE(std::string(name_of(create)));
    lab l({accounts({hosting::shared, create})});
    l.post({{"/account/1", "sum", "", "1"}});
    const auto c = l.command("/account/2", "add", "1");
    l.settle();
    EXPECT_EQ(l.document("/account/1").is_null(), create != creation::events);
    EXPECT_EQ(l.document("/account/2").is_null(), create != creation::commands);
    EXPECT_EQ(c->fine(), create == creation::commands);
    if (!c->fine()) {
      EXPECT_EQ(c->code(), problem::no_such_entity);
    }
    if (create == creation::events) {
      EXPECT_TRUE(l.dead.empty());
    } else {
      ASSERT_EQ(l.dead.size(), 1u);
      EXPECT_EQ(l.dead[0].reason, dead_reason::no_such_entity);
    }
  }
}

TEST(shard, refused_or_malformed_command_creates_nothing) {
  lab l({accounts({hosting::shared, creation::commands})});
  const auto refused = l.command("/account/1", "add", "0");
  const auto bad = l.command("/account/2", "add", "{");
  const auto failed = l.command("/account/3", "add", "-1");
  l.settle();
  EXPECT_EQ(refused->code(), problem::conflict);
  EXPECT_EQ(bad->code(), problem::bad_value);
  EXPECT_EQ(failed->code(), problem::handler_failed);
  EXPECT_EQ(l.agents, 0);
}

TEST(shard, leaving_of_an_unborn_agent_does_not_disturb_its_first_record_in_the_same_cut) {
  const auto fans = make_agent_type<fan>("fan", "/fan/:id");
  const auto products = make_agent_type<product>("product", "/product/:id");
  lab l({fans, products});
  l.post({{"/fan/1", "wish", "1", R"("/product/9")"}});
  l.settle();
  // The record for the product comes before the leave and makes the entity's chain.
  l.post({{"/product/9", "price", "", "3"}});
  l.deliver(follow_request{"/product/9", "price", "/fan/1", 1, "1", true, {}});
  l.settle();
  EXPECT_EQ(l.document("/product/9")["price"], 3);
}

TEST(shard, store_gets_deltas_that_fold_to_the_state_with_revs_in_a_chain) {
  lab l({accounts()}, 3);
  for (int round = 0; round < 20; ++round) {
    std::vector<event> events;
    for (int i = 0; i < 60; ++i) {
      const auto uri = "/account/" + std::to_string((i * 7 + round) % 10);
      events.push_back({uri, "amounts", std::to_string(i % 5), std::to_string(round), i % 11 == 0});
      events.push_back({uri, "notes", "", i % 13 == 0 ? R"("poison")" : R"("n")"});
    }
    l.post(events);
    l.settle();
  }
  EXPECT_EQ(l.kept.broken, "");
  ASSERT_EQ(l.kept.states.size(), 10u);
  for (const auto& [uri, state] : l.kept.states) {
    auto present = l.document(uri);
    for (const char* lane : {"labels", "recent"}) present.erase(lane);  // never changed: in no delta
    EXPECT_EQ(state, present) << uri;
    EXPECT_EQ(l.kept.revs[uri], l.rev(uri));
  }
}

TEST(shard, low_mark_and_answers_wait_for_durability) {
  lab l({accounts()});
  l.kept.held = true;
  l.post({{"/account/1", "sum", "", "1"}});
  const auto c = l.command("/account/1", "add", "4");
  l.settle();
  EXPECT_EQ(l.document("/account/1")["sum"], 5) << "applied";
  EXPECT_FALSE(c->came()) << "but not durable";
  EXPECT_EQ(l.source->low_mark(), -1);
  EXPECT_EQ(l.source->in_flight_records(), 1);
  l.kept.release();
  EXPECT_TRUE(c->fine());
  EXPECT_EQ(l.source->low_mark(), 1);
  EXPECT_EQ(l.source->in_flight_records(), 0);
}

TEST(shard, low_mark_waits_for_the_durability_of_what_a_record_caused) {
  const auto relays = make_agent_type<relay>("relay", "/relay/:id");
  lab l({relays}, 2, {}, true);
  l.post({{"/relay/1", "to", "", R"("/relay/2")"}});
  l.settle();
  l.kept.held = true;
  l.post({{"/relay/1", "inbox", "", "1"}});
  l.settle();
  ASSERT_EQ(l.document("/relay/2")["seen"], 1);
  auto first = std::move(l.kept.waiting.front());
  l.kept.waiting.erase(l.kept.waiting.begin());
  first->durable();
  first.reset();
  EXPECT_EQ(l.source->low_mark(), 1) << "the message's effect is not durable yet";
  l.kept.release();
  EXPECT_EQ(l.source->low_mark(), 2);
}

TEST(shard, batch_over_several_cuts_moves_the_low_mark_once_at_its_end) {
  lab l({accounts()});
  std::vector<std::int64_t> marks;
  l.source->did_advance = [&](std::int64_t m) { marks.push_back(m); };
  l.post(amounts("/account/1", 600));
  l.settle();
  EXPECT_THAT(marks, ElementsAre(600));
}

TEST(shard, full_inbox_refuses_requests_but_takes_records_and_orders) {
  shard_options o;
  o.inbox_messages_max = 3;
  lab l({accounts()}, 1, o);
  for (int i = 0; i < 3; ++i) l.post({{"/account/1", "sum", "", std::to_string(i)}});
  const auto refused = l.command("/account/1", "add", "1");
  ASSERT_TRUE(refused->came());
  EXPECT_EQ(refused->code(), problem::too_busy);
  bool ran = false;
  EXPECT_FALSE(l.on("/account/1").request([&](shard&) { ran = true; }));
  l.on("/account/1").order([&](shard&) { ran = true; });
  l.post({{"/account/1", "sum", "", "9"}});
  l.settle();
  EXPECT_TRUE(ran);
  EXPECT_EQ(l.document("/account/1")["sum"], 9);
}

TEST(shard, callback_of_others_that_throws_harms_nobody) {
  lab l({accounts()});
  l.post({{"/account/1", "sum", "", "1"}});
  l.on("/account/1").request([](shard&) { throw std::runtime_error("theirs"); });
  l.on("/account/1").request(command_request{"/account/1", "add", "1", {}, {}, {}}, [](outcome<command_result>) {
    throw 7;
  });
  const auto after = l.command("/account/1", "add", "1");
  l.settle();
  EXPECT_EQ(after->result().result, "3");
}

TEST(shard, without_a_runner_refuses_and_drops_but_does_not_fail) {
  lab l({accounts()});
  l.on("/account/1").set_runner(nullptr);
  l.post({{"/account/1", "sum", "", "1"}});
  EXPECT_EQ(l.command("/account/1", "add", "1")->code(), problem::too_busy);
  l.tick();
  EXPECT_EQ(l.source->in_flight_records(), 0);
}

TEST(shard, abandoned_it_answers_what_waits_and_moves_no_mark) {
  lab l({accounts()});
  l.post(amounts("/account/1", 10));
  l.settle();
  l.post({{"/account/1", "sum", "", "1"}});
  const auto c = l.command("/account/1", "add", "1");
  bool ran = false;
  l.on("/account/1").order([&](shard&) { ran = true; });
  l.source->freeze();
  l.on("/account/1").set_runner(nullptr);
  l.on("/account/1").abandon();
  ASSERT_TRUE(c->came());
  EXPECT_EQ(c->code(), problem::not_ready);
  EXPECT_TRUE(ran);
  EXPECT_EQ(l.source->low_mark(), 10);
  EXPECT_EQ(l.source->in_flight_records(), 0);
  EXPECT_TRUE(l.on("/account/1").quiet().has_value());
}

TEST(shard, rests_and_wakes_once_however_much_arrives) {
  lab l({accounts()});
  auto& s = l.on("/account/1");
  ASSERT_EQ(s.quiet(), 0u);
  for (int i = 0; i < 5; ++i) l.post({{"/account/1", "sum", "", std::to_string(i)}});
  EXPECT_FALSE(s.quiet().has_value());
  l.settle();
  EXPECT_EQ(s.quiet(), 1u);
}

TEST(shard, lists_its_uris_in_order_and_by_page) {
  lab l({accounts(), make_agent_type<product>("product", "/product/:id")});
  for (const char* id : {"b", "a", "d", "c"}) l.post({{"/account/" + std::string(id), "sum", "", "1"}});
  l.post({{"/product/1", "price", "", "1"}});
  l.subscribe("/account/unborn");
  l.settle();
  std::vector<std::string> uris;
  l.on("/account/a").collect_uris(*l.type_of("/account/a"), "", 3, uris);
  EXPECT_THAT(uris, ElementsAre("/account/a", "/account/b", "/account/c"));
  l.on("/account/a").collect_uris(*l.type_of("/account/a"), "/account/c", 3, uris);
  EXPECT_THAT(uris, ElementsAre("/account/d"));
}

TEST(shard, tombstone_alone_brings_nobody_into_being) {
  lab l({accounts()});
  l.post({{"/account/1", "amounts", "1", "", true}});
  l.settle();
  EXPECT_EQ(l.document("/account/1"), nullptr);
  EXPECT_EQ(l.agents, 0);
  EXPECT_EQ(l.source->low_mark(), 1);
  EXPECT_EQ(l.source->applied.load(), 1u);
  l.post({{"/account/1", "amounts", "1", "", true}, {"/account/1", "amounts", "2", "5"}});
  l.settle();
  EXPECT_EQ(l.document("/account/1")["amounts"], json({{"2", 5}}));
}

TEST(shard, retires_when_it_holds_nothing) {
  lab l({accounts()});
  auto& s = l.on("/account/1");
  l.post({{"/account/1", "sum", "", "1"}});
  EXPECT_FALSE(s.retire()) << "it has work";
  l.settle();
  EXPECT_FALSE(s.retire()) << "it has an agent";
  l.remove("/account/1");
  const auto f = l.subscribe("/account/1");
  l.settle();
  EXPECT_FALSE(s.retire()) << "somebody waits for one";
  s.request([&](shard& on) { on.unsubscribe("/account/1", l.last_link()); });
  l.settle();
  EXPECT_TRUE(s.retire());
  EXPECT_EQ(l.command("/account/1", "add", "1")->code(), problem::too_busy) << "it takes nothing more";
}

TEST(shard, keeps_the_watermarks_of_records_that_may_come_again) {
  lab l({accounts()}, 2);
  auto& s = l.on("/account/1");
  l.kept.held = true;
  l.post({{"/account/1", "sum", "", "1"}});
  l.settle();
  l.remove("/account/1");
  l.settle();
  EXPECT_FALSE(s.retire()) << "the low mark has not passed the record";
  l.kept.release();
  EXPECT_TRUE(s.retire());
}

}  // namespace
