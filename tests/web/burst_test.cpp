#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;

// Little, so that a burst cannot vanish in the kernel's buffers.
constexpr int receive_bytes = 64 * 1024;

std::string customer(std::uint64_t id) { return "/customer/" + std::to_string(id); }

// A subscription as its client keeps it.
struct folded {
  json lanes;
  std::uint64_t rev = 0, snapshots = 0;

  void take(const json& m) {
    if (m.at("op") == "snap") {
      ++snapshots;
      lanes = m.at("lanes");
      EXPECT_GE(m.at("rev").get<std::uint64_t>(), rev);
    } else {
      ASSERT_EQ(m.at("op"), "diff") << m.dump().substr(0, 200);
      ASSERT_EQ(m.at("from"), rev);
      lanes.merge_patch(m.at("patch"));
    }
    rev = m.at("rev");
  }
};

std::string sub(std::uint64_t id) { return json{{"op", "sub"}, {"id", id}, {"uri", customer(id)}}.dump(); }

TEST(burst, a_reader_stays_through_a_burst_of_long_diffs_and_has_the_state) {
  served s;
  std::uint64_t last = s.port->set(customer(1), "prefs", 0);
  ws_client client(s.server->port(), {}, receive_bytes);
  client.send(sub(1));
  folded mine;
  mine.take(client.next());
  for (int round = 0; round < 2; ++round) {
    for (int n = 0; n < 30; ++n)
      last = s.port->set_entry(customer(1), "orders", std::to_string(n % 3), std::string(500'000, 'A' + n + round));
    while (mine.rev < last) ASSERT_NO_FATAL_FAILURE(mine.take(client.next()));
    EXPECT_EQ(mine.lanes, s.port->document(customer(1)));
  }
  EXPECT_EQ(mine.snapshots, 1u);
  EXPECT_TRUE(eventually([&] { return s.counted("diffs_merged") > 0; })) << "the burst passed the bound";
  EXPECT_EQ(s.counted("closed_slow"), 0u);
  EXPECT_EQ(s.port->subscribers(), 1u);
  EXPECT_TRUE(eventually([&] { return s.server->outbound_bytes() == 0; }));
  EXPECT_EQ(s.server->subscriptions(), 1u);
}

TEST(burst, a_reader_stays_through_thousands_of_short_diffs_and_has_the_state) {
  served s([](web::options& o) { o.outbound_bytes_max = 64 * 1024; });
  std::uint64_t last = s.port->set(customer(1), "prefs", 0);
  ws_client client(s.server->port(), {}, receive_bytes);
  client.send(sub(1));
  folded mine;
  mine.take(client.next());
  for (int n = 0; n < 10'000; ++n)
    last = s.port->set(customer(1), "prefs", std::to_string(n) + std::string(1'000, 'x'));
  while (mine.rev < last) ASSERT_NO_FATAL_FAILURE(mine.take(client.next()));
  EXPECT_EQ(mine.lanes, s.port->document(customer(1)));
  EXPECT_EQ(mine.snapshots, 1u);
  EXPECT_TRUE(eventually([&] { return s.counted("diffs_merged") > 0; })) << "the burst passed the bound";
  EXPECT_EQ(s.counted("closed_slow"), 0u);
}

TEST(burst, every_one_of_many_subscriptions_comes_to_its_state) {
  constexpr std::uint64_t count = 200;
  served s([](web::options& o) { o.outbound_bytes_max = 64 * 1024; });
  ws_client client(s.server->port(), {}, receive_bytes);
  std::vector<folded> mine(count);
  std::vector<std::uint64_t> last(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    last[i] = s.port->set(customer(i), "prefs", 0);
    client.send(sub(i));
    mine[i].take(client.next());
  }
  for (int n = 0; n < 30; ++n)
    for (std::uint64_t i = 0; i < count; ++i)
      last[i] = s.port->set_entry(customer(i), "orders", std::to_string(n % 7), std::string(1'000 + n, 'x'));
  // Among them, answers and the end of a subscription find their way.
  client.send(R"([{"op":"ping","id":1000},{"op":"unsub","id":0}])");
  std::size_t behind = count;
  bool ponged = false, left = false;
  while (behind > 1 || !ponged || !left) {
    const auto m = client.next();
    EXPECT_LE(s.server->outbound_bytes(), 4u * 64 * 1024);
    if (m.at("op") == "pong") {
      ponged = true;
    } else if (m.at("op") == "done") {
      EXPECT_EQ(m.at("id"), 0);
      EXPECT_EQ(m.at("reason"), "unsubscribed");
      left = true;
    } else {
      ASSERT_NO_FATAL_FAILURE(mine[m.at("id").get<std::size_t>()].take(m));
    }
    behind = 1;
    for (std::uint64_t i = 1; i < count; ++i) behind += mine[i].rev < last[i];
  }
  for (std::uint64_t i = 1; i < count; ++i) {
    EXPECT_EQ(mine[i].lanes, s.port->document(customer(i)));
    EXPECT_EQ(mine[i].snapshots, 1u);
  }
  EXPECT_TRUE(eventually([&] { return s.counted("diffs_merged") > 0; })) << "the burst passed the bound";
  EXPECT_EQ(s.counted("closed_slow"), 0u);
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == count - 1; }));
}

TEST(burst, an_event_stream_stays_and_has_the_state) {
  served s;
  std::uint64_t last = s.port->set(customer(1), "prefs", 0);
  wire stream(s.server->port(), receive_bytes);
  stream.send("GET /customer/1 HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
  stream.read_until("\r\n\r\n");
  folded mine;
  const auto next = [&] {
    const auto event = stream.read_until("\n\n");
    const auto m = json::parse(event.substr(event.find("data: ") + 6));
    EXPECT_NE(event.find("id: l1:" + std::to_string(m.at("rev").get<std::uint64_t>()) + "\n"), std::string::npos);
    return m;
  };
  mine.take(next());
  for (int round = 0; round < 2; ++round) {
    for (int n = 0; n < 30; ++n)
      last = s.port->set_entry(customer(1), "orders", std::to_string(n % 3), std::string(500'000, 'A' + n + round));
    while (mine.rev < last) ASSERT_NO_FATAL_FAILURE(mine.take(next()));
    EXPECT_EQ(mine.lanes, s.port->document(customer(1)));
  }
  EXPECT_EQ(mine.snapshots, 1u);
  EXPECT_TRUE(eventually([&] { return s.counted("diffs_merged") > 0; })) << "the burst passed the bound";
  EXPECT_EQ(s.counted("closed_slow"), 0u);
  EXPECT_EQ(s.port->subscribers(), 1u);
}

}  // namespace
}  // namespace twinlane::testing
