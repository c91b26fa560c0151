#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

const std::string lines = "Accept: application/x-ndjson";

class stream {
 public:
  stream(const served& s, const std::string& target, const std::string& accept, int receive_bytes = 0)
      : wire_(s.server->port(), receive_bytes) {
    wire_.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nAccept: " + accept + "\r\n\r\n");
    head = wire_.read_until("\r\n\r\n");
  }
  std::string line() { return wire_.read_until("\n"); }
  std::string event() { return wire_.read_until("\n\n"); }
  std::string rest() { return wire_.read_all(); }
  std::string head;

 private:
  wire wire_;
};

json query(std::uint64_t id, const std::string& lane, json more = json::object()) {
  json q = {{"op", "query"}, {"id", id}, {"uri", "/customer/1"}, {"lane", lane}};
  q.update(more);
  return q;
}

TEST(query, one_that_ends_is_answered_as_items_or_lines) {
  served s;
  for (int i = 1; i <= 4; ++i) s.port->set_entry("/customer/1", "clicks", std::to_string(i), {{"n", i}});
  const auto a = s.get("/customer/1/clicks?limit=2");
  EXPECT_EQ(a.headers.at("content-type"), "application/json");
  EXPECT_EQ(a.headers.at("etag"), "\"l1:4\"");
  EXPECT_EQ(a.body, R"({"items":[{"key":"1","value":{"n":1}},{"key":"2","value":{"n":2}}]})");
  EXPECT_EQ(s.get("/customer/1/clicks?order=newest&limit=1").body, R"({"items":[{"key":"4","value":{"n":4}}]})");
  const auto b = s.get("/customer/1/clicks?order=oldest&limit=2", {lines});
  EXPECT_EQ(b.headers.at("content-type"), "application/x-ndjson");
  EXPECT_EQ(b.body, "{\"key\":\"1\",\"value\":{\"n\":1}}\n{\"key\":\"2\",\"value\":{\"n\":2}}\n");
  EXPECT_EQ(s.get("/customer/1/clicks", {lines}).body.size(), 4 * b.body.size() / 2);
  EXPECT_EQ(s.get("/customer/1/clicks").json().size(), 4u) << "without parameters it is the value";
  s.port->set("/customer/1", "profile", "Ann");
  EXPECT_EQ(s.get("/customer/1/profile", {lines}).body, "{\"key\":null,\"value\":\"Ann\"}\n");
  EXPECT_EQ(s.get("/customer/1/clicks?limit=2", {"If-None-Match: \"l1:5\""}).status, 304);
}

TEST(query, what_it_cannot_ask_is_said) {
  served s;
  s.port->set_entry("/customer/1", "orders", "1", 1);
  for (const char* wrong : {"limit=0", "limit=-1", "limit=x", "limit=", "follow=yes", "from=end&follow=true",
                            "from=now", "order=up", "order=newest", "order=newest&follow=true"})
    expect_problem(s.get(std::string("/customer/1/orders?") + wrong), 400, "bad_request");
  expect_problem(s.get("/customer/1/alerts"), 400, "bad_request");
  expect_problem(s.get("/customer/1/nolane?follow=true"), 404, "no_such_lane");
  expect_problem(s.get("/customer/2/orders?limit=1"), 404, "no_such_entity");
  auto client = s.ws();
  const auto code = [&](const json& q) {
    client.send(q.dump());
    const auto m = client.next();
    EXPECT_EQ(m.at("op"), "err") << m;
    EXPECT_EQ(m.at("id"), q.at("id"));
    return m.at("code").get<std::string>();
  };
  EXPECT_EQ(code(query(1, "nolane")), "no_such_lane");
  EXPECT_EQ(code(query(1, "summary")), "bad_request");
  EXPECT_EQ(code(query(1, "issue_voucher")), "bad_request");
  EXPECT_EQ(code(query(1, "alerts")), "bad_request");
  EXPECT_EQ(code(query(1, "orders", {{"order", "newest"}})), "bad_request");
  EXPECT_EQ(code(query(1, "orders", {{"uri", "/nowhere/1"}})), "no_such_route");
  EXPECT_EQ(code(query(1, "orders", {{"uri", "/customer/2"}})), "no_such_entity") << "one that ends waits for nobody";
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == 0; }));
}

TEST(query, one_that_follows_streams_lines_and_ends_at_its_limit) {
  served s;
  s.port->set_entry("/customer/1", "orders", "7", {{"status", "new"}, {"n", 1}});
  stream t(s, "/customer/1/orders?follow=true&limit=4", "application/x-ndjson");
  EXPECT_EQ(t.head.substr(9, 3), "200");
  EXPECT_NE(t.head.find("Content-Type: application/x-ndjson\r\n"), std::string::npos);
  EXPECT_EQ(json::parse(t.line()), json::parse(R"({"key":"7","value":{"status":"new","n":1}})"));
  s.port->set_entry("/customer/1", "orders", "7", {{"status", "sent"}, {"n", 1}});
  EXPECT_EQ(json::parse(t.line()), json::parse(R"({"key":"7","value":{"status":"sent","n":1}})"));
  s.port->set("/customer/1", "prefs", 1);
  s.port->set_entry("/customer/1", "orders", "7", nullptr);
  EXPECT_EQ(t.line(), "{\"key\":\"7\",\"value\":null}\n");
  s.port->set_entry("/customer/1", "orders", "8", 5);
  EXPECT_EQ(t.rest(), "{\"key\":\"8\",\"value\":5}\n");
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == 0 && s.server->connections() == 0; }));
  EXPECT_EQ(s.server->subscriptions(), 0u);
}

TEST(query, one_that_follows_streams_events_and_says_that_it_is_done) {
  served s;
  s.port->set_entry("/customer/1", "clicks", "1", "a");
  stream t(s, "/customer/1/clicks?follow=true&from=now&limit=1", "text/event-stream");
  EXPECT_NE(t.head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  ASSERT_TRUE(eventually([&] { return s.port->subscribers() == 1; }));
  s.get("/customer/2");  // answered after the snapshot was made
  const auto rev = s.port->set_entry("/customer/1", "clicks", "2", "b");
  EXPECT_EQ(t.rest(),
            "event: row\ndata: {\"op\":\"row\",\"id\":0,\"key\":\"2\",\"value\":\"b\",\"rev\":" + std::to_string(rev) +
                "}\n\nevent: done\ndata: {\"op\":\"done\",\"id\":0,\"reason\":\"limit\"}\n\n");
}

TEST(query, silence_is_broken_by_empty_lines) {
  served s([](web::options& o) { o.ping_interval = milliseconds{60}; });
  stream t(s, "/customer/1/orders?follow=true", "*/*");
  EXPECT_EQ(t.line(), "\n");
  s.port->set_entry("/customer/1", "orders", "1", 1);
  std::string line = "\n";
  while (line == "\n") line = t.line();
  EXPECT_EQ(line, "{\"key\":\"1\",\"value\":1}\n") << "it has waited for the birth";
}

TEST(query, what_the_runtime_ends_is_told_on_a_stream_of_rows) {
  served s;
  s.port->set_entry("/customer/1", "orders", "1", 1);
  stream t(s, "/customer/1/orders?follow=true", "application/x-ndjson"),
      e(s, "/customer/1/orders?follow=true", "text/event-stream");
  t.line();
  e.event();
  s.port->end_all("error");
  EXPECT_EQ(t.rest(), "{\"done\":\"error\"}\n");
  EXPECT_EQ(e.rest(), "event: done\ndata: {\"op\":\"done\",\"id\":0,\"reason\":\"error\"}\n\n");
}

TEST(query, thousands_of_rows_come_whole_and_in_order_beside_other_messages) {
  served s([](web::options& o) { o.outbound_bytes_max = 64 * 1024; });
  json all = json::object();
  for (int i = 1'000; i < 6'000; ++i) all[std::to_string(i)] = std::string(40, 'x');
  s.port->set("/customer/1", "orders", all);
  auto client = s.ws();
  client.send(query(1, "orders").dump());
  client.send(R"({"op":"ping","id":9})");
  int next = 1'000;
  bool ponged = false;
  for (auto m = client.next(); m.at("op") != "done"; m = client.next()) {
    if (m.at("op") == "pong") {
      ponged = true;
      continue;
    }
    ASSERT_EQ(m.at("key"), std::to_string(next++));
  }
  EXPECT_EQ(next, 6'000);
  if (!ponged) {
    EXPECT_EQ(client.next().at("op"), "pong");
  }
  EXPECT_TRUE(eventually([&] { return s.server->outbound_bytes() == 0 && s.port->subscribers() == 0; }));
  EXPECT_EQ(s.server->subscriptions(), 0u);
}

TEST(query, a_slow_reader_comes_to_the_last_value_of_each_key) {
  served s([](web::options& o) { o.outbound_bytes_max = 64 * 1024; });
  s.port->set_entry("/customer/1", "orders", "0", 0);
  ws_client client(s.server->port(), {}, 64 * 1024);
  client.send(query(1, "orders", {{"follow", true}}).dump());
  EXPECT_EQ(client.next().at("key"), "0");
  std::uint64_t last = 0;
  for (int n = 0; n < 6'000; ++n)
    last =
        s.port->set_entry("/customer/1", "orders", std::to_string(n % 7), std::to_string(n) + std::string(1'000, 'x'));
  s.port->set_entry("/customer/1", "orders", "3", nullptr);
  ++last;
  json folded = json::object();
  std::uint64_t rows = 0, rev = 0;
  while (folded != s.port->document("/customer/1")["orders"]) {
    const auto m = client.next();
    ASSERT_EQ(m.at("op"), "row") << m.dump().substr(0, 200);
    EXPECT_GE(m.at("rev").get<std::uint64_t>(), rev);
    rev = m.at("rev");
    ++rows;
    folded.merge_patch({{m.at("key").get<std::string>(), m.at("value")}});
    EXPECT_LE(s.server->outbound_bytes(), 4u * 64 * 1024);
  }
  EXPECT_EQ(rev, last);
  EXPECT_LT(rows, 6'000u) << "the burst passed the bound";
  EXPECT_EQ(s.counted("closed_slow"), 0u);
}

TEST(query, what_queries_keep_is_bounded) {
  served s([](web::options& o) { o.query_bytes_max = 10'000; });
  s.port->set_entry("/customer/1", "orders", "1", std::string(6'000, 'x'));
  auto client = s.ws();
  client.send(query(1, "orders", {{"follow", true}}).dump());
  EXPECT_EQ(client.next().at("op"), "row");
  client.send(query(2, "orders", {{"follow", true}}).dump());
  EXPECT_EQ(client.next().at("id"), 2);
  const auto refused = client.next();
  EXPECT_EQ(refused.at("op"), "err");
  EXPECT_EQ(refused.at("code"), "too_large");
  client.send(R"({"op":"unsub","id":1})");
  EXPECT_EQ(client.next().at("reason"), "unsubscribed");
  client.send(query(2, "orders", {{"follow", true}}).dump());
  EXPECT_EQ(client.next().at("op"), "row");
  client.send(R"({"op":"ping","id":3})");
  EXPECT_EQ(client.next().at("op"), "pong") << "the room of the first is free again";
}

TEST(query, what_one_keeps_on_a_stream_is_bounded) {
  served s([](web::options& o) { o.query_bytes_max = 10'000; });
  const std::string half(6'000, 'x');
  s.port->set_entry("/customer/1", "orders", "1", half);
  stream t(s, "/customer/1/orders?follow=true", "application/x-ndjson"),
      e(s, "/customer/1/orders?follow=true", "text/event-stream");
  t.line();
  e.event();
  s.port->set_entry("/customer/1", "orders", "2", half);
  EXPECT_EQ(t.rest(), "{\"key\":\"2\",\"value\":\"" + half + "\"}\n{\"done\":\"error\"}\n");
  e.event();
  EXPECT_EQ(e.rest(), "event: done\ndata: {\"op\":\"done\",\"id\":0,\"reason\":\"error\"}\n\n");
  EXPECT_EQ(s.counted("too_large"), 2u);
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == 0 && s.server->connections() == 0; }));
}

TEST(query, a_query_counts_as_a_subscription) {
  served s([](web::options& o) { o.subscriptions_max = 1; });
  auto client = s.ws();
  client.send(query(1, "orders", {{"follow", true}}).dump());
  client.send(query(2, "orders", {{"follow", true}}).dump());
  EXPECT_EQ(client.next().at("code"), "too_busy");
  client.send(query(1, "orders").dump());
  EXPECT_EQ(client.next().at("code"), "conflict");
  EXPECT_EQ(s.server->subscriptions(), 1u);
}

}  // namespace
}  // namespace twinlane::testing
