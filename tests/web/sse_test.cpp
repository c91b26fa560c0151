#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using std::chrono::milliseconds;

class stream {
 public:
  stream(const served& s, const std::string& target, const std::string& more = {}) : wire_(s.server->port()) {
    wire_.send("GET " + target + " HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n" + more + "\r\n");
    head = wire_.read_until("\r\n\r\n");
  }
  std::string event() { return wire_.read_until("\n\n"); }
  wire& socket() { return wire_; }
  std::string head;

 private:
  wire wire_;
};

TEST(sse, a_stream_is_a_snapshot_and_then_diffs) {
  served s;
  s.port->set("/customer/42", "profile", {{"name", "Ann"}});
  stream t(s, "/customer/42");
  EXPECT_EQ(t.head.substr(9, 3), "200");
  EXPECT_NE(t.head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_EQ(
      t.event(),
      "event: snap\nid: l1:1\ndata: {\"op\":\"snap\",\"id\":0,\"uri\":\"/customer/42\",\"lineage\":\"l1\",\"rev\":1,"
      "\"exists\":true,\"resumed\":false,\"lanes\":{\"profile\":{\"name\":\"Ann\"}}}\n\n");
  s.port->set("/customer/42", "profile", {{"name", "Anna\n\n"}});
  EXPECT_EQ(t.event(),
            "event: diff\nid: l1:2\ndata: "
            "{\"op\":\"diff\",\"id\":0,\"from\":1,\"rev\":2,\"patch\":{\"profile\":{\"name\":\"Anna\\n\\n\"}}}\n\n");
  s.port->announce("/customer/42", "passivated", "idle");
  EXPECT_EQ(t.event(),
            "event: life\ndata: "
            "{\"op\":\"life\",\"id\":0,\"event\":\"passivated\",\"at\":1763700000000,\"cause\":\"idle\"}\n\n");
  s.port->erase("/customer/42");
  EXPECT_EQ(t.event().substr(0, 11), "event: snap");
  EXPECT_TRUE(eventually([&] { return s.counted("pushed") == 1 && s.counted("diffs_snapshot") == 2; }));
}

TEST(sse, fields_choose_lanes) {
  served s;
  s.port->set("/customer/42", "profile", 1);
  s.port->set("/customer/42", "prefs", 2);
  EXPECT_NE(stream(s, "/customer/42?fields=prefs").event().find("\"lanes\":{\"prefs\":2}"), std::string::npos);
  expect_problem(s.get("/customer/42?fields=nolane", {"Accept: text/event-stream"}), 404, "no_such_lane");
  expect_problem(s.get("/nowhere/42", {"Accept: text/event-stream"}), 404, "no_such_route");
}

TEST(sse, fields_choose_paths_and_what_does_not_concern_them_is_not_sent) {
  served s;
  s.port->set("/customer/42", "profile", {{"name", "Ann"}, {"tier", "gold"}});
  stream t(s, "/customer/42?fields=profile.name");
  EXPECT_NE(t.event().find("\"lanes\":{\"profile\":{\"name\":\"Ann\"}}"), std::string::npos);
  s.port->set("/customer/42", "profile", {{"name", "Ann"}, {"tier", "none"}});
  s.port->set("/customer/42", "profile", {{"name", "Bob"}, {"tier", "none"}});
  EXPECT_NE(t.event().find("\"from\":1,\"rev\":3,\"patch\":{\"profile\":{\"name\":\"Bob\"}}"), std::string::npos);
}

TEST(sse, the_last_event_id_resumes) {
  served s;
  s.port->set("/customer/42", "prefs", 1);
  s.port->set("/customer/42", "prefs", 2);
  s.port->set("/customer/42", "profile", 3);
  stream t(s, "/customer/42", "Last-Event-ID: l1:1\r\n");
  EXPECT_EQ(t.event(),
            "event: snap\nid: l1:1\ndata: {\"op\":\"snap\",\"id\":0,\"uri\":\"/customer/42\",\"lineage\":\"l1\","
            "\"rev\":1,\"exists\":true,\"resumed\":true}\n\n");
  EXPECT_EQ(t.event(),
            "event: diff\nid: l1:3\ndata: "
            "{\"op\":\"diff\",\"id\":0,\"from\":1,\"rev\":3,\"patch\":{\"prefs\":2,\"profile\":3}}\n\n");
  EXPECT_TRUE(eventually([&] { return s.counted("diffs_merged") == 1; }));
  EXPECT_EQ(s.counted("diffs_snapshot"), 0u) << "no state was sent";
}

TEST(sse, an_id_of_another_life_or_of_nobody_is_answered_with_the_state) {
  served s;
  s.port->set("/customer/42", "prefs", 1);
  for (const char* id : {"l0:1", "l1:7", "l1", ":1", "l1:", "l1:x", "nonsense", "l1:99999999999999999999999"}) {
    stream t(s, "/customer/42", std::string("Last-Event-ID: ") + id + "\r\n");
    EXPECT_NE(t.event().find("\"resumed\":false,\"lanes\":{\"prefs\":1}"), std::string::npos) << id;
  }
}

TEST(sse, a_rate_merges_what_comes_faster) {
  served s;
  s.port->set("/customer/42", "prefs", 0);
  stream t(s, "/customer/42?max_rate=20");
  t.event();
  const auto start = std::chrono::steady_clock::now();
  for (int n = 1; n <= 50; ++n) s.port->set("/customer/42", "prefs", n);
  int diffs = 0;
  for (std::uint64_t rev = 1; rev < 51; ++diffs) {
    const auto event = t.event();
    const auto m = nlohmann::json::parse(event.substr(event.find("data: ") + 6));
    ASSERT_EQ(m.at("from"), rev);
    rev = m.at("rev");
    EXPECT_EQ(m.at("patch").at("prefs"), rev - 1);
  }
  EXPECT_LT(diffs, 50);
  EXPECT_GE(std::chrono::steady_clock::now() - start, milliseconds{50} * (diffs - 1));
  for (const char* rate : {"0", "-1", "x", "", "1x", "nan", "inf"})
    expect_problem(s.get(std::string("/customer/42?max_rate=") + rate, {"Accept: text/event-stream"}), 400,
                   "bad_request");
}

TEST(sse, it_waits_for_an_entity_that_does_not_exist) {
  served s;
  stream t(s, "/customer/43");
  EXPECT_NE(t.event().find("\"exists\":false"), std::string::npos);
  s.port->set("/customer/43", "prefs", 1);
  EXPECT_NE(t.event().find("\"exists\":true"), std::string::npos);
}

TEST(sse, silence_is_broken_by_comments) {
  served s([](web::options& o) { o.ping_interval = milliseconds{60}; });
  stream t(s, "/customer/42");
  t.event();
  EXPECT_EQ(t.event(), ": still here\n\n");
  EXPECT_EQ(t.event(), ": still here\n\n");
}

TEST(sse, the_subscription_ends_with_the_connection) {
  served s;
  {
    stream t(s, "/customer/42");
    t.event();
    EXPECT_EQ(s.port->subscribers(), 1u);
  }
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == 0 && s.server->connections() == 0; }));
  EXPECT_EQ(s.server->subscriptions(), 0u);
}

TEST(sse, what_the_runtime_ends_is_said_and_closed) {
  served s;
  stream t(s, "/customer/42");
  t.event();
  s.port->end_all("error");
  EXPECT_EQ(t.event(), "event: done\ndata: {\"op\":\"done\",\"id\":0,\"reason\":\"error\"}\n\n");
  EXPECT_EQ(t.socket().read_all(), "");
}

TEST(sse, a_listed_origin_may_listen) {
  served s([](web::options& o) { o.origins = {"https://app.example"}; });
  stream t(s, "/customer/42", "Origin: https://app.example\r\n");
  EXPECT_NE(t.head.find("Access-Control-Allow-Origin: https://app.example\r\n"), std::string::npos);
}

}  // namespace
}  // namespace twinlane::testing
