#include <web/served.hpp>

#include <twinlane/web/origin_policy.hpp>

namespace twinlane::testing {
namespace {

web::request made(const std::string& method, const std::string& host, const std::string& origin = {}) {
  web::request r;
  r.method = method;
  r.host = host;
  if (!origin.empty()) r.origin = origin;
  return r;
}

TEST(origins, pages_of_the_server_itself_may_write) {
  const web::origin_policy p({}, true);
  EXPECT_FALSE(p.verdict(made("POST", "127.0.0.1:8080", "http://127.0.0.1:8080"), false));
  EXPECT_FALSE(p.verdict(made("POST", "localhost:8080", "http://LOCALHOST:8080"), false));
  EXPECT_FALSE(p.verdict(made("GET", "[::1]:8080", "http://[::1]:8080"), true));
  EXPECT_FALSE(p.verdict(made("POST", "127.0.0.1:8080"), false));
}

TEST(origins, other_pages_may_read_nothing_and_write_nothing) {
  const web::origin_policy p({}, true);
  EXPECT_TRUE(p.verdict(made("POST", "127.0.0.1:8080", "http://evil.example"), false));
  EXPECT_TRUE(p.verdict(made("OPTIONS", "127.0.0.1:8080", "http://evil.example"), false));
  EXPECT_TRUE(p.verdict(made("GET", "127.0.0.1:8080", "http://evil.example"), true));
  EXPECT_TRUE(p.verdict(made("GET", "127.0.0.1:8080", "null"), true));
  EXPECT_TRUE(p.verdict(made("GET", "127.0.0.1:8080", "http://127.0.0.1:9090"), true));
  EXPECT_TRUE(p.verdict(made("GET", "127.0.0.1:8080", "https://127.0.0.1:8080"), true));
  EXPECT_FALSE(p.verdict(made("GET", "127.0.0.1:8080", "http://evil.example"), false)) << "without CORS headers";
}

TEST(origins, a_name_pointed_at_loopback_is_not_the_servers_own) {
  const web::origin_policy p({}, true);
  EXPECT_TRUE(p.verdict(made("GET", "evil.example:8080"), false));
  EXPECT_TRUE(p.verdict(made("POST", "evil.example:8080", "http://evil.example:8080"), false));
  EXPECT_TRUE(p.verdict(made("GET", "evil:8080", "http://evil:8080"), true));
  const web::origin_policy open({}, false);
  EXPECT_FALSE(open.verdict(made("POST", "live.example:8080", "http://live.example:8080"), false));
}

TEST(origins, a_name_that_only_looks_like_a_loopback_address_is_not_the_servers_own) {
  const web::origin_policy p({}, true);
  for (const std::string host :
       {"127.0.0.1.evil.com:8080", "127.0.0.evil:8080", "127.0.0.1.1:8080", "127.0.0:8080", "127.0.0.256:8080",
        "127.0.0.1..:8080", "127.0.0.0x1:8080", "1127.0.0.1:8080", "128.0.0.1:8080", "127.0.0.1:evil.com",
        "[::1].evil.com:8080", "evil.localhost.com:8080", "localhost.evil.com"}) {
    EXPECT_TRUE(p.verdict(made("GET", host), false)) << host;
    EXPECT_TRUE(p.verdict(made("POST", host, "http://" + host), false)) << host;
    EXPECT_TRUE(p.verdict(made("GET", host, "http://" + host), true)) << host;
  }
  for (const std::string host : {"127.0.0.1", "127.0.0.1:8080", "127.255.3.4:8080", "127.0.0.1.:8080", "[::1]",
                                 "[::1]:8080", "LocalHost:8080", "localhost.:8080", "app.LOCALHOST:8080"}) {
    EXPECT_FALSE(p.verdict(made("POST", host, "http://" + host), false)) << host;
    EXPECT_FALSE(p.verdict(made("GET", host, "http://" + host), true)) << host;
  }
}

TEST(origins, listed_origins_may_do_what_own_pages_may) {
  const web::origin_policy p({"https://app.example/"}, true);
  EXPECT_FALSE(p.verdict(made("POST", "127.0.0.1:8080", "https://app.example"), false));
  EXPECT_FALSE(p.verdict(made("GET", "app.example"), false));
  EXPECT_TRUE(p.verdict(made("POST", "127.0.0.1:8080", "https://app.example.evil"), false));
  EXPECT_TRUE(p.verdict(made("POST", "127.0.0.1:8080", "http://app.example"), false));
}

TEST(origins, the_server_refuses_with_403_and_tells_listed_pages_so) {
  served s([](web::options& o) { o.origins = {"https://app.example"}; });
  s.port->set("/customer/42", "prefs", 1);
  expect_problem(s.ask("DELETE", "/customer/42", {"Origin: https://evil.example"}), 403, "forbidden");
  expect_problem(s.ask("GET", "/ws",
                       {"Origin: https://evil.example", "Upgrade: websocket", "Connection: Upgrade",
                        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"}),
                 403, "forbidden");
  EXPECT_EQ(s.counted("forbidden_origin"), 2u);
  const auto foreign = s.get("/customer/42", {"Origin: https://evil.example"});
  EXPECT_FALSE(foreign.headers.contains("access-control-allow-origin"));
  const auto listed = s.get("/customer/42", {"Origin: https://app.example"});
  EXPECT_EQ(listed.headers.at("access-control-allow-origin"), "https://app.example");
  const auto flight =
      s.ask("OPTIONS", "/customer/42/prefs", {"Origin: https://app.example", "Access-Control-Request-Method: PUT"});
  EXPECT_EQ(flight.status, 204);
  EXPECT_NE(flight.headers.at("access-control-allow-methods").find("PUT"), std::string::npos);
  ws_client client = s.ws({"Origin: https://app.example"});
  client.send(R"({"op":"ping","id":1})");
  EXPECT_EQ(client.next().at("op"), "pong");
  EXPECT_EQ(s.ask("DELETE", "/customer/42", {"Origin: http://127.0.0.1:" + std::to_string(s.server->port())}).status,
            204);
}

}  // namespace
}  // namespace twinlane::testing
