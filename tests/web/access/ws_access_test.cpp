#include <gmock/gmock.h>

#include <web/access/guarded.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;

std::string auth(const std::string& token) { return json{{"op", "auth"}, {"token", token}}.dump(); }
std::string sub(int id, const std::string& uri) { return json{{"op", "sub"}, {"id", id}, {"uri", uri}}.dump(); }

void fill(guarded& s) {
  s->port->set("/customer/1", "profile", {{"name", "Ann"}, {"income", 90'000}});
  s->port->set("/customer/1", "prefs", {{"lang", "de"}});
}

std::string own_origin(guarded& s) { return "Origin: http://127.0.0.1:" + std::to_string(s->server->port()); }

json first_lanes(ws_client client) {
  client.send(sub(1, "/customer/1"));
  const json m = client.next();
  return m.value("op", "") == "snap" ? m.at("lanes") : m;
}

TEST(ws_access, a_token_comes_by_header_subprotocol_cookie_or_first_message) {
  guarded s;
  fill(s);
  const json seen{{"profile", {{"name", "Ann"}}}};
  const auto token = guarded::token("marketing");
  EXPECT_EQ(first_lanes(s->ws({"Authorization: Bearer " + token})), seen);
  for (const auto& text : {token, web::base64url(token)}) {
    auto client = s->ws({"Sec-WebSocket-Protocol: twinlane.v1.json, bearer." + text});
    EXPECT_EQ(client.handshake().find("bearer"), std::string::npos);
    EXPECT_EQ(client.handshake().find(token), std::string::npos);
    EXPECT_EQ(first_lanes(std::move(client)), seen);
  }
  EXPECT_EQ(first_lanes(s->ws({"Cookie: session=" + token, own_origin(s)})), seen);
  auto client = s->ws();
  client.send(auth(token));
  EXPECT_EQ(first_lanes(std::move(client)), seen);
}

TEST(ws_access, credentials_that_prove_nothing_end_with_4401) {
  guarded s;
  fill(s);
  const auto stranger = mint::rsa("r1");
  auto other_audience = guarded::claims("desk"), early = guarded::claims("desk");
  other_audience["aud"] = "billing";
  early["nbf"] = in_seconds(3'600);
  const std::string bad[] = {unsigned_token(guarded::claims("desk")),
                             stranger.token(guarded::claims("desk"), "RS256"),
                             mint::secret("r1", guarded::key().jwk().dump()).token(guarded::claims("desk"), "HS256"),
                             guarded::key().token(other_audience, "RS256"),
                             guarded::key().token(early, "RS256"),
                             guarded::token("desk", "ann", -1),
                             "nonsense"};
  for (const auto& token : bad) {
    auto first = s->ws();
    first.send("[" + auth(token) + "," + sub(1, "/customer/1") + "]");
    EXPECT_EQ(first.frame().close_code(), 4401u) << token;
    EXPECT_EQ(s->ws({"Authorization: Bearer " + token}).frame().close_code(), 4401u) << token;
    EXPECT_EQ(s->ws({"Sec-WebSocket-Protocol: bearer." + token}).frame().close_code(), 4401u) << token;
  }
}

TEST(ws_access, nothing_is_said_before_credentials) {
  guarded s([](web::options& o) { o.auth_timeout = std::chrono::milliseconds{300}; });
  fill(s);
  for (const auto& text : {sub(1, "/customer/1"), std::string(R"({"op":"ping","id":1})"),
                           "[" + sub(1, "/customer/1") + "," + auth(guarded::token("desk")) + "]"}) {
    auto client = s->ws();
    client.send(text);
    EXPECT_EQ(client.frame().close_code(), 4401u);
  }
  // Silence ends, too.
  EXPECT_EQ(s->ws().frame().close_code(), 4401u);
  // A cookie that any page may have made the browser send is as good as none.
  EXPECT_EQ(s->ws({"Cookie: session=" + guarded::token("desk")}).frame().close_code(), 4401u);
}

TEST(ws_access, a_token_that_ends_ends_the_connection) {
  guarded s;
  fill(s);
  auto client = s->ws({"Authorization: Bearer " + guarded::token("desk", "ann", 2)});
  client.send(sub(1, "/customer/1"));
  EXPECT_EQ(client.next().at("op"), "snap");
  EXPECT_EQ(client.close_code(), 4401u);
  EXPECT_EQ(s->counted("closed_unauthorized"), 1u);
}

TEST(ws_access, a_new_token_of_the_same_rights_goes_on_without_a_word) {
  guarded s;
  fill(s);
  auto client = s->ws({"Authorization: Bearer " + guarded::token("desk", "ann", 2)});
  client.send(sub(1, "/customer/1"));
  EXPECT_EQ(client.next().at("op"), "snap");
  client.send(auth(guarded::token("desk")));
  const auto over = in_seconds(3);
  ASSERT_TRUE(eventually([&] { return in_seconds(0) > over; }));
  s->port->set("/customer/1", "prefs", {{"lang", "fr"}});
  EXPECT_EQ(client.next().at("op"), "diff");
  client.send(R"({"op":"auth","id":7,"token":")" + guarded::token("desk") + R"("})");
  EXPECT_EQ(json(client.next()), json::parse(R"({"op":"ok","id":7,"rev":0,"result":null})"));
  client.send(auth("nonsense"));
  EXPECT_EQ(client.close_code(), 4401u);
}

TEST(ws_access, a_token_of_other_rights_makes_subscriptions_anew_or_ends_them) {
  guarded s;
  fill(s);
  s->port->set("/customer/2", "prefs", {{"lang", "it"}});
  auto client = s->ws({guarded::bearer("desk")});
  client.send(sub(1, "/customer/1"));
  EXPECT_EQ(client.next().at("lanes").size(), 2u);
  client.send(R"({"op":"sub","id":2,"uri":"/customer/1","lanes":["prefs"]})");
  EXPECT_EQ(client.next().at("id"), 2);
  client.send(auth(guarded::token("marketing")));
  std::map<int, json> told;
  for (int i = 0; i < 2; ++i) {
    const json m = client.next();
    told[m.at("id").get<int>()] = m;
  }
  EXPECT_EQ(told[1].at("op"), "snap");
  EXPECT_EQ(told[1].at("lanes"), (json{{"profile", {{"name", "Ann"}}}}));
  EXPECT_EQ(told[2], (json{{"op", "done"}, {"id", 2}, {"reason", "forbidden"}}));
  s->port->set("/customer/1", "prefs", {{"lang", "fr"}});
  s->port->set("/customer/1", "profile", {{"name", "Eve"}, {"income", 1}});
  EXPECT_EQ(json(client.next()).at("patch"), (json{{"profile", {{"name", "Eve"}}}}));
  // What was asked for first counts again with more rights.
  client.send(auth(guarded::token("desk")));
  EXPECT_EQ(client.next().at("lanes").size(), 2u);
}

TEST(ws_access, a_query_whose_rights_change_ends) {
  guarded s;
  fill(s);
  s->port->set_entry("/customer/1", "orders", "1", {{"item", "tea"}});
  auto client = s->ws({guarded::bearer("desk")});
  client.send(R"({"op":"query","id":1,"uri":"/customer/1","lane":"orders","follow":true})");
  EXPECT_EQ(client.next().at("op"), "row");
  client.send(auth(guarded::token("marketing")));
  EXPECT_EQ(json(client.next()), (json{{"op", "done"}, {"id", 1}, {"reason", "forbidden"}}));
}

TEST(ws_access, what_may_not_be_done_is_an_error_and_counted) {
  guarded s;
  fill(s);
  auto client = s->ws({guarded::bearer("marketing", "1")});
  const auto refused = [&](const std::string& text) {
    client.send(text);
    const auto m = client.next();
    return m.at("op") == "err" && m.at("code") == "forbidden";
  };
  EXPECT_TRUE(refused(sub(1, "/product/1")));
  EXPECT_TRUE(refused(R"({"op":"sub","id":2,"uri":"/customer/2","lanes":["prefs"]})"));
  EXPECT_TRUE(refused(R"({"op":"sub","id":3,"uri":"/customer/2","lanes":["alerts"]})"));
  EXPECT_TRUE(refused(R"({"op":"sub","id":4,"uri":"/product/1","lanes":[],"life":true})"));
  EXPECT_TRUE(refused(R"({"op":"query","id":5,"uri":"/customer/2","lane":"prefs"})"));
  EXPECT_TRUE(refused(R"({"op":"cmd","id":6,"uri":"/customer/1","lane":"issue_voucher","value":{"amount":1}})"));
  EXPECT_EQ(s->counted("forbidden"), 6u);
  EXPECT_EQ(s->port->document("/customer/1").value("orders", json()), json());
}

TEST(ws_access, nobody_resumes_across_a_change_of_rights) {
  guarded s;
  fill(s);
  auto desk = s->ws({guarded::bearer("desk")});
  desk.send(sub(1, "/customer/1"));
  const json before = desk.next();
  auto client = s->ws({guarded::bearer("marketing")});
  client.send(json{{"op", "sub"},
                   {"id", 1},
                   {"uri", "/customer/1"},
                   {"resume", {{"lineage", before.at("lineage")}, {"rev", before.at("rev")}}}}
                  .dump());
  const json now = client.next();
  EXPECT_EQ(now.at("resumed"), false);
  EXPECT_EQ(now.at("lanes"), (json{{"profile", {{"name", "Ann"}}}}));
}

TEST(ws_access, without_auth_a_token_is_taken_and_means_nothing) {
  served s;
  s.port->set("/customer/1", "prefs", {{"lang", "de"}});
  auto client = s.ws();
  client.send(auth("whatever"));
  client.send(sub(1, "/customer/1"));
  EXPECT_EQ(client.next().at("lanes").size(), 1u);
}

}  // namespace
}  // namespace twinlane::testing
