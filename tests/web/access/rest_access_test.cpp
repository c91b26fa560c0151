#include <gmock/gmock.h>

#include <web/access/guarded.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;

void fill(guarded& s) {
  s->port->set("/customer/1", "profile", {{"name", "Ann"}, {"income", 90'000}});
  s->port->set_entry("/customer/1", "orders", "1", {{"item", "tea"}});
  s->port->set_entry("/customer/1", "orders", "2", {{"item", "gin"}});
  s->port->set("/customer/1", "prefs", {{"lang", "de"}});
  s->port->set("/product/1", "details", {{"price", 7}});
}

TEST(rest_access, what_is_public_needs_no_credentials_and_all_else_does) {
  guarded s;
  fill(s);
  for (const auto* open : {"/healthz", "/readyz", "/openapi.json", "/ui/"}) EXPECT_EQ(s->get(open).status, 200) << open;
  EXPECT_EQ(s->get("/").status, 302);
  for (const auto* shut : {"/customer/1", "/customer/1/profile", "/customer/1/orders/1", "/api/types",
                           "/api/entities/customer", "/api/sources", "/api/sinks", "/api/dead", "/metrics"}) {
    const auto a = s->get(shut);
    expect_problem(a, 401, "unauthorized");
    EXPECT_EQ(a.headers.at("www-authenticate"), "Bearer") << shut;
  }
  expect_problem(s->get("/customer/1", {"Accept: text/event-stream"}), 401, "unauthorized");
  expect_problem(s->ask("POST", "/customer/1/issue_voucher", {}, R"({"amount":1})"), 401, "unauthorized");
  expect_problem(s->ask("POST", "/api/ingest/orders", {}, "{}"), 401, "unauthorized");
  EXPECT_EQ(s->ask("OPTIONS", "/customer/1").status, 204);
  EXPECT_EQ(s->counted("unauthorized"), 12u);
}

TEST(rest_access, credentials_that_prove_nothing_are_refused) {
  guarded s;
  fill(s);
  const auto with = [](const char* name, json value) {
    auto c = guarded::claims("desk");
    c[name] = std::move(value);
    return guarded::key().token(c, "RS256");
  };
  const auto stranger = mint::rsa("r1");
  const std::pair<const char*, std::string> bad[] = {
      {"alg none", unsigned_token(guarded::claims("desk"))},
      {"wrong key", stranger.token(guarded::claims("desk"), "RS256")},
      {"the public key as a secret",
       mint::secret("r1", guarded::key().jwk().dump()).token(guarded::claims("desk"), "HS256")},
      {"wrong audience", with("aud", "billing")},
      {"wrong issuer", with("iss", "https://other.example")},
      {"expired", with("exp", in_seconds(-1))},
      {"not valid yet", with("nbf", in_seconds(3'600))},
      {"no end", with("exp", nullptr)},
      {"no token", "nonsense"}};
  for (const auto& [what, token] : bad) {
    const auto a = s->get("/customer/1", {"Authorization: Bearer " + token});
    EXPECT_EQ(a.status, 401) << what << ": " << a.body;
    EXPECT_EQ(a.body.find("Ann"), std::string::npos) << what;
    EXPECT_EQ(a.body.find(token), std::string::npos) << what;
  }
  EXPECT_EQ(s->get("/customer/1", {"Authorization: Basic YTpi"}).status, 401);
  EXPECT_EQ(s->get("/customer/1", {guarded::bearer("desk"), guarded::bearer("desk")}).status, 400);
  EXPECT_EQ(s->get("/customer/1", {guarded::bearer("desk")}).status, 200);
}

TEST(rest_access, anothers_agent_is_forbidden_and_ones_own_is_not) {
  guarded s;
  fill(s);
  const auto own = s->get("/customer/1", {guarded::bearer("", "1")});
  EXPECT_EQ(own.json().at("lanes"), (json{{"profile", {{"name", "Ann"}, {"income", 90'000}}}}));
  expect_problem(s->get("/customer/1", {guarded::bearer("", "2")}), 403, "forbidden");
  expect_problem(s->get("/customer/2", {guarded::bearer("", "1")}), 403, "forbidden");
  EXPECT_EQ(s->get("/customer/2", {guarded::bearer("", "2")}).status, 404);
  EXPECT_EQ(s->counted("forbidden"), 2u);
}

TEST(rest_access, an_entity_shows_what_the_role_may_read) {
  guarded s;
  fill(s);
  const auto marketing = guarded::bearer("marketing");
  const auto seen = s->get("/customer/1", {marketing});
  EXPECT_EQ(seen.json().at("lanes"), (json{{"profile", {{"name", "Ann"}}}, {"orders", {{"1", {{"item", "tea"}}}}}}));
  EXPECT_EQ(s->get("/customer/1?fields=profile", {marketing}).json().at("lanes"),
            (json{{"profile", {{"name", "Ann"}}}}));
  expect_problem(s->get("/customer/1?fields=prefs", {marketing}), 403, "forbidden");
  expect_problem(s->get("/customer/1?fields=profile.income", {marketing}), 403, "forbidden");
  expect_problem(s->get("/product/1", {marketing}), 403, "forbidden");
  EXPECT_EQ(s->get("/customer/1", {guarded::bearer("desk")}).json().at("lanes").size(), 3u);
}

TEST(rest_access, a_tag_is_good_for_its_rights_alone) {
  guarded s;
  fill(s);
  const auto marketing = guarded::bearer("marketing"), desk = guarded::bearer("desk");
  const auto tag = s->get("/customer/1", {marketing}).headers.at("etag");
  EXPECT_NE(tag, s->get("/customer/1", {desk}).headers.at("etag"));
  EXPECT_EQ(s->get("/customer/1", {marketing, "If-None-Match: " + tag}).status, 304);
  EXPECT_EQ(s->get("/customer/1", {desk, "If-None-Match: " + tag}).status, 200);
  EXPECT_EQ(s->get("/customer/1/orders", {marketing}).headers.at("etag"), tag);
  const auto chief = guarded::bearer("chief");
  const auto its = s->get("/customer/1", {chief}).headers.at("etag");
  const auto put = s->ask("PUT", "/customer/1/prefs", {chief, "If-Match: " + its}, "{}");
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.headers.at("etag"), s->get("/customer/1", {chief}).headers.at("etag"));
  expect_problem(s->ask("PUT", "/customer/1/prefs", {chief, "If-Match: " + its}, "{}"), 412, "rev_mismatch");
}

TEST(rest_access, a_lane_and_an_entry_show_what_the_role_may_read) {
  guarded s;
  fill(s);
  const auto marketing = guarded::bearer("marketing");
  EXPECT_EQ(s->get("/customer/1/profile", {marketing}).json(), (json{{"name", "Ann"}}));
  EXPECT_EQ(s->get("/customer/1/orders", {marketing}).json(), (json{{"1", {{"item", "tea"}}}}));
  EXPECT_EQ(s->get("/customer/1/orders?limit=9", {marketing}).body.find("gin"), std::string::npos);
  EXPECT_EQ(s->get("/customer/1/orders/1", {marketing}).json(), (json{{"item", "tea"}}));
  for (const auto* hidden : {"/customer/1/orders/2", "/customer/1/orders/nonsense"})
    expect_problem(s->get(hidden, {marketing}), 403, "forbidden");
  expect_problem(s->get("/customer/1/prefs", {marketing}), 403, "forbidden");
  expect_problem(s->get("/customer/1/summary", {marketing}), 403, "forbidden");
  EXPECT_EQ(s->get("/customer/1/orders/2", {guarded::bearer("desk")}).json(), (json{{"item", "gin"}}));
}

TEST(rest_access, commands_writes_and_removal_need_their_own_rights) {
  guarded s;
  fill(s);
  const auto marketing = guarded::bearer("marketing"), desk = guarded::bearer("desk"), chief = guarded::bearer("chief");
  const auto voucher = [&](const std::string& who) {
    return s->ask("POST", "/customer/1/issue_voucher", {who}, R"({"amount":5})").status;
  };
  EXPECT_EQ(voucher(marketing), 403);
  EXPECT_EQ(voucher(chief), 403);
  EXPECT_EQ(voucher(desk), 200);
  const auto put = [&](const std::string& who, const std::string& where) {
    return s->ask("PUT", where, {who}, R"({"a":1})").status;
  };
  EXPECT_EQ(put(marketing, "/customer/1/prefs"), 403);
  EXPECT_EQ(put(desk, "/customer/1/prefs"), 200);
  EXPECT_EQ(put(desk, "/customer/1/orders/1"), 403);
  EXPECT_EQ(put(chief, "/customer/1/orders/1"), 200);
  EXPECT_EQ(s->ask("DELETE", "/customer/1", {desk}).status, 403);
  EXPECT_EQ(s->ask("DELETE", "/customer/1", {chief}).status, 204);
}

TEST(rest_access, parts_of_the_interface_open_by_role) {
  guarded s([](web::options& o) {
    o.metrics_text = [] { return std::string("m 1\n"); };
    o.dead_list = [](web::dead_query, auto done) { done(std::string("{}")); };
    o.ingest = [](std::string, std::string, std::optional<std::string>, auto done) { done(web::ingest_result{1, {}}); };
  });
  const auto operates = guarded::bearer("operator"), desk = guarded::bearer("desk");
  for (const auto* part : {"/metrics", "/api/sources", "/api/sinks", "/api/dead"}) {
    EXPECT_EQ(s->get(part, {operates}).status, 200) << part;
    expect_problem(s->get(part, {desk}), 403, "forbidden");
  }
  EXPECT_EQ(s->ask("POST", "/api/ingest/orders", {"Authorization: Bearer abc"}, "{}").status, 200);
  expect_problem(s->ask("POST", "/api/ingest/orders", {operates}, "{}"), 403, "forbidden");
}

TEST(rest_access, types_and_agents_are_listed_to_those_who_may_read_them) {
  guarded s;
  fill(s);
  const auto types = [&](const std::string& who) { return s->get("/api/types", {who}).body; };
  EXPECT_NE(types(guarded::bearer("marketing")).find("customer"), std::string::npos);
  EXPECT_EQ(types(guarded::bearer("marketing")).find("product"), std::string::npos);
  EXPECT_EQ(types("Authorization: Bearer abc").find("product"), std::string::npos);
  EXPECT_EQ(s->get("/api/entities/customer", {guarded::bearer("marketing")}).json().at("items").size(), 1u);
  // One who may read their own agent learns nothing of others.
  expect_problem(s->get("/api/entities/customer", {guarded::bearer("", "1")}), 403, "forbidden");
  expect_problem(s->get("/api/entities/product", {guarded::bearer("marketing")}), 403, "forbidden");
}

TEST(rest_access, a_cookie_counts_but_not_for_what_another_page_may_have_sent) {
  guarded s;
  fill(s);
  const auto cookie = "Cookie: a=b; session=" + guarded::token("desk");
  EXPECT_EQ(s->get("/customer/1", {cookie}).status, 200);
  const auto own = "Origin: http://127.0.0.1:" + std::to_string(s->server->port());
  const auto host = "Host: 127.0.0.1:" + std::to_string(s->server->port());
  const auto post = [&](const std::vector<std::string>& more) {
    std::string text =
        "POST /customer/1/issue_voucher HTTP/1.1\r\nConnection: close\r\nContent-Length: 12\r\n" + host + "\r\n";
    for (const auto& h : more) text += h + "\r\n";
    return s->raw(text + "\r\n{\"amount\":5}").substr(9, 3);
  };
  EXPECT_EQ(post({cookie}), "403");
  EXPECT_EQ(post({cookie, "Origin: https://evil.example"}), "403");
  EXPECT_EQ(post({cookie, own}), "200");
  EXPECT_EQ(post({guarded::bearer("desk")}), "200");
  EXPECT_EQ(s->get("/customer/1", {"Cookie: session=nonsense"}).status, 401);
}

TEST(rest_access, a_page_without_pages_of_its_own_shows_what_may_be_read) {
  guarded s;
  fill(s);
  EXPECT_EQ(s->get("/customer/1", {"Accept: text/html"}).status, 401);
  const auto page = s->get("/customer/1", {"Accept: text/html", guarded::bearer("marketing")});
  EXPECT_NE(page.body.find("Ann"), std::string::npos);
  EXPECT_EQ(page.body.find("90000"), std::string::npos);
}

TEST(rest_access, a_stream_shows_what_may_be_read_and_ends_with_its_token) {
  guarded s;
  fill(s);
  const auto token = guarded::token("marketing", "ann", 3);
  wire w(s->server->port());
  w.send("GET /customer/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer " + token +
         "\r\n\r\n");
  auto text = w.read_until("\n\n");
  s->port->set("/customer/1", "profile", {{"name", "Eve"}, {"income", 91'000}});
  text += w.read_all();
  EXPECT_NE(text.find("Ann"), std::string::npos);
  EXPECT_NE(text.find("Eve"), std::string::npos);
  for (const auto* hidden : {"90000", "91000", "gin", "lang"})
    EXPECT_EQ(text.find(hidden), std::string::npos) << hidden;
  EXPECT_EQ(s->counted("closed_unauthorized"), 1u);
  expect_problem(s->get("/product/1", {"Accept: text/event-stream", guarded::bearer("marketing")}), 403, "forbidden");
  expect_problem(s->get("/customer/1/prefs?follow=true", {guarded::bearer("marketing")}), 403, "forbidden");
}

}  // namespace
}  // namespace twinlane::testing
