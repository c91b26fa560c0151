#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;

std::string sub(const json& lanes) {
  return json{{"op", "sub"}, {"id", 1}, {"uri", "/customer/1"}, {"lanes", lanes}}.dump();
}

TEST(supply, events_go_to_a_stream_after_the_diff_of_their_turn) {
  served s;
  s.port->set("/customer/1", "prefs", 1);
  wire t(s.server->port());
  t.send("GET /customer/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
  t.read_until("\r\n\r\n");
  t.read_until("\n\n");
  s.port->set("/customer/1", "prefs", 2);
  s.port->emit("/customer/1", "alerts", {{"a", 1}});
  EXPECT_EQ(t.read_until("\n\n").substr(0, 11), "event: diff");
  EXPECT_EQ(t.read_until("\n\n"),
            "event: event\ndata: "
            "{\"op\":\"event\",\"id\":0,\"lane\":\"alerts\",\"value\":{\"a\":1},\"dropped\":0}\n\n");
  EXPECT_TRUE(eventually([&] { return s.counted("events_sent") == 1; }));
}

TEST(supply, life_alone_can_be_streamed) {
  served s;
  s.port->set("/customer/1", "prefs", 1);
  wire t(s.server->port());
  t.send("GET /customer/1?life=true&fields= HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
  t.read_until("\r\n\r\n");
  EXPECT_NE(t.read_until("\n\n").find("\"lanes\":{}"), std::string::npos);
  s.port->set("/customer/1", "prefs", 2);
  s.port->emit("/customer/1", "alerts", 1);
  s.port->announce("/customer/1", "passivated", "idle");
  EXPECT_EQ(t.read_until("\n\n").substr(0, 11), "event: life");
  expect_problem(s.get("/customer/1?fields=", {"Accept: text/event-stream"}), 400, "bad_request");
}

TEST(supply, a_follower_of_the_lane_gets_its_events_as_rows) {
  served s;
  wire t(s.server->port());
  t.send("GET /customer/1/alerts?follow=true&limit=2 HTTP/1.1\r\nHost: x\r\n\r\n");
  t.read_until("\r\n\r\n");
  auto client = s.ws();
  client.send(R"({"op":"query","id":7,"uri":"/customer/1","lane":"alerts","follow":true})");
  ASSERT_TRUE(eventually([&] { return s.port->subscribers() == 2; }));
  s.get("/customer/2");  // answered after both have begun
  const auto rev = s.port->set("/customer/1", "prefs", 1);
  s.port->emit("/customer/1", "alerts", {{"a", 1}});
  EXPECT_EQ(client.next(),
            nlohmann::ordered_json({{"op", "row"}, {"id", 7}, {"key", nullptr}, {"value", {{"a", 1}}}, {"rev", rev}}));
  EXPECT_EQ(t.read_until("\n"), "{\"key\":null,\"value\":{\"a\":1}}\n");
  s.port->emit("/customer/1", "alerts", 2);
  EXPECT_EQ(t.read_all(), "{\"key\":null,\"value\":2}\n");
  client.next();
  client.send(R"({"op":"unsub","id":7})");
  EXPECT_EQ(client.next().at("reason"), "unsubscribed");
}

// Reads until an event with this value, and sums up what was counted as dropped.
struct heard {
  std::uint64_t events = 0, dropped = 0;
  int last = -1;
  void take(const json& m) {
    ASSERT_EQ(m.at("op"), "event") << m.dump().substr(0, 200);
    EXPECT_GT(m.at("value").at("n"), last);
    last = m.at("value").at("n");
    ++events;
    dropped += m.at("dropped").get<std::uint64_t>();
  }
};

json alarm(int n) { return {{"n", n}, {"pad", std::string(1'000, 'x')}}; }

TEST(supply, a_stalled_reader_loses_events_and_is_told_how_many_while_others_lose_none) {
  constexpr int count = 8'000;
  served s([](web::options& o) {
    o.outbound_bytes_max = 256 * 1024;
    o.slow_timeout = o.ping_interval = std::chrono::minutes{10};
  });
  s.port->set("/customer/1", "prefs", 0);
  ws_client slow(s.server->port(), {}, 8 * 1024);
  auto quick = s.ws();
  for (auto* c : {&slow, &quick}) {
    c->send(sub({"alerts"}));
    c->next();
  }
  heard all;
  for (int n = 0; n < count; n += 50) {
    for (int i = n; i < n + 50; ++i) s.port->emit("/customer/1", "alerts", alarm(i));
    for (int i = 0; i < 50; ++i) ASSERT_NO_FATAL_FAILURE(all.take(quick.next()));
  }
  EXPECT_EQ(all.events, static_cast<std::uint64_t>(count));
  EXPECT_EQ(all.dropped, 0u);
  EXPECT_LE(s.server->outbound_bytes(), 256u * 1024);
  // It reads again: what waited, and then what comes.
  heard some;
  slow.send(R"({"op":"ping","id":5})");
  for (json m = slow.next(); m.at("op") != "pong"; m = slow.next()) ASSERT_NO_FATAL_FAILURE(some.take(m));
  ASSERT_TRUE(eventually([&] { return s.server->outbound_bytes() == 0; }));
  s.port->emit("/customer/1", "alerts", alarm(count));
  ASSERT_NO_FATAL_FAILURE(some.take(slow.next()));
  EXPECT_GT(some.dropped, 0u);
  EXPECT_EQ(some.events + some.dropped, static_cast<std::uint64_t>(count) + 1) << "each is there or counted";
  EXPECT_EQ(s.counted("closed_slow"), 0u);
  EXPECT_TRUE(eventually([&] { return s.counted("events_dropped") >= some.dropped; }));
}

TEST(supply, what_is_lost_with_a_subscription_made_anew_is_counted_too) {
  served s([](web::options& o) {
    o.outbound_bytes_max = 64 * 1024;
    o.slow_timeout = o.ping_interval = std::chrono::minutes{10};
  });
  std::uint64_t rev = s.port->set("/customer/1", "prefs", 0);
  ws_client client(s.server->port(), {}, 8 * 1024);
  client.send(sub({"prefs", "alerts"}));
  client.next();
  constexpr int count = 3'000;
  for (int n = 0; n < count; ++n) {
    rev = s.port->set("/customer/1", "prefs", std::to_string(n) + std::string(1'000, 'p'));
    s.port->emit("/customer/1", "alerts", {{"n", n}, {"rev", rev}});
  }
  heard some;
  std::uint64_t seen = 0;
  const auto take = [&](const json& m) {
    if (m.at("op") != "event") {
      seen = m.at("rev");
      return;
    }
    ASSERT_NO_FATAL_FAILURE(some.take(m));
    EXPECT_GE(seen, m.at("value").at("rev").get<std::uint64_t>()) << "it comes after what its turn changed";
  };
  while (seen < rev) ASSERT_NO_FATAL_FAILURE(take(client.next()));
  client.send(R"({"op":"ping","id":5})");
  for (json m = client.next(); m.at("op") != "pong"; m = client.next()) ASSERT_NO_FATAL_FAILURE(take(m));
  ASSERT_TRUE(eventually([&] { return s.server->outbound_bytes() == 0; }));
  s.port->emit("/customer/1", "alerts", {{"n", count}, {"rev", rev}});
  while (some.last < count) ASSERT_NO_FATAL_FAILURE(take(client.next()));
  EXPECT_GT(s.counted("diffs_merged"), 0u) << "the burst passed the bound";
  EXPECT_EQ(some.events + some.dropped, static_cast<std::uint64_t>(count) + 1);
}

TEST(supply, a_demand_lane_is_read_by_its_url_and_never_cached) {
  served s;
  s.port->set("/customer/1", "prefs", 1);
  const auto a = s.get("/customer/1/summary", {"If-None-Match: \"l1:1\""});
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, R"({"lanes":1})");
  EXPECT_FALSE(a.headers.contains("etag"));
  EXPECT_EQ(a.headers.at("cache-control"), "no-store");
  expect_problem(s.get("/customer/1/summary/1"), 404, "no_such_key");
  expect_problem(s.get("/customer/2/summary"), 404, "no_such_entity");
  expect_problem(s.ask("PUT", "/customer/1/summary", {}, "1"), 405, "not_writable");
}

TEST(supply, the_types_and_openapi_tell_of_both_kinds) {
  served s;
  const auto types = s.get("/api/types").json();
  std::map<std::string, std::string> kinds;
  for (const auto& l : types.at("items").at(0).at("lanes")) kinds[l.at("name")] = l.at("kind");
  EXPECT_EQ(kinds.at("alerts"), "supply");
  EXPECT_EQ(kinds.at("summary"), "demand");
  const auto paths = s.get("/openapi.json").json().at("paths");
  const auto& alerts = paths.at("/customer/{id}/alerts").at("get").at("responses").at("200").at("content");
  EXPECT_TRUE(alerts.contains("application/x-ndjson"));
  EXPECT_FALSE(alerts.contains("application/json"));
  EXPECT_TRUE(paths.at("/customer/{id}/summary").contains("get"));
  EXPECT_FALSE(paths.contains("/customer/{id}/alerts/{entry_key}"));
  EXPECT_FALSE(paths.contains("/customer/{id}/summary/{entry_key}"));
}

}  // namespace
}  // namespace twinlane::testing
