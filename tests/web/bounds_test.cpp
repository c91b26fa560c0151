#include <web/served.hpp>

#include <poll.h>

namespace twinlane::testing {
namespace {

using std::chrono::milliseconds;

http_answer answer_in(const std::string& text) {
  http_answer a;
  a.status = text.size() > 12 ? std::stoi(text.substr(9, 3)) : 0;
  if (const auto at = text.find("\r\n\r\n"); at != std::string::npos) a.body = text.substr(at + 4);
  return a;
}

TEST(http_bounds, a_header_over_its_bound_is_431) {
  served s([](web::options& o) { o.header_bytes_max = 4096; });
  const auto a = answer_in(s.raw("GET /healthz HTTP/1.1\r\nHost: x\r\nX-Long: " + std::string(8000, 'a') + "\r\n\r\n"));
  EXPECT_EQ(a.status, 431);
  EXPECT_EQ(a.json().at("code"), "too_large");
  EXPECT_EQ(answer_in(s.raw("GET /" + std::string(8000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n")).status, 431);
  EXPECT_EQ(s.counted("too_large"), 2u);
}

TEST(http_bounds, a_header_without_end_is_refused_and_not_collected) {
  served s;
  wire w(s.server->port());
  w.send("GET /healthz HTTP/1.1\r\nHost: x\r\n");
  const std::string line = "X-More: " + std::string(1000, 'a') + "\r\n";
  for (int i = 0; i < 64 && w.try_send(line); ++i) {}
  EXPECT_EQ(answer_in(w.read_all()).status, 431);
}

TEST(http_bounds, a_body_over_its_bound_is_413_by_its_length_alone) {
  served s;
  wire w(s.server->port());
  w.send("POST /customer/42/issue_voucher HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n");
  const auto a = read_answer(w);
  expect_problem(a, 413, "too_large");
  EXPECT_EQ(a.headers.at("connection"), "close");
}

TEST(http_bounds, a_chunked_body_over_its_bound_is_413) {
  served s([](web::options& o) { o.body_bytes_max = 100'000; });
  wire w(s.server->port());
  w.send("POST /customer/42/issue_voucher HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "8000\r\n" + std::string(0x8000, ' ') + "\r\n";
  for (int i = 0; i < 8 && w.try_send(chunk); ++i) {}
  EXPECT_EQ(answer_in(w.read_all()).status, 413);
}

TEST(http_bounds, bodies_share_one_bound_over_all_connections) {
  served s([](web::options& o) {
    o.bodies_bytes_max = 3'000'000;
    o.ingest = [](auto, std::string body, auto, auto done) { done(web::ingest_result{body.size(), {}}); };
  });
  const std::string head = "POST /api/ingest/x HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n";
  std::optional<wire> first;
  wire second(s.server->port());
  // The one that comes later is refused; which of the two that is, is known only by who gets the 503.
  ASSERT_TRUE(eventually([&] {
    first.reset();
    if (s.server->connections() > 1) return false;  // those of the try before
    first.emplace(s.server->port()).send(head + std::string(1'999'000, 'x'));
    wire w(s.server->port());
    w.send(head + std::string(2'000'000, 'x'));
    return read_answer(w).status == 503;
  }));
  first->send(std::string(1000, 'x'));
  EXPECT_EQ(read_answer(*first).json().at("accepted"), 2'000'000);
  second.send(head + std::string(2'000'000, 'x'));
  EXPECT_EQ(read_answer(second).status, 200);
}

TEST(http_bounds, bodies_that_are_announced_and_do_not_come_keep_nobody_out) {
  served s([](web::options& o) {
    o.bodies_bytes_max = 3'000'000;
    o.ingest = [](auto, std::string body, auto, auto done) { done(web::ingest_result{body.size(), {}}); };
  });
  const std::string head = "POST /api/ingest/x HTTP/1.1\r\nHost: x\r\n";
  std::vector<wire> idle;
  for (const auto* length : {"Content-Length: 2000000\r\n\r\nx", "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"})
    for (int i = 0; i < 4; ++i) idle.emplace_back(s.server->port()).send(head + length);
  ASSERT_TRUE(eventually([&] { return s.server->connections() == 8; }));
  wire other(s.server->port());
  other.send(head + "Content-Length: 1000000\r\n\r\n" + std::string(1'000'000, 'x'));
  EXPECT_EQ(read_answer(other).json().at("accepted"), 1'000'000);
}

TEST(http_bounds, expect_100_is_answered_before_the_body) {
  served s;
  s.port->set("/customer/42", "prefs", 1);
  wire w(s.server->port());
  const std::string body = R"({"amount":3})";
  w.send("POST /customer/42/issue_voucher HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(w.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  w.send(body);
  EXPECT_EQ(read_answer(w).status, 200);
}

TEST(http_bounds, a_slow_header_is_408) {
  served s([](web::options& o) { o.header_timeout = milliseconds{150}; });
  wire w(s.server->port());
  w.send("GET /healthz HTTP/1.1\r\nHo");
  EXPECT_EQ(answer_in(w.read_all()).status, 408);
  EXPECT_EQ(s.counted("header_timeout"), 1u);
}

TEST(http_bounds, a_header_that_trickles_is_408_all_the_same) {
  served s([](web::options& o) { o.header_timeout = milliseconds{200}; });
  wire w(s.server->port());
  const auto begin = std::chrono::steady_clock::now();
  w.send("GET /healthz HTTP/1.1\r\nX: ");
  while (!w.closed_within(milliseconds{20}) && std::chrono::steady_clock::now() - begin < std::chrono::seconds{10}) {
    pollfd p{w.handle(), POLLIN, 0};
    if (::poll(&p, 1, 0) > 0 || !w.try_send("a")) break;
  }
  EXPECT_EQ(answer_in(w.read_all()).status, 408);
}

TEST(http_bounds, a_slow_body_is_408) {
  served s([](web::options& o) { o.body_timeout = milliseconds{150}; });
  wire w(s.server->port());
  w.send("POST /customer/42/issue_voucher HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{");
  EXPECT_EQ(answer_in(w.read_all()).status, 408);
  EXPECT_EQ(s.counted("body_timeout"), 1u);
}

TEST(http_bounds, a_trickling_body_is_408_whatever_length_was_announced) {
  served s([](web::options& o) { o.body_timeout = milliseconds{150}; });
  wire w(s.server->port());
  w.send("POST /api/ingest/x HTTP/1.1\r\nHost: x\r\nContent-Length: 60000000\r\n\r\nx");
  EXPECT_EQ(answer_in(w.read_all()).status, 408);
}

TEST(http_bounds, a_long_body_may_take_longer_while_it_keeps_up) {
  served s([](web::options& o) {
    o.body_timeout = milliseconds{150};
    o.ingest = [](auto, std::string body, auto, auto done) { done(web::ingest_result{body.size(), {}}); };
  });
  wire w(s.server->port());
  w.send("POST /api/ingest/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n" +
         std::string(1'000'000, 'x'));
  std::this_thread::sleep_for(milliseconds{400});  // beyond the bound of a short one
  w.send("\r\n0\r\n\r\n");
  EXPECT_EQ(read_answer(w).json().at("accepted"), 1'000'000);
}

TEST(http_bounds, a_silent_connection_is_closed_without_a_word) {
  served s([](web::options& o) { o.header_timeout = milliseconds{100}; });
  EXPECT_EQ(s.raw(""), "");
}

TEST(http_bounds, an_idle_connection_is_closed_after_its_time) {
  served s([](web::options& o) { o.idle_timeout = milliseconds{100}; });
  wire w(s.server->port());
  w.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(read_answer(w).status, 200);
  EXPECT_EQ(w.read_all(), "");
}

TEST(http_bounds, one_connection_too_many_is_503_and_one_less_makes_room) {
  served s([](web::options& o) { o.connections_max = 3; });
  std::vector<wire> open;
  for (int i = 0; i < 3; ++i) {
    open.emplace_back(s.server->port());
    open.back().send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_EQ(read_answer(open.back()).status, 200);
  }
  wire extra(s.server->port());
  expect_problem(read_answer(extra), 503, "not_ready");
  EXPECT_EQ(s.counted("connection_refused"), 1u);
  open.clear();
  EXPECT_TRUE(eventually([&] { return s.server->connections() <= 1; }));
  EXPECT_TRUE(eventually([&] { return s.get("/healthz").status == 200; }));
}

TEST(http_bounds, requests_in_a_row_are_answered_in_order) {
  served s;
  s.port->set("/customer/42", "prefs", 1);
  wire w(s.server->port());
  std::string all;
  for (int i = 0; i < 50; ++i) {
    all += "GET /customer/42/prefs HTTP/1.1\r\nHost: x\r\n\r\n";
    all += "PUT /customer/42/prefs HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n" + std::to_string(10 + i % 90);
  }
  w.send(all);
  std::string before = "1";
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(read_answer(w).body, before);
    EXPECT_EQ(read_answer(w).json().at("rev"), i + 2);
    before = std::to_string(10 + i % 90);
  }
}

TEST(http_bounds, what_could_be_read_in_two_ways_is_refused) {
  served s;
  const std::string post = "POST /customer/42/issue_voucher HTTP/1.1\r\nHost: x\r\n";
  const std::vector<std::string> bad{
      post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
      post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
      post + "Content-Length: 5, 6\r\n\r\nhello!",
      post + "Content-Length: -5\r\n\r\n",
      post + "Content-Length: +5\r\n\r\nhello",
      post + "Content-Length: 99999999999999999999\r\n\r\n",
      post + "Transfer-Encoding: gzip\r\n\r\n",
      post + "Transfer-Encoding: chunked, gzip\r\n\r\n",
      post + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}",
      post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      post + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
      post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
      post + "X: a\r\n folded\r\nHost: y\r\n\r\n",
      "GET /healthz HTTP/1.1\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
      "GET /healthz HTTP/1.1\nHost: x\n\n" + std::string("\r\n\r\n"),
      "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\nY: b\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + std::string("a\0b", 3) + "\r\n\r\n",
      "GET  /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /health z HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /healthz HTTP/2.0\r\nHost: x\r\n\r\n",
      "GET /healthz\r\n\r\n",
      "\x16\x03\x01\x02 what\r\n\r\n",
  };
  for (const auto& bytes : bad) {
    wire w(s.server->port());
    w.send(bytes);
    w.finish_sending();
    const auto text = w.read_all();
    EXPECT_EQ(answer_in(text).status, 400) << bytes << "\n" << text;
    EXPECT_EQ(text.find("HTTP/1.1 ", 1), std::string::npos) << "a second answer to: " << bytes;
  }
  EXPECT_EQ(s.get("/healthz").status, 200);
}

TEST(http_bounds, http_1_0_gets_one_answer) {
  served s;
  const auto text = s.raw("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_EQ(answer_in(text).status, 200);
  EXPECT_NE(text.find("Connection: close"), std::string::npos);
}

TEST(http_bounds, a_client_that_leaves_before_its_answer_leaves_nothing_behind) {
  served s;
  s.port->set("/customer/42", "prefs", 1);
  s.port->hold_answers();
  for (int i = 0; i < 20; ++i) wire(s.server->port()).send("GET /customer/42 HTTP/1.1\r\nHost: x\r\n\r\n");
  s.port->release_answers();
  EXPECT_TRUE(eventually([&] { return s.server->connections() == 0; }));
  EXPECT_EQ(s.get("/customer/42").status, 200);
}

}  // namespace
}  // namespace twinlane::testing
