#include <algorithm>
#include <set>

#include <web/served.hpp>

namespace twinlane::testing {
namespace {

using nlohmann::json;

const json ann = {{"name", "Ann"}, {"email", "ann@example.com"}, {"address", {{"city", "Basel"}, {"zip", "4051"}}}};

std::string voucher(int amount) { return json{{"amount", amount}}.dump(); }

TEST(rest, an_entity_is_its_document_with_its_rev_as_etag) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  s.port->set_entry("/customer/42", "orders", "7", {{"status", "new"}});
  const auto a = s.get("/customer/42");
  ASSERT_EQ(a.status, 200) << a.body;
  EXPECT_EQ(a.headers.at("content-type"), "application/json");
  EXPECT_EQ(a.headers.at("etag"), "\"l1:2\"");
  EXPECT_EQ(a.json(), json({{"uri", "/customer/42"},
                            {"type", "customer"},
                            {"lineage", "l1"},
                            {"rev", 2},
                            {"lanes", {{"profile", ann}, {"orders", {{"7", {{"status", "new"}}}}}}}}));
}

TEST(rest, an_unchanged_entity_is_304_without_a_body) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  for (const char* tag : {"\"l1:1\"", "W/\"l1:1\"", "\"x\", \"l1:1\"", "*"}) {
    const auto a = s.get("/customer/42", {std::string("If-None-Match: ") + tag});
    EXPECT_EQ(a.status, 304) << tag;
    EXPECT_EQ(a.headers.at("etag"), "\"l1:1\"");
    EXPECT_FALSE(a.headers.contains("content-length"));
  }
  EXPECT_EQ(s.get("/customer/42", {"If-None-Match: \"l1:0\""}).status, 200);
}

TEST(rest, fields_select_lanes_and_paths_within_them) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  s.port->set("/customer/42", "prefs", {{"a.b", 1}, {"c", 2}});
  s.port->set_entry("/customer/42", "orders", "7", {{"status", "new"}});
  const auto lanes = [&](const std::string& fields) {
    return s.get("/customer/42?fields=" + fields).json().at("lanes");
  };
  EXPECT_EQ(lanes("orders"), json({{"orders", {{"7", {{"status", "new"}}}}}}));
  EXPECT_EQ(lanes("profile.name,orders"),
            json({{"profile", {{"name", "Ann"}}}, {"orders", {{"7", {{"status", "new"}}}}}}));
  EXPECT_EQ(lanes("profile.address.city,profile.name"),
            json({{"profile", {{"name", "Ann"}, {"address", {{"city", "Basel"}}}}}}));
  EXPECT_EQ(lanes("profile.address,profile.address.city"), json({{"profile", {{"address", ann["address"]}}}}));
  EXPECT_EQ(lanes("prefs.a%5C.b"), json({{"prefs", {{"a.b", 1}}}}));
  EXPECT_EQ(lanes("profile.nothing.here"), json({{"profile", json::object()}})) << "what is on the way is shown";
  EXPECT_EQ(lanes("profile.name.first"), json({{"profile", json::object()}})) << "but not what is no object";
  expect_problem(s.get("/customer/42?fields=nolane"), 404, "no_such_lane");
  expect_problem(s.get("/customer/42?fields=profile..name"), 400, "bad_request");
  expect_problem(s.get("/customer/42?fields="), 400, "bad_request");
}

TEST(rest, lanes_and_entries_have_urls_of_their_own) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  s.port->set_entry("/customer/42", "orders", "a b/c", {{"n", 1}});
  EXPECT_EQ(s.get("/customer/42/profile").json(), ann);
  const auto entry = s.get("/customer/42/orders/a%20b%2Fc");
  EXPECT_EQ(entry.json(), json({{"n", 1}}));
  EXPECT_EQ(entry.headers.at("etag"), "\"l1:2\"");
  EXPECT_EQ(s.get("/customer/42/orders", {"If-None-Match: \"l1:2\""}).status, 304);
  expect_problem(s.get("/customer/42/orders/8"), 404, "no_such_key");
  expect_problem(s.get("/customer/42/profile/name"), 404, "no_such_key");
  expect_problem(s.get("/customer/42/nolane"), 404, "no_such_lane");
  expect_problem(s.get("/customer/42/orders/8/9"), 404, "no_such_route");
}

TEST(rest, what_is_not_there_is_404_and_what_cannot_be_is_400) {
  served s;
  expect_problem(s.get("/customer/nobody"), 404, "no_such_entity");
  expect_problem(s.get("/nowhere/1"), 404, "no_such_route");
  expect_problem(s.get("/api/nothing"), 404, "no_such_route");
  for (const char* target : {"/customer/%zz", "/customer/%00", "/customer/%", "/customer/%ff", "/customer/..",
                             "/customer//", "/customer/42?fields=%zz", "nothing"})
    expect_problem(s.get(target), 400, "bad_request");
}

TEST(rest, every_spelling_of_a_uri_is_the_same_entity) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  EXPECT_EQ(s.get("/customer/%34%32").json().at("uri"), "/customer/42");
  EXPECT_EQ(s.get("http://elsewhere/customer/42").json().at("uri"), "/customer/42");
}

TEST(rest, a_command_answers_with_its_rev_and_result) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  const auto a = s.ask("POST", "/customer/42/issue_voucher", {"Content-Type: application/json"}, voucher(20));
  ASSERT_EQ(a.status, 200) << a.body;
  EXPECT_EQ(a.json(), json({{"rev", 2}, {"result", {{"given", 20}}}}));
  EXPECT_EQ(a.headers.at("etag"), "\"l1:2\"");
  expect_problem(s.ask("POST", "/customer/42/issue_voucher", {}, voucher(-1)), 422, "bad_value");
  expect_problem(s.ask("POST", "/customer/42/issue_voucher", {}, voucher(2000)), 500, "handler_failed");
  expect_problem(s.ask("POST", "/customer/42/issue_voucher", {}, "{\"amount\":"), 400, "bad_request");
  expect_problem(s.ask("POST", "/customer/42/issue_voucher", {"Content-Length: 0"}), 422, "bad_value");
  expect_problem(s.ask("POST", "/customer/43/issue_voucher", {}, voucher(1)), 404, "no_such_entity");
  expect_problem(s.ask("POST", "/customer/42/issue_voucher", {"Content-Encoding: gzip"}, voucher(1)), 400,
                 "bad_request");
}

TEST(rest, a_command_on_another_rev_is_412) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  const auto send = [&](const std::string& tag) {
    return s.ask("POST", "/customer/42/issue_voucher", {"If-Match: " + tag}, voucher(5));
  };
  expect_problem(send("\"l1:9\""), 412, "rev_mismatch");
  expect_problem(send("\"other:1\""), 412, "rev_mismatch");
  expect_problem(send("W/\"l1:1\""), 400, "bad_request");
  expect_problem(send("\"l1:1\", \"l1:2\""), 400, "bad_request");
  EXPECT_EQ(send("\"l1:1\"").status, 200);
  EXPECT_EQ(send("*").status, 200);
  expect_problem(s.ask("POST", "/customer/43/issue_voucher", {"If-Match: *"}, voucher(5)), 412, "rev_mismatch");
  expect_problem(s.ask("PUT", "/customer/43/prefs", {"If-Match: *"}, "1"), 412, "rev_mismatch");
}

TEST(rest, a_repeated_idempotency_key_gets_the_first_answer) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  const auto first = s.ask("POST", "/customer/42/issue_voucher", {"Idempotency-Key: k1"}, voucher(5));
  s.port->set("/customer/42", "prefs", 1);
  const auto second = s.ask("POST", "/customer/42/issue_voucher", {"Idempotency-Key: k1"}, voucher(5));
  EXPECT_EQ(second.status, 200);
  EXPECT_EQ(second.body, first.body);
  const auto third = s.ask("POST", "/customer/42/issue_voucher", {"Idempotency-Key: k2"}, voucher(5));
  EXPECT_NE(third.body, first.body);
  expect_problem(s.ask("POST", "/customer/42/issue_voucher", {"Idempotency-Key: " + std::string(256, 'k')}, voucher(5)),
                 400, "bad_request");
}

TEST(rest, writable_lanes_take_put_patch_and_delete) {
  served s;
  s.port->set("/customer/42", "prefs", {{"a", 1}, {"b", 2}});
  EXPECT_EQ(s.ask("PUT", "/customer/42/orders/7", {}, R"({"status":"new"})").json().at("rev"), 2);
  EXPECT_EQ(s.ask("PATCH", "/customer/42/prefs", {"Content-Type: application/merge-patch+json"}, R"({"a":null,"c":3})")
                .status,
            200);
  EXPECT_EQ(s.port->document("/customer/42"),
            json({{"prefs", {{"b", 2}, {"c", 3}}}, {"orders", {{"7", {{"status", "new"}}}}}}));
  EXPECT_EQ(s.ask("DELETE", "/customer/42/orders/7").status, 200);
  EXPECT_EQ(s.port->document("/customer/42").at("orders"), json::object());
  expect_problem(s.ask("PUT", "/customer/42/prefs", {"If-Match: \"l1:1\""}, "1"), 412, "rev_mismatch");
  expect_problem(s.ask("PUT", "/customer/42/prefs", {}, "{"), 400, "bad_request");
  expect_problem(s.ask("PATCH", "/customer/42/prefs", {"Content-Type: text/plain"}, "{}"), 400, "bad_request");
}

TEST(rest, lanes_that_are_not_writable_answer_405_and_say_what_they_take) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  for (const char* method : {"PUT", "PATCH", "DELETE", "POST"}) {
    const auto a = s.ask(method, "/customer/42/profile", {}, "{}");
    expect_problem(a, 405, "not_writable");
    EXPECT_EQ(a.headers.at("allow"), "GET, HEAD, OPTIONS");
  }
  EXPECT_EQ(s.ask("PUT", "/customer/42", {}, "{}").headers.at("allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(s.get("/customer/42/issue_voucher").headers.at("allow"), "POST, OPTIONS");
  EXPECT_EQ(s.ask("BREW", "/healthz").status, 405);
}

TEST(rest, delete_removes_the_entity) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  expect_problem(s.ask("DELETE", "/customer/42", {"If-Match: \"l1:9\""}), 412, "rev_mismatch");
  const auto a = s.ask("DELETE", "/customer/42");
  EXPECT_EQ(a.status, 204);
  EXPECT_FALSE(a.headers.contains("content-length"));
  expect_problem(s.get("/customer/42"), 404, "no_such_entity");
  expect_problem(s.ask("DELETE", "/customer/42"), 404, "no_such_entity");
}

TEST(rest, dead_letters_are_asked_for_by_page_and_replayed) {
  std::vector<std::string> asked;
  const auto handler = [&](std::string what) {
    return [&asked, what](web::dead_query q, auto done) {
      asked.push_back(what + ' ' + q.source + ' ' + q.reason + ' ' + q.after + ' ' + std::to_string(q.limit));
      if (q.after == "x")
        done(error{problem::bad_request, "no page"});
      else
        done(std::string(R"({"items":[]})"));
    };
  };
  served s([&](web::options& o) {
    o.dead_list = handler("list");
    o.dead_replay = handler("replay");
  });
  EXPECT_EQ(s.get("/api/dead?source=a%20b&reason=bad_json&after=1:2&limit=7").body, R"({"items":[]})");
  EXPECT_EQ(s.ask("POST", "/api/dead/replay").status, 200);
  expect_problem(s.get("/api/dead?after=x"), 400, "bad_request");
  expect_problem(s.get("/api/dead?limit=0"), 400, "bad_request");
  expect_problem(s.get("/api/dead/replay"), 405, "not_writable");
  expect_problem(s.ask("POST", "/api/dead"), 405, "not_writable");
  EXPECT_EQ(asked, (std::vector<std::string>{"list a b bad_json 1:2 7", "replay    100", "list   x 100"}));
  served none;
  expect_problem(none.get("/api/dead"), 404, "no_such_route");
}

TEST(rest, ingest_hands_the_body_on_and_answers_what_became_of_it) {
  std::string got;
  std::optional<std::string> key;
  served s([&](web::options& o) {
    o.ingest = [&](std::string source, std::string body, std::optional<std::string> k, auto done) {
      if (source != "orders") return done(error{problem::no_such_route, "no source '" + source + "'"});
      got = std::move(body);
      key = std::move(k);
      done(web::ingest_result{2, {{3, "bad_json: \"cut\" off"}}});
    };
  });
  const auto a = s.ask("POST", "/api/ingest/orders", {"Idempotency-Key: k"}, "{}\n{}\n{");
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.json(), json({{"accepted", 2}, {"rejected", {{{"line", 3}, {"reason", "bad_json: \"cut\" off"}}}}}));
  EXPECT_EQ(got, "{}\n{}\n{");
  EXPECT_EQ(key, "k");
  expect_problem(s.ask("POST", "/api/ingest/other", {}, "{}"), 404, "no_such_route");
  expect_problem(s.get("/api/ingest/orders"), 405, "not_writable");
}

TEST(rest, entities_come_page_by_page) {
  served s;
  for (int i = 10; i < 25; ++i) s.port->set("/customer/" + std::to_string(i), "prefs", i);
  s.port->set("/product/1", "details", 1);
  std::vector<std::string> seen;
  std::string after;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = s.get("/api/entities/customer?limit=4&after=" + after).json();
    for (const auto& uri : page.at("items")) seen.push_back(uri);
    if (page.at("next").is_null()) break;
    after = page.at("next");
  }
  ASSERT_EQ(seen.size(), 15u);
  EXPECT_TRUE(std::is_sorted(seen.begin(), seen.end()));
  expect_problem(s.get("/api/entities/nothing"), 404, "no_such_route");
  for (const char* limit : {"0", "1001", "x", "-1", "4x", ""})
    expect_problem(s.get(std::string("/api/entities/customer?limit=") + limit), 400, "bad_request");
}

TEST(rest, sources_show_how_far_each_partition_is) {
  served s;
  auto p = s.port->add_partition("orders", "topic-a", 0);
  s.port->add_partition("orders", "topic-a", 1);
  s.port->add_partition("payments", "topic-b", 0)->dead = 7;
  source_partition::open_window(p, 90, 90, 900).reset();
  auto open = source_partition::open_window(p, 100, 10, 100);
  p->log_end = 150;
  p->applied = 90;
  p->paused = true;
  const auto items = s.get("/api/sources").json().at("items");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].at("source"), "orders");
  const auto& first = items[0].at("partitions").at(0);
  EXPECT_EQ(first.at("topic"), "topic-a");
  EXPECT_EQ(first.at("offset_applied"), 90);
  EXPECT_EQ(first.at("offset_durable"), 90);
  EXPECT_EQ(first.at("lag"), 60);
  EXPECT_EQ(first.at("paused"), true);
  EXPECT_EQ(first.at("in_flight_records"), 10);
  EXPECT_TRUE(items[0].at("partitions").at(1).at("offset_applied").is_null());
  EXPECT_TRUE(items[0].at("partitions").at(1).at("lag").is_null());
  EXPECT_EQ(items[1].at("dead_letters"), 7);
}

TEST(rest, sinks_are_what_the_application_says_and_none_when_it_says_nothing) {
  EXPECT_EQ(served().get("/api/sinks").body, R"({"items":[]})");
  served s([](web::options& o) { o.sinks_document = [] { return std::string(R"({"items":[{"sink":"crm"}]})"); }; });
  const auto answer = s.get("/api/sinks");
  EXPECT_EQ(answer.json().at("items").at(0).at("sink"), "crm");
  EXPECT_EQ(s.ask("POST", "/api/sinks").status, 405);
}

TEST(rest, types_list_their_lanes) {
  served s;
  const auto items = s.get("/api/types").json().at("items");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0].at("type"), "customer");
  EXPECT_EQ(items[0].at("route"), "/customer/:id");
  EXPECT_EQ(items[0].at("lanes").at(1),
            json({{"name", "orders"}, {"kind", "map"}, {"writable", true}, {"transient", false}}));
}

TEST(rest, health_is_alive_and_readiness_is_the_ports) {
  served s;
  EXPECT_EQ(s.get("/healthz").status, 200);
  EXPECT_EQ(s.get("/readyz").status, 200);
  s.port->set_ready(false);
  expect_problem(s.get("/readyz"), 503, "not_ready");
  EXPECT_EQ(s.get("/healthz").status, 200);
}

TEST(rest, metrics_are_the_applications_text) {
  served s([](web::options& o) { o.metrics_text = [] { return std::string("twinlane_x 1\n"); }; });
  const auto a = s.get("/metrics");
  EXPECT_EQ(a.body, "twinlane_x 1\n");
  EXPECT_EQ(a.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
}

TEST(rest, openapi_describes_each_type_and_every_reference_resolves) {
  served s;
  const auto doc = s.get("/openapi.json").json();
  EXPECT_EQ(doc.at("openapi"), "3.1.0");
  const auto& paths = doc.at("paths");
  EXPECT_TRUE(paths.at("/customer/{id}").contains("delete"));
  EXPECT_TRUE(paths.at("/customer/{id}/issue_voucher").contains("post"));
  EXPECT_FALSE(paths.at("/customer/{id}/issue_voucher").contains("get"));
  EXPECT_TRUE(paths.at("/customer/{id}/orders/{entry_key}").contains("patch"));
  EXPECT_FALSE(paths.at("/customer/{id}/profile").contains("put"));
  EXPECT_TRUE(paths.contains("/api/ingest/{source}"));
  std::set<std::string> ids;
  const auto flat = doc.flatten();
  for (const auto& [where, value] : flat.items()) {
    const auto name = where.substr(where.rfind('/') + 1);
    if (name == "$ref") {
      EXPECT_TRUE(doc.contains(json::json_pointer(value.get<std::string>().substr(1)))) << value;
    }
    if (name == "operationId") {
      EXPECT_TRUE(ids.insert(value).second) << value;
    }
  }
}

TEST(rest, head_is_get_without_the_body) {
  served s;
  s.port->set("/customer/42", "profile", ann);
  const auto get = s.get("/customer/42");
  const auto head = s.ask("HEAD", "/customer/42");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), std::to_string(get.body.size()));
  EXPECT_EQ(head.headers.at("etag"), get.headers.at("etag"));
  wire w(s.server->port());
  w.send("HEAD /customer/42 HTTP/1.1\r\nHost: x\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  read_answer(w, false);
  EXPECT_EQ(read_answer(w).json().at("status"), "alive");
}

TEST(rest, options_name_the_methods) {
  served s;
  const auto a = s.ask("OPTIONS", "/customer/42/orders");
  EXPECT_EQ(a.status, 204);
  EXPECT_EQ(a.headers.at("allow"), "GET, HEAD, PUT, PATCH, DELETE, OPTIONS");
}

}  // namespace
}  // namespace twinlane::testing
