#include <web/served.hpp>

#include <twinlane/web/http_client.hpp>
#include <web/certificate.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

/// A server that speaks TLS alone, and clients that trust its certificate.
struct secured {
  explicit secured(const std::function<void(web::options&)>& tune = {})
      : server([&](web::options& o) {
          o.tls = own.files();
          if (tune) tune(o);
        }) {}

  wire connect(int receive_bytes = 0) const {
    wire w(server.server->port(), receive_bytes);
    w.start_tls(own.cert());
    return w;
  }
  http_answer get(const std::string& target) const {
    auto w = connect();
    w.send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return read_answer(w);
  }
  ws_client ws(const std::vector<std::string>& headers = {}) const { return {connect(), headers}; }
  /// Why a handshake fails; empty when it does not.
  std::string refusal(std::string_view protocols, int version_max) const {
    try {
      wire(server.server->port()).start_tls(own.cert(), protocols, version_max);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return {};
  }

  certificate own;
  served server;
};

TEST(tls, requests_are_answered_on_one_connection_after_another) {
  secured s;
  s.server.port->set("/customer/42", "prefs", {{"n", 1}});
  auto w = s.connect();
  for (int i = 0; i < 3; ++i) {
    w.send("GET /customer/42 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    EXPECT_EQ(read_answer(w).json().at("lanes").at("prefs").at("n"), 1);
    EXPECT_EQ(read_answer(w).status, 200);
  }
}

TEST(tls, beyond_loopback_needs_both_tls_and_access_rules) {
  const certificate own;
  const auto starts = [&](bool tls, bool access) {
    web::options o;
    o.port = 0;
    o.host = "0.0.0.0";
    if (tls) o.tls = own.files();
    if (access) o.access.emplace();
    try {
      web::server(std::move(o), std::make_shared<fake_port>()).start();
    } catch (const std::runtime_error&) {
      return false;
    }
    return true;
  };
  EXPECT_FALSE(starts(false, true));
  EXPECT_FALSE(starts(true, false));
  EXPECT_TRUE(starts(true, true));
}

TEST(tls, a_body_of_many_records_arrives_whole_in_both_directions) {
  secured s;
  s.server.port->set("/customer/42", "prefs", 1);
  std::string text;
  for (int i = 0; text.size() < 900'000; ++i) text += std::to_string(i) + ' ';
  const auto body = json(text).dump();
  auto w = s.connect(4096);
  w.send("PUT /customer/42/prefs HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(w.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  w.send(body);
  EXPECT_EQ(read_answer(w).status, 200);
  w.send("GET /customer/42/prefs HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(read_answer(w).json().get<std::string>(), text);
}

TEST(tls, websockets_get_snapshots_and_diffs) {
  secured s;
  const std::string long_text(300'000, 'x');
  s.server.port->set("/customer/1", "prefs", {{"text", long_text}});
  auto client = s.ws();
  client.send(R"({"op":"sub","id":1,"uri":"/customer/1"})");
  EXPECT_EQ(client.next().at("lanes").at("prefs").at("text"), long_text);
  for (int i = 1; i <= 200; ++i) s.server.port->set("/customer/1", "prefs", {{"text", long_text}, {"n", i}});
  for (int i = 1; i <= 200; ++i) ASSERT_EQ(client.next().at("patch").at("prefs").at("n"), i);
  client.send_frame(9, "there?");
  EXPECT_EQ(client.frame().opcode, 10u);
  client.send_frame(8, std::string("\x03\xe8", 2));
  EXPECT_EQ(client.close_code(), 1000u);
  EXPECT_TRUE(eventually([&] { return s.server.server->connections() == 0; }));
}

TEST(tls, event_streams_go_on_until_the_server_stops) {
  secured s;
  s.server.port->set("/customer/1", "prefs", 1);
  auto w = s.connect();
  w.send("GET /customer/1 HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
  EXPECT_NE(w.read_until("event: snap"), "");
  s.server.port->set("/customer/1", "prefs", 2);
  EXPECT_NE(w.read_until("event: diff"), "");
  auto client = s.ws();
  s.server.server->stop(std::chrono::seconds{5});
  EXPECT_EQ(client.close_code(), 1001u);
  w.read_all();
}

TEST(tls, what_does_not_speak_it_is_closed_and_counted) {
  secured s;
  EXPECT_EQ(s.server.raw("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), "");
  EXPECT_EQ(s.server.counted("tls_handshake"), 1u);
  // A record of another protocol gets an alert, and no more.
  EXPECT_LT(s.server.raw(std::string("\x16\x03\x01\x00\x05hello", 10)).size(), 16u);
  EXPECT_LT(s.server.raw(std::string(1000, '\xff')).size(), 16u);
  EXPECT_EQ(s.server.counted("tls_handshake"), 3u);
  EXPECT_EQ(s.get("/healthz").status, 200);
}

TEST(tls, a_handshake_that_does_not_come_in_time_is_closed_and_counted) {
  secured s([](web::options& o) { o.header_timeout = milliseconds{100}; });
  EXPECT_EQ(s.server.raw(""), "");
  EXPECT_EQ(s.server.raw(std::string("\x16\x03\x01\x02", 4)), "");
  EXPECT_EQ(s.server.counted("tls_handshake"), 2u);
  EXPECT_TRUE(eventually([&] { return s.server.server->connections() == 0; }));
}

TEST(tls, clients_that_leave_in_the_middle_leave_nothing_behind) {
  secured s;
  for (int i = 0; i < 20; ++i) {
    wire(s.server.server->port()).send(std::string("\x16\x03\x01", 3));
    s.connect().send("GET /customer/42 HTTP/1.1\r\nHo");
    s.ws().send_frame(1, "{", false);
  }
  EXPECT_TRUE(eventually([&] { return s.server.server->connections() == 0; }));
}

TEST(tls, versions_before_1_2_and_other_protocols_are_refused) {
  secured s;
  EXPECT_EQ(s.refusal("\x08http/1.1", 0x0303), "") << "TLS 1.2";
  EXPECT_EQ(s.refusal("", 0), "") << "no ALPN";
  EXPECT_EQ(s.refusal("\x02h2\x08http/1.1", 0), "");
  EXPECT_NE(s.refusal("\x08http/1.1", 0x0302), "") << "TLS 1.1";
  EXPECT_NE(s.refusal("\x02h2", 0), "") << "HTTP/2 alone";
}

TEST(tls, its_own_origin_is_https) {
  secured s;
  EXPECT_NO_THROW(s.ws({"Origin: https://127.0.0.1"}));
  EXPECT_THROW(s.ws({"Origin: http://127.0.0.1"}), std::runtime_error);
}

TEST(tls, a_changed_certificate_is_taken_for_new_connections) {
  secured s;
  auto before = s.ws();
  const certificate other;
  const auto other_text = other.cert() + ".copy";
  std::filesystem::copy_file(other.cert(), other_text);
  s.own.replace(other);
  EXPECT_TRUE(eventually([&] {
    try {
      wire(s.server.server->port()).start_tls(other_text);
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }));
  before.send(R"({"op":"ping","id":1})");
  EXPECT_EQ(before.next().at("op"), "pong");
}

TEST(tls, files_that_became_wrong_leave_the_former_certificate_in_use) {
  secured s;
  const auto trusted = s.own.cert() + ".copy";
  std::filesystem::copy_file(s.own.cert(), trusted);
  write_file(s.own.cert(), "no certificate");
  EXPECT_TRUE(eventually([&] { return s.server.counted("tls_reload") > 0; }));
  wire w(s.server.server->port());
  EXPECT_NO_THROW(w.start_tls(trusted));
}

TEST(tls, files_that_cannot_be_used_are_named_with_the_reason) {
  const certificate one, other;
  EXPECT_FALSE(web::problem_of(one.files()));
  EXPECT_EQ(web::problem_of({"/nowhere/cert", one.files().key}),
            "tls.cert: '/nowhere/cert' cannot be used: No such file or directory. Name a PEM file with the server's "
            "certificate, and then those of its issuers.");
  EXPECT_EQ(web::problem_of({one.cert(), other.files().key}),
            "tls.key: '" + other.files().key +
                "' cannot be used: key values mismatch. Name a PEM file with the certificate's own private key, "
                "without a passphrase.");
  write_file(other.files().key, "no key");
  const auto wrong = web::problem_of({one.cert(), other.files().key});
  ASSERT_TRUE(wrong);
  EXPECT_TRUE(wrong->starts_with("tls.key: ")) << *wrong;
  EXPECT_THROW(served([&](web::options& o) { o.tls = {one.cert(), other.files().key}; }), std::runtime_error);
}

TEST(tls, tools_ask_a_server_whose_certificate_they_can_verify) {
  secured s([](web::options& o) {
    o.host = "0.0.0.0";
    o.insecure = true;
  });
  const auto port = std::to_string(s.server.server->port());
  EXPECT_EQ(web::ask_server("https://localhost:" + port, "GET", "/healthz", s.own.cert()).status, 200);
  EXPECT_EQ(web::ask_server("https://127.0.0.1:" + port, "GET", "/healthz", s.own.cert()).status, 200);
  EXPECT_THROW(web::ask_server("https://localhost:" + port, "GET", "/healthz"), std::runtime_error) << "not trusted";
  EXPECT_THROW(web::ask_server("https://127.0.0.2:" + port, "GET", "/healthz", s.own.cert()), std::runtime_error)
      << "not in the certificate";
  EXPECT_THROW(web::ask_server("http://localhost:" + port, "GET", "/healthz"), std::runtime_error);
}

}  // namespace
}  // namespace twinlane::testing
