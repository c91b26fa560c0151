#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::string sub(std::uint64_t id, const std::string& uri) {
  return json{{"op", "sub"}, {"id", id}, {"uri", uri}}.dump();
}

// One subscriber per call; the text makes each diff about a kibibyte.
void change(served& s, int n) { s.port->set("/customer/1", "prefs", std::to_string(n) + std::string(1000, 'x')); }

TEST(slow_client, it_is_closed_4408_and_its_memory_is_bounded_and_released) {
  served s([](web::options& o) {
    o.close_timeout = std::chrono::seconds{20};
    o.slow_timeout = milliseconds{300};
  });
  s.port->set("/customer/1", "prefs", "");
  ws_client slow(s.server->port(), {}, 8 * 1024);
  slow.send(sub(1, "/customer/1"));
  slow.next();
  std::size_t most = 0;
  int n = 0;
  eventually([&] {
    for (int i = 0; i < 200; ++i) change(s, n++);
    most = std::max(most, s.server->outbound_bytes());
    return s.counted("closed_slow") > 0;
  });
  EXPECT_EQ(s.counted("closed_slow"), 1u);
  EXPECT_GT(most, 64u * 1024) << "it was given the chance to catch up";
  EXPECT_LE(most, 1024u * 1024);
  EXPECT_TRUE(eventually([&] { return s.server->outbound_bytes() == 0; }));
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == 0; }));
  EXPECT_EQ(slow.close_code(), 4408u);
}

TEST(slow_client, it_reads_why_it_was_closed_even_after_the_server_has_forgotten_it) {
  served s([](web::options& o) {
    o.close_timeout = milliseconds{100};
    o.slow_timeout = milliseconds{300};
  });
  s.port->set("/customer/1", "prefs", "");
  ws_client slow(s.server->port(), {}, 8 * 1024);
  slow.send(sub(1, "/customer/1"));
  slow.next();
  int n = 0;
  eventually([&] {
    for (int i = 0; i < 200; ++i) change(s, n++);
    return s.counted("closed_slow") > 0;
  });
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
  EXPECT_EQ(slow.close_code(), 4408u);
}

TEST(slow_client, one_that_reads_nothing_is_closed_in_time_below_the_bound_too) {
  served s([](web::options& o) { o.slow_timeout = milliseconds{200}; });
  s.port->set("/customer/1", "prefs", std::string(900'000, 'x'));
  ws_client slow(s.server->port(), {}, 8 * 1024);
  slow.send(sub(1, "/customer/1"));
  EXPECT_TRUE(eventually([&] { return s.counted("closed_slow") == 1; }));
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
}

TEST(slow_client, one_that_reads_a_long_message_slowly_is_not_closed) {
  served s([](web::options& o) { o.slow_timeout = milliseconds{500}; });
  const std::string big(3'000'000, 'x');
  s.port->set("/customer/1", "prefs", big);
  ws_client client(s.server->port(), {}, 256 * 1024);
  client.send(sub(1, "/customer/1"));
  std::string header = client.socket().read(10);
  std::size_t left = 0;
  for (int i = 2; i < 10; ++i) left = left << 8 | static_cast<unsigned char>(header[i]);
  EXPECT_GT(left, big.size());
  // Some 2 MB/s: several times the bound for the whole.
  while (left > 0) {
    const auto n = std::min<std::size_t>(left, 60'000);
    client.socket().read(n);
    left -= n;
    std::this_thread::sleep_for(milliseconds{30});
  }
  EXPECT_EQ(s.counted("closed_slow"), 0u);
  client.send(R"({"op":"ping","id":1})");
  EXPECT_EQ(client.next().at("op"), "pong");
}

TEST(slow_client, others_are_not_delayed) {
  served s;
  s.port->set("/customer/1", "prefs", "");
  ws_client slow(s.server->port(), {}, 8 * 1024);
  auto quick = s.ws();
  slow.send(sub(1, "/customer/1"));
  slow.next();
  quick.send(sub(1, "/customer/1"));
  quick.next();
  for (int n = 0; n < 3000; ++n) {
    change(s, n);
    ASSERT_EQ(quick.next().at("rev"), n + 2);
  }
}

TEST(slow_client, a_flood_of_large_snapshots_goes_out_at_the_readers_pace) {
  served s;
  const std::string big(200'000, 'x');
  for (int i = 0; i < 40; ++i) s.port->set("/customer/" + std::to_string(i), "prefs", big);
  ws_client client(s.server->port(), {}, 32 * 1024);
  json all = json::array();
  for (int i = 0; i < 40; ++i) all.push_back({{"op", "sub"}, {"id", i}, {"uri", "/customer/" + std::to_string(i)}});
  client.send(all.dump());
  for (int i = 0; i < 40; ++i) {
    EXPECT_LE(s.server->outbound_bytes(), 1024u * 1024);
    EXPECT_EQ(client.next().at("op"), "snap");
  }
  EXPECT_EQ(s.counted("closed_slow"), 0u);
}

TEST(slow_client, a_document_above_the_bound_goes_out_alone) {
  served s([](web::options& o) { o.outbound_bytes_max = 100'000; });
  s.port->set("/customer/1", "prefs", std::string(900'000, 'x'));
  auto client = s.ws();
  client.send("[" + sub(1, "/customer/1") + "," + sub(2, "/customer/1") + "," + sub(3, "/customer/2") + "]");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.next().at("op"), "snap");
  EXPECT_EQ(s.counted("closed_slow"), 0u);
}

TEST(slow_client, an_event_stream_that_is_not_read_is_ended) {
  served s([](web::options& o) { o.slow_timeout = milliseconds{300}; });
  s.port->set("/customer/1", "prefs", "");
  wire slow(s.server->port(), 8 * 1024);
  slow.send("GET /customer/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
  slow.read_until("\n\n");
  int n = 0;
  eventually([&] {
    for (int i = 0; i < 200; ++i) change(s, n++);
    EXPECT_LE(s.server->outbound_bytes(), 1024u * 1024);
    return s.counted("closed_slow") > 0;
  });
  EXPECT_EQ(s.counted("closed_slow"), 1u);
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0 && s.port->subscribers() == 0; }));
  EXPECT_EQ(s.server->outbound_bytes(), 0u);
}

}  // namespace
}  // namespace twinlane::testing
