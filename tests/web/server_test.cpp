#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string why_not(web::options o) {
  web::server s(std::move(o), std::make_shared<fake_port>());
  try {
    s.start();
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

TEST(server, refuses_to_listen_beyond_loopback_unless_told_to) {
  web::options o;
  o.port = 0;
  o.host = "0.0.0.0";
  EXPECT_NE(why_not(o).find("insecure: true"), std::string::npos);
  o.insecure = true;
  EXPECT_EQ(why_not(o), "");
  o.insecure = false;
  for (const char* host : {"127.0.0.1", "127.0.0.5", "localhost"}) {
    o.host = host;
    EXPECT_EQ(why_not(o), "") << host;
  }
}

TEST(server, says_which_address_it_cannot_have) {
  served first;
  web::options o;
  o.port = first.server->port();
  const auto why = why_not(o);
  EXPECT_NE(why.find("127.0.0.1:" + std::to_string(o.port)), std::string::npos) << why;
  o.host = "no.such.host.invalid";
  EXPECT_NE(why_not(o).find("does not resolve"), std::string::npos);
}

TEST(server, stop_says_going_away_to_every_websocket_within_the_deadline) {
  served s;
  s.port->set("/customer/1", "prefs", 1);
  std::vector<ws_client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(s.ws());
    clients.back().send(R"({"op":"sub","id":1,"uri":"/customer/1"})");
    clients.back().next();
  }
  std::atomic<bool> over{false};
  const auto begin = std::chrono::steady_clock::now();
  std::thread stopper([&] {
    s.server->stop(seconds{5});
    over = true;
  });
  for (; !clients.empty(); clients.pop_back()) {
    EXPECT_EQ(clients.back().close_code(), 1001u);
    clients.back().send_frame(8, std::string("\x03\xe9", 2));
  }
  stopper.join();
  EXPECT_TRUE(over);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, seconds{5});
  EXPECT_EQ(s.server->connections(), 0u);
  EXPECT_TRUE(eventually([&] { return s.port->subscribers() == 0; }));
}

TEST(server, stop_is_over_at_its_deadline_whatever_clients_do) {
  served s([](web::options& o) { o.close_timeout = seconds{60}; });
  s.port->set("/customer/1", "prefs", std::string(5'000'000, 'x'));
  ws_client stuck(s.server->port(), {}, 8 * 1024);
  stuck.send(R"({"op":"sub","id":1,"uri":"/customer/1"})");
  auto mute = s.ws();
  wire half(s.server->port());
  half.send("GET /heal");
  EXPECT_TRUE(eventually([&] { return s.server->outbound_bytes() > 0; }));
  const auto begin = std::chrono::steady_clock::now();
  s.server->stop(milliseconds{300});
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, milliseconds{250});
  EXPECT_LT(took, seconds{3});
  EXPECT_EQ(s.server->connections(), 0u);
}

TEST(server, stop_lets_a_running_request_end) {
  served s;
  s.port->set("/customer/1", "prefs", 1);
  s.port->hold_answers();
  wire w(s.server->port());
  w.send("GET /customer/1 HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 1; }));
  wire idle(s.server->port());
  idle.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read_answer(idle).status, 200);
  std::thread stopper([&] { s.server->stop(seconds{10}); });
  EXPECT_EQ(idle.read_all(), "") << "the idle connection ends at once";
  s.port->release_answers();
  const auto a = read_answer(w);
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.headers.at("connection"), "close");
  EXPECT_EQ(w.read_all(), "");
  stopper.join();
  EXPECT_THROW(wire(s.server->port()), std::exception);
}

TEST(server, an_answer_that_comes_after_the_end_harms_nobody) {
  auto port = std::make_shared<fake_port>();
  port->set("/customer/1", "prefs", 1);
  port->hold_answers();
  {
    web::options o;
    o.port = 0;
    web::server server(o, port);
    server.start();
    wire w(server.port());
    w.send("GET /customer/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return server.connections() == 1; }));
    wire probe(server.port());
    probe.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(read_answer(probe).status, 200);
    server.stop(milliseconds{50});
  }
  port->release_answers();
  EXPECT_TRUE(eventually([&] { return port.use_count() == 1; })) << "the answer was the last to hold the server";
}

TEST(server, several_io_threads_serve_alike) {
  served s([](web::options& o) { o.threads = 3; });
  for (int i = 0; i < 8; ++i) s.port->set("/customer/" + std::to_string(i), "prefs", 0);
  std::vector<ws_client> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(s.ws());
    for (int k = 0; k < 8; ++k)
      clients.back().send(R"({"op":"sub","id":)" + std::to_string(k) + R"(,"uri":"/customer/)" + std::to_string(k) +
                          "\"}");
    for (int k = 0; k < 8; ++k) EXPECT_EQ(clients.back().next().at("op"), "snap");
  }
  std::thread writer([&] {
    for (int n = 1; n <= 200; ++n)
      for (int i = 0; i < 8; ++i) s.port->set("/customer/" + std::to_string(i), "prefs", n);
  });
  for (auto& c : clients) {
    std::map<int, int> rev;
    for (int n = 0; n < 1600; ++n) {
      const auto m = c.next();
      const int id = m.at("id");
      ASSERT_EQ(m.at("from"), rev.contains(id) ? rev[id] : 1);
      rev[id] = m.at("rev");
    }
  }
  writer.join();
}

}  // namespace
}  // namespace twinlane::testing
