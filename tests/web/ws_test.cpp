#include <set>

#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

std::string sub(std::uint64_t id, const std::string& uri) {
  return json{{"op", "sub"}, {"id", id}, {"uri", uri}}.dump();
}

TEST(websocket, the_json_subprotocol_is_chosen_and_others_are_not_echoed) {
  served s;
  EXPECT_EQ(s.ws().handshake().find("Sec-WebSocket-Protocol"), std::string::npos);
  EXPECT_NE(s.ws({"Sec-WebSocket-Protocol: mqtt, twinlane.v1.json"})
                .handshake()
                .find("Sec-WebSocket-Protocol: twinlane.v1.json\r\n"),
            std::string::npos);
  EXPECT_EQ(s.ws({"Sec-WebSocket-Protocol: bearer.abc"}).handshake().find("bearer"), std::string::npos);
}

TEST(websocket, a_plain_get_of_its_url_is_told_to_upgrade) {
  served s;
  const auto a = s.get("/ws");
  EXPECT_EQ(a.status, 426);
  EXPECT_EQ(a.headers.at("upgrade"), "websocket");
}

TEST(websocket, a_handshake_without_key_is_refused) {
  served s;
  EXPECT_EQ(s.ask("GET", "/ws", {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"}).status,
            400);
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
}

TEST(websocket, handshake_of_another_version_or_without_a_good_key_is_refused) {
  served s;
  const auto with = [&](const std::string& version, const std::string& key) {
    return s.ask("GET", "/ws",
                 {"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: " + version,
                  "Sec-WebSocket-Key: " + key});
  };
  const auto other = with("8", "dGhlIHNhbXBsZSBub25jZQ==");
  EXPECT_EQ(other.status, 426);
  EXPECT_EQ(other.headers.at("sec-websocket-version"), "13");
  EXPECT_EQ(with("13", "short").json().at("code"), "bad_request");
}

TEST(websocket, bytes_that_overtake_the_handshake_are_refused) {
  served s;
  const auto text = s.raw(
      "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nsmuggled");
  EXPECT_EQ(text.substr(9, 3), "400");
}

TEST(websocket, a_thousand_subscriptions_share_a_connection) {
  served s;
  for (int i = 0; i < 1000; ++i)
    s.port->set("/customer/" + std::to_string(i), "prefs", {{"n", 0}, {"pad", std::string(500, 'x')}});
  auto client = s.ws();
  json all = json::array();
  for (int i = 0; i < 1000; ++i) {
    all.push_back({{"op", "sub"}, {"id", i}, {"uri", "/customer/" + std::to_string(i)}});
    if (all.size() == 500) client.send(std::exchange(all, json::array()).dump());
  }
  std::map<std::uint64_t, std::uint64_t> rev;
  while (rev.size() < 1000) {
    const auto m = client.next();
    ASSERT_EQ(m.at("op"), "snap");
    rev[m.at("id")] = m.at("rev");
  }
  EXPECT_EQ(s.server->subscriptions(), 1000u);
  EXPECT_TRUE(eventually([&] { return s.counted("diffs_snapshot") == 1000; }));
  for (int round = 1; round <= 5; ++round)
    for (int i = 0; i < 1000; ++i)
      s.port->set("/customer/" + std::to_string(i), "prefs", {{"n", round}, {"pad", std::string(500, 'x')}});
  for (int i = 0; i < 5000; ++i) {
    const auto m = client.next();
    ASSERT_EQ(m.at("op"), "diff");
    ASSERT_EQ(m.at("from"), rev[m.at("id")]);
    rev[m.at("id")] = m.at("rev");
    ASSERT_EQ(m.at("patch").at("prefs").size(), 1u);
  }
  EXPECT_GT(client.most_in_a_frame(), 1u) << "messages that wait together travel together";
  EXPECT_TRUE(eventually([&] { return s.counted("pushed") == 5000 && s.counted("diffs_sent") == 5000; }));
  EXPECT_LT(s.slowest_push_s(), 20);
}

TEST(websocket, subscriptions_end_with_their_connection) {
  served s;
  s.port->set("/customer/1", "prefs", 1);
  {
    auto client = s.ws();
    for (int i = 0; i < 50; ++i) client.send(sub(i, "/customer/1"));
    for (int i = 0; i < 50; ++i) client.next();
    EXPECT_EQ(s.port->subscribers(), 50u);
  }
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == 0 && s.server->connections() == 0; }));
  EXPECT_EQ(s.server->subscriptions(), 0u);
}

TEST(websocket, one_subscription_above_the_bound_is_done_by_limit) {
  served s([](web::options& o) { o.subscriptions_max = 3; });
  auto client = s.ws();
  for (int i = 0; i < 3; ++i) {
    client.send(sub(i, "/customer/" + std::to_string(i)));
    EXPECT_EQ(client.next().at("op"), "snap");
  }
  client.send(sub(7, "/customer/7"));
  EXPECT_EQ(client.next().dump(), R"({"op":"done","id":7,"reason":"limit"})");
  client.send(R"({"op":"unsub","id":0})");
  EXPECT_EQ(client.next().at("op"), "done");
  client.send(sub(7, "/customer/7"));
  EXPECT_EQ(client.next().at("op"), "snap");
}

TEST(websocket, what_the_runtime_ends_is_done_and_its_id_is_free) {
  served s;
  auto client = s.ws();
  client.send(sub(1, "/customer/1"));
  client.next();
  s.port->end_all("error");
  EXPECT_EQ(client.next().dump(), R"({"op":"done","id":1,"reason":"error"})");
  EXPECT_TRUE(eventually([&] { return s.server->subscriptions() == 0; }));
  client.send(sub(1, "/customer/1"));
  EXPECT_EQ(client.next().at("op"), "snap");
}

TEST(websocket, close_code_arrives_while_the_peer_still_sends) {
  served s;
  auto client = s.ws();
  client.send_frame(2, std::string(1'000'000, 'x'));
  for (int i = 0; i < 200; ++i) client.send_frame(2, std::string(1000, 'x'));
  EXPECT_EQ(client.close_code(), 1009u);
}

TEST(websocket, peer_that_broke_the_protocol_and_stays_is_dropped) {
  served s([](web::options& o) {
    o.close_timeout = milliseconds{100};
    o.ping_interval = milliseconds{1000};
  });
  auto client = s.ws();
  client.send_frame(3, "no such opcode");
  EXPECT_EQ(client.close_code(), 1002u);
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
  EXPECT_TRUE(eventually([&] { return s.counted("closed_protocol_error") == 1; }));
  EXPECT_EQ(s.counted("closed_lost"), 0u);
}

TEST(websocket, a_frame_over_its_bound_is_1009) {
  served s;
  auto client = s.ws();
  client.send(R"({"op":"ping","id":1,"pad":")" + std::string(60'000, 'x') + "\"}");
  EXPECT_EQ(client.next().at("op"), "pong");
  client.send(R"({"op":"ping","id":1,"pad":")" + std::string(70'000, 'x') + "\"}");
  EXPECT_EQ(client.close_code(), 1009u);
  EXPECT_TRUE(eventually([&] { return s.counted("closed_too_large") == 1; }));
}

TEST(websocket, fragments_make_one_message_and_are_bounded_together) {
  served s;
  auto client = s.ws();
  client.send_frame(1, R"({"op":"pi)", false);
  client.send_frame(0, R"(ng","id":1})", true);
  EXPECT_EQ(client.next().at("op"), "pong");
  client.send_frame(1, "{", false);
  for (int i = 0; i < 3; ++i) client.send_frame(0, std::string(30'000, ' '), false);
  EXPECT_EQ(client.close_code(), 1009u);
}

TEST(websocket, binary_frames_are_no_messages_of_the_json_protocol) {
  served s;
  auto client = s.ws();
  client.send_frame(2, R"({"op":"ping","id":1})");
  EXPECT_EQ(client.close_code(), 4400u);
  EXPECT_TRUE(eventually([&] { return s.counted("closed_bad_message") == 1; }));
}

const std::vector<std::string> as_cbor{"Sec-WebSocket-Protocol: mqtt, twinlane.v1.cbor, twinlane.v1.json"};

TEST(websocket, the_cbor_subprotocol_says_the_same_in_binary_frames) {
  served s;
  s.port->set("/customer/1", "profile", {{"name", "Zoë"}, {"sum", 1.5}, {"of", 18'446'744'073'709'551'615u}});
  auto client = s.ws(as_cbor), other = s.ws();
  EXPECT_NE(client.handshake().find("Sec-WebSocket-Protocol: twinlane.v1.cbor\r\n"), std::string::npos);
  const auto both = [&](std::string_view message) {
    for (auto* c : {&client, &other}) c->send(message);
  };
  const auto same = [&] {
    const auto said = client.next();
    EXPECT_EQ(said.dump(), other.next().dump());
    return said;
  };
  both(R"([{"op":"sub","id":1,"uri":"/customer/1"}])");
  EXPECT_EQ(same().at("lanes").at("profile").at("of"), 18'446'744'073'709'551'615u);
  s.port->set("/customer/1", "prefs", std::string(5'000, 'x'));
  EXPECT_EQ(same().at("rev"), 2);
  s.port->emit("/customer/1", "alerts", {{"n", 1}});
  EXPECT_EQ(same().at("dropped"), 0);
  both(R"({"op":"query","id":2,"uri":"/customer/1","lane":"profile"})");
  EXPECT_EQ(same().at("op"), "row");
  EXPECT_EQ(same().at("op"), "done");
  both(R"({"op":"cmd","id":3,"uri":"/customer/1","lane":"issue_voucher","value":{"amount":-1}})");
  EXPECT_EQ(same().at("code"), "bad_value");
  both(R"({"op":"unsub","id":1})");
  EXPECT_EQ(same().at("reason"), "unsubscribed");
}

TEST(websocket, several_messages_in_a_binary_frame_are_one_array) {
  served s;
  auto client = s.ws(as_cbor);
  client.send(R"([{"op":"ping","id":1},{"op":"ping","id":2},{"op":"ping","id":3}])");
  for (int id = 1; id <= 3; ++id) EXPECT_EQ(client.next().at("id"), id);
  EXPECT_GT(client.most_in_a_frame(), 1u);
}

TEST(websocket, frames_of_the_other_format_are_no_messages) {
  served s;
  auto client = s.ws(as_cbor);
  client.send_frame(1, R"({"op":"ping","id":1})");
  EXPECT_EQ(client.close_code(), 4400u);
  auto other = s.ws(as_cbor);
  other.send_frame(2, R"({"op":"ping","id":1})");
  EXPECT_EQ(other.close_code(), 4400u);
}

TEST(websocket, text_that_is_not_utf8_is_1007) {
  served s;
  auto client = s.ws();
  client.send("{\"op\":\"ping\",\"id\":1,\"x\":\"\xff\"}");
  EXPECT_EQ(client.close_code(), 1007u);
}

TEST(websocket, more_messages_than_the_rate_allows_is_4429) {
  served s([](web::options& o) {
    o.inbound_messages_per_s = 50;
    o.subscriptions_max = 100;
  });
  auto client = s.ws();
  for (int i = 0; i < 140; ++i) client.send(R"({"op":"ping","id":1})");
  for (int i = 0; i < 140; ++i) EXPECT_EQ(client.next().at("op"), "pong");
  json many = json::array();
  for (int i = 0; i < 200; ++i) many.push_back({{"op", "ping"}, {"id", i}});
  client.send(many.dump());
  EXPECT_EQ(client.close_code(), 4429u);
  EXPECT_EQ(s.counted("closed_rate"), 1u);
}

TEST(websocket, a_silent_client_is_pinged_and_dropped_when_it_never_answers) {
  served s([](web::options& o) {
    o.ping_interval = milliseconds{100};
    o.slow_timeout = milliseconds{100};
  });
  auto client = s.ws();
  const auto f = client.frame();
  EXPECT_EQ(f.opcode, 9u);
  client.send_frame(10, f.payload);
  EXPECT_EQ(client.frame().opcode, 9u);
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
  EXPECT_EQ(s.counted("closed_lost"), 1u);
}

TEST(websocket, pings_of_the_client_are_answered) {
  served s;
  auto client = s.ws();
  client.send_frame(9, "are you there");
  const auto f = client.frame();
  EXPECT_EQ(f.opcode, 10u);
  EXPECT_EQ(f.payload, "are you there");
}

TEST(websocket, a_close_is_answered_with_its_code) {
  served s;
  auto client = s.ws();
  client.send_frame(8, std::string("\x03\xe8", 2));
  EXPECT_EQ(client.close_code(), 1000u);
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
}

TEST(websocket, commands_that_wait_are_bounded_and_all_answered) {
  served s;
  s.port->set("/customer/1", "prefs", 1);
  auto client = s.ws();
  s.port->hold_answers();
  json all = json::array();
  for (int i = 0; i < 600; ++i)
    all.push_back(
        {{"op", "cmd"}, {"id", i}, {"uri", "/customer/1"}, {"lane", "issue_voucher"}, {"value", {{"amount", i % 9}}}});
  client.send(all.dump());
  s.port->release_answers();
  std::set<std::uint64_t> ids;
  for (int i = 0; i < 600; ++i) {
    const auto m = client.next();
    EXPECT_EQ(m.at("op"), "ok");
    ids.insert(m.at("id").get<std::uint64_t>());
  }
  EXPECT_EQ(ids.size(), 600u);
}

}  // namespace
}  // namespace twinlane::testing
