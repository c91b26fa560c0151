#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stage.hpp"

using namespace runtime_test;
using testing::ElementsAre;

namespace {

class runtime_hosting : public testing::TestWithParam<ground> {};
INSTANTIATE_TEST_SUITE_P(hosting, runtime_hosting, all_grounds, name_of_ground);

TEST_P(runtime_hosting, events_update_agents_and_a_get_shows_them) {
  stage s(GetParam());
  s.post(
      {{"/account/1", "amounts", "7", "3"}, {"/account/1", "amounts", "8", "4"}, {"/account/a%2Fb", "sum", "", "1"}});
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(s.document("/account/1")["sum"], 7);
  EXPECT_EQ(s.document("/account/a%2Fb")["sum"], 1);
  EXPECT_EQ(s.on.agent_count(), 2);
  EXPECT_EQ(s.on.agent_count("account"), 2);
  EXPECT_EQ(s.source->applied.load(), 3u);
  EXPECT_EQ(s.source->in_flight_records(), 0);
  EXPECT_EQ(s.source->in_flight_bytes(), 0);
  EXPECT_EQ(s.source->low_mark(), 3);
}

TEST_P(runtime_hosting, get_never_creates_and_tells_what_is_missing) {
  stage s(GetParam());
  EXPECT_EQ(std::get<error>(s.get("/account/1")).code, problem::no_such_entity);
  EXPECT_EQ(std::get<error>(s.get("/nobody/1")).code, problem::no_such_route);
  EXPECT_EQ(std::get<error>(s.get("/account/1", {false, {"nolane"}})).code, problem::no_such_lane);
  EXPECT_EQ(std::get<error>(s.get("/account/1", {false, {"add"}})).code, problem::no_such_lane);
  EXPECT_EQ(s.on.agent_count(), 0);
}

TEST_P(runtime_hosting, get_selects_lanes_and_entries) {
  stage s(GetParam());
  s.post({{"/account/1", "amounts", "7", "3"}, {"/account/1", "name", "", "\"ann\""}});
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(json::parse(std::get<0>(s.get("/account/1", {false, {"name"}})).lanes()), json({{"name", "ann"}}));
  using value = port::lane_value;
  const auto lane = [&](const char* name, std::optional<std::string> key) {
    return stage::wait_for<value>([&](auto a) { s.on.get_lane("/account/1", name, key, a); });
  };
  EXPECT_EQ(std::get<0>(lane("amounts", {})).json, R"({"7":3})");
  EXPECT_EQ(std::get<0>(lane("amounts", "7")).json, "3");
  EXPECT_EQ(std::get<0>(lane("amounts", "7")).rev, 1u);
  EXPECT_EQ(std::get<error>(lane("amounts", "8")).code, problem::no_such_key);
  EXPECT_EQ(std::get<error>(lane("rings", {})).code, problem::no_such_key);
  EXPECT_EQ(std::get<error>(lane("add", {})).code, problem::no_such_lane);
}

TEST_P(runtime_hosting, commands_are_applied_and_answered) {
  stage s(GetParam());
  EXPECT_EQ(std::get<error>(s.command("/account/1", "add", "1")).code, problem::no_such_entity);
  EXPECT_EQ(std::get<0>(s.command("/locker/1", "add", "4")).result, "4");
  EXPECT_EQ(std::get<0>(s.command("/locker/1", "add", "4", "k")).result, "8");
  EXPECT_EQ(std::get<0>(s.command("/locker/1", "add", "4", "k")).result, "8");
  EXPECT_EQ(std::get<error>(s.command("/locker/1", "add", "-4")).code, problem::handler_failed);
  EXPECT_EQ(std::get<error>(s.command("/locker/1", "add", "{")).code, problem::bad_value);
  EXPECT_EQ(std::get<error>(s.command("/locker/1", "sum", "1")).code, problem::no_such_lane);
  EXPECT_EQ(s.document("/locker/1")["sum"], 8);
}

TEST_P(runtime_hosting, writes_reach_writable_lanes_alone) {
  stage s(GetParam());
  s.post({{"/account/1", "sum", "", "1"}});
  ASSERT_TRUE(s.drain());
  EXPECT_TRUE(ok(s.write({"/account/1", "name", {}, write_op::put, "\"ann\"", {}})));
  EXPECT_TRUE(ok(s.write({"/account/1", "labels", {}, write_op::put, R"({"1":"a","2":"b"})", {}})));
  EXPECT_TRUE(ok(s.write({"/account/1", "labels", "1", write_op::remove, "", {}})));
  EXPECT_EQ(s.document("/account/1")["labels"], json({{"2", "b"}}));
  EXPECT_EQ(std::get<error>(s.write({"/account/1", "sum", {}, write_op::put, "1", {}})).code, problem::not_writable);
  EXPECT_EQ(std::get<error>(s.write({"/account/1", "name", "k", write_op::put, "1", {}})).code, problem::no_such_key);
}

TEST_P(runtime_hosting, subscribers_follow_birth_change_deletion_and_rebirth) {
  stage s(GetParam());
  const auto f = std::make_shared<following>();
  const auto made = s.on.subscribe({"/account/1", {}, true}, f, 1);
  ASSERT_TRUE(ok(made));
  s.post({{"/account/1", "sum", "", "1"}});
  ASSERT_TRUE(s.drain());
  s.post({{"/account/1", "sum", "", "2"}});
  ASSERT_TRUE(s.drain());
  ASSERT_TRUE(ok(s.remove("/account/1")));
  EXPECT_EQ(std::get<error>(s.remove("/account/1")).code, problem::no_such_entity);
  s.post({{"/account/1", "sum", "", "3"}});
  ASSERT_TRUE(s.drain());
  s.on.unsubscribe(std::get<0>(made));
  ASSERT_TRUE(s.drain());
  EXPECT_THAT(f->said(), ElementsAre("snap 0 none", "snap 1", "life started", "diff 1>2", "life deleted", "snap 0 none",
                                     "snap 1", "life started", "done unsubscribed"));
  EXPECT_EQ(f->broken(), "");
  EXPECT_EQ(f->state()["sum"], 3);
}

TEST(runtime_dedicated, shards_go_with_their_agents_and_come_again) {
  stage s({hosting::dedicated});
  const auto none = s.on.shard_count();
  s.post({{"/account/1", "sum", "", "1"}});
  ASSERT_TRUE(s.drain());
  auto f = std::make_shared<following>();
  std::vector<subscription> held;
  for (int i = 0; i < 100; ++i)
    held.push_back(std::get<0>(s.on.subscribe({"/account/none" + std::to_string(i), {}, false}, f, 1000u + i)));
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(s.on.shard_count(), none + 101);
  for (const auto& each : held) s.on.unsubscribe(each);
  ASSERT_TRUE(ok(s.remove("/account/1")));
  const auto until = std::chrono::steady_clock::now() + patience;
  while (s.on.shard_count() > none && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_EQ(s.on.shard_count(), none);
  s.post({{"/account/1", "sum", "", "2"}});
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(s.document("/account/1")["sum"], 2);
}

TEST_P(runtime_hosting, only_the_guilty_record_is_buried) {
  stage s(GetParam());
  std::vector<event> events;
  for (int i = 0; i < 100; ++i)
    events.push_back({"/account/" + std::to_string(i % 3), "notes", "", i == 50 ? "\"poison\"" : "\"n\""});
  s.post(events);
  ASSERT_TRUE(s.drain());
  ASSERT_EQ(s.dead().size(), 1u);
  EXPECT_EQ(s.dead()[0].offset, 50);
  EXPECT_EQ(s.source->dead.load(), 1u);
  int seen = 0;
  for (int i = 0; i < 3; ++i) seen += s.document("/account/" + std::to_string(i))["events"].get<int>();
  EXPECT_EQ(seen, 99);
}

TEST_P(runtime_hosting, agents_send_and_join_across_shards) {
  stage s(GetParam());
  std::vector<event> events;
  for (int i = 0; i < 30; ++i)
    events.push_back({"/relay/" + std::to_string(i), "to", "", "\"/relay/" + std::to_string(i + 1) + "\""});
  for (int i = 0; i < 30; ++i) events.push_back({"/fan/" + std::to_string(i), "wish", "0", "\"/product/7\""});
  s.post(events);
  ASSERT_TRUE(s.drain());
  s.post({{"/relay/0", "inbox", "", "0"}, {"/product/7", "price", "", "5"}});
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(s.document("/relay/30")["inbox"], json({{"1", 30}}));
  for (int i = 0; i < 30; ++i) EXPECT_EQ(s.document("/fan/" + std::to_string(i))["cheapest"], 5);
  EXPECT_EQ(s.source->in_flight_records(), 0);
}

TEST_P(runtime_hosting, timers_and_ages_fire_by_the_clock) {
  stage s(GetParam());
  s.post({{"/account/1", "recent", "1", "1", false, s.now}});
  ASSERT_TRUE(s.drain());
  ASSERT_TRUE(ok(s.command("/account/1", "alarm", "500")));
  EXPECT_FALSE(s.document("/account/1").contains("rings"));
  s.now += 1000;
  EXPECT_TRUE(eventually([&] {
    const auto d = s.document("/account/1");
    return d.value("rings", 0) == 1 && d["recent"].empty();
  }));
}

TEST_P(runtime_hosting, entities_are_paged_in_order_of_uri) {
  stage s(GetParam());
  std::vector<event> events;
  for (int i = 0; i < 25; ++i) events.push_back({"/account/" + std::to_string(100 + i), "sum", "", "1"});
  events.push_back({"/product/1", "price", "", "1"});
  s.post(events);
  ASSERT_TRUE(s.drain());
  std::vector<std::string> all;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const auto p = std::get<0>(s.page("account", after, 10));
    all.insert(all.end(), p.uris.begin(), p.uris.end());
    if (!p.next) break;
    after = *p.next;
  }
  ASSERT_EQ(all.size(), 25u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(std::get<0>(s.page("account", "", 0)).uris.size(), 1u) << "a page is never empty for its limit";
  EXPECT_EQ(std::get<error>(s.page("nothing", "", 10)).code, problem::no_such_route);
}

TEST_P(runtime_hosting, results_do_not_depend_on_batch_sizes) {
  std::vector<event> events;
  for (int i = 0; i < 2000; ++i) {
    const auto id = std::to_string(i * 7 % 13);
    switch (i % 6) {
      case 0:
        events.push_back({"/account/" + id, "notes", "", i % 91 == 0 ? "\"poison\"" : "\"n\""});
        break;
      case 1:
        events.push_back({"/account/" + id, "name", "", "\"" + std::to_string(i % 5) + "\"", i % 4 == 0});
        break;
      case 2:
        events.push_back({"/account/" + id, "sum", "", "{"});
        break;
      case 3:
        events.push_back(
            {"/fan/" + id, "wish", std::to_string(i % 3), "\"/product/" + std::to_string(i % 7) + "\"", i % 5 == 0});
        break;
      case 4:
        events.push_back({"/product/" + std::to_string(i % 7), "price", "", std::to_string(i)});
        break;
      default:
        events.push_back({"/account/" + id, "amounts", std::to_string(i % 8), std::to_string(i), i % 10 == 0});
    }
  }
  json first;
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    stage s(GetParam());
    std::int64_t offset = 0;
    for (std::size_t at = 0; at < events.size(); at += size)
      s.post(s.source, std::span(events).subspan(at, std::min(size, events.size() - at)), offset);
    ASSERT_TRUE(s.drain());
    json all = {{"dead", s.dead().size()}};
    for (const char* type : {"account", "fan", "product"}) {
      const auto page = std::get<0>(s.page(type, "", 1000));
      for (const auto& uri : page.uris) all[uri] = s.document(uri);
    }
    if (first.is_null()) first = all;
    EXPECT_EQ(all, first) << "in batches of " << size;
  }
  EXPECT_GT(first.size(), 30u);
}

TEST_P(runtime_hosting, document_over_its_bound_is_too_large) {
  runtime_options o;
  o.shard.document_bytes_max = 500;
  stage s(GetParam(), std::move(o));
  s.post({{"/account/1", "name", "", '"' + std::string(600, 'x') + '"'}});
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(std::get<error>(s.get("/account/1")).code, problem::too_large);
  EXPECT_TRUE(ok(s.get("/account/1", {false, {"sum"}})));
}

TEST_P(runtime_hosting, records_for_nobody_resolve_to_no_target) {
  stage s(GetParam());
  EXPECT_EQ(std::get<error>(s.on.resolve_target("/nobody/{id}", "x")).code, problem::no_such_route);
  EXPECT_EQ(std::get<error>(s.on.resolve_target("/account/{id}", "x")).code, problem::no_such_lane);
  EXPECT_EQ(std::get<error>(s.on.resolve_target("/account", "sum")).code, problem::no_such_route);
  const auto t = std::get<0>(s.on.resolve_target("/account/{id}", "amounts"));
  EXPECT_EQ(t.kind, lane_kind::map);
  EXPECT_EQ(t.first_param_segment, 1u);
}

TEST_P(runtime_hosting, stopped_it_refuses_and_a_second_stop_is_fine) {
  stage s(GetParam());
  s.post({{"/account/1", "sum", "", "1"}});
  const auto f = std::make_shared<following>();
  ASSERT_TRUE(ok(s.on.subscribe({"/account/1", {}, true}, f, 1)));
  s.on.set_ready(true);
  EXPECT_TRUE(s.on.ready());
  EXPECT_TRUE(s.on.stop(patience));
  EXPECT_FALSE(s.on.ready());
  EXPECT_EQ(f->said().back(), "life stopped");
  EXPECT_EQ(std::get<error>(s.get("/account/1")).code, problem::not_ready);
  s.post({{"/account/1", "sum", "", "2"}});
  EXPECT_EQ(s.source->in_flight_records(), 0);
  EXPECT_TRUE(s.on.stop(patience));
}

TEST(runtime, refuses_routes_that_clash_or_take_reserved_segments) {
  runtime r;
  r.add<account>("account", "/account/:id");
  const auto refused = [&](const char* name, const char* route) {
    EXPECT_THROW(r.add<product>(name, route), std::invalid_argument) << route;
  };
  refused("account", "/other/:id");
  refused("b", "/account/:nr");
  refused("b", "/account/:id/sum");
  refused("b", "/account/:id/:x");
  refused("b", "/account/:id/amounts/:key");
  refused("b", "/account/:id/add");
  for (const char* first : {"api", "ws", "ui", "metrics", "healthz", "readyz", "openapi.json"})
    refused("b", ("/" + std::string(first) + "/:id").c_str());
  refused("b", "/:type/:id");
  refused("b", "/:id");
  EXPECT_NO_THROW(r.add<product>("b", "/account/:id/invoices"));
  EXPECT_NO_THROW(r.add<product>("c", "/apis/:id"));
}

TEST(runtime, describes_its_types) {
  runtime r;
  r.add<account>("account", "/account/:id", {hosting::dedicated, creation::never});
  const auto all = r.types();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].route, "/account/:id");
  EXPECT_EQ(all[0].hosting, "dedicated");
  EXPECT_EQ(all[0].create, "never");
  ASSERT_GT(all[0].lanes.size(), 2u);
  EXPECT_EQ(all[0].lanes[0].name, "amounts");
  EXPECT_EQ(all[0].lanes[0].kind, lane_kind::map);
  EXPECT_TRUE(all[0].lanes[2].writable);
}

TEST(runtime, takes_types_before_its_start_and_starts_once) {
  runtime r;
  r.start();
  EXPECT_THROW(r.add<account>("account", "/account/:id"), std::logic_error);
  EXPECT_THROW(r.start(), std::logic_error);
}

TEST(runtime, gives_one_partition_for_the_same_names) {
  runtime r;
  const auto a = r.partition("s", "t", 1);
  EXPECT_EQ(r.partition("s", "t", 1), a);
  EXPECT_NE(r.partition("s", "t", 2), a);
  EXPECT_EQ(r.partitions().size(), 2u);
}

TEST(runtime, number_of_shards_has_bounds) {
  runtime_options o;
  o.shards = 0;
  EXPECT_THROW(runtime r(o), std::invalid_argument);
  o.shards = 65537;
  EXPECT_THROW(runtime r(o), std::invalid_argument);
}

}  // namespace
