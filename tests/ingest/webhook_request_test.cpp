#include <twinlane/ingest/webhook_request.hpp>

#include <gmock/gmock.h>

namespace twinlane::ingest {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

webhook_spec spec_of(const std::string& url) {
  webhook_spec w;
  w.url = url;
  return w;
}

sink_item item_of(const std::string& value, const std::string& key = {}) {
  return {"9", "/customer/a%2Fb", key, value, 1'700'000'000'000};
}

http_request made(const webhook_spec& spec, const sink_item& item) {
  webhook_request r(spec);
  http_request to;
  const auto bad = r.make(item, to);
  EXPECT_FALSE(bad) << bad->detail;
  return to;
}

rejection refused(const webhook_spec& spec, const sink_item& item) {
  webhook_request r(spec);
  http_request to;
  return r.make(item, to).value_or(rejection{dead_reason::empty, "it was made"});
}

TEST(webhook_request, body_is_the_value_unless_told_otherwise) {
  const auto r = made(spec_of("http://crm/x"), item_of("[1, null]"));
  EXPECT_EQ(r.method, "POST");
  EXPECT_EQ(r.url, "http://crm/x");
  EXPECT_EQ(r.body, "[1, null]");
  EXPECT_THAT(r.headers, UnorderedElementsAre("Content-Type: application/json", "Idempotency-Key: 9"));
}

TEST(webhook_request, templates_fill_url_headers_and_body_each_escaped_as_it_has_to_be) {
  auto spec = spec_of("http://crm/c/{$key}?at={$timestamp}&n={name}");
  spec.method = "PUT";
  spec.headers = {{"X-Agent", "{$uri} {vip}"}, {"Authorization", "Bearer abc"}, {"X-Empty", "{note}"}};
  spec.body = R"({{"name":"{name}","nr":{order.nr},"order":{order.lines},"id":"{$id}","all":{$value}}})";
  const std::string value =
      R"({"name":"A \"B\"\n&é","vip":true,"note":"","order":{"nr":12345678901234567890123,"lines":[1, {"x":2}]}})";
  const auto r = made(spec, item_of(value, "a/b"));
  EXPECT_EQ(r.method, "PUT");
  EXPECT_EQ(r.url, "http://crm/c/a%2Fb?at=1700000000000&n=A%20%22B%22%0A%26%C3%A9");
  EXPECT_THAT(r.headers, UnorderedElementsAre("X-Agent: /customer/a%2Fb true", "Authorization: Bearer abc", "X-Empty;",
                                              "Content-Type: application/json", "Idempotency-Key: 9"));
  EXPECT_EQ(r.body, R"({"name":"A \"B\"\u000A&é","nr":12345678901234567890123,"order":[1, {"x":2}],"id":"9","all":)" +
                        value + "}");
}

TEST(webhook_request, body_is_encoded_as_its_content_type_asks) {
  const auto body_as = [](const std::string& type) {
    auto spec = spec_of("http://crm");
    spec.headers = {{"content-type", type}};
    spec.body = "a={a}&v={$value}";
    const auto r = made(spec, item_of(R"({"a":"x \"&\" y"})"));
    EXPECT_THAT(r.headers, ElementsAre("content-type: " + type, "Idempotency-Key: 9"));
    return r.body;
  };
  EXPECT_EQ(body_as("application/x-www-form-urlencoded"),
            "a=x%20%22%26%22%20y&v=%7B%22a%22%3A%22x%20%5C%22%26%5C%22%20y%22%7D");
  EXPECT_EQ(body_as("text/plain"), R"(a=x "&" y&v={"a":"x \"&\" y"})");
}

TEST(webhook_request, item_without_the_fields_is_refused_and_the_reason_names_them) {
  const auto spec = spec_of("http://crm/{id}/{of.x}");
  EXPECT_EQ(refused(spec, item_of(R"({"of":{"x":1}})")).reason, dead_reason::missing_field);
  EXPECT_EQ(refused(spec, item_of(R"({"of":{"x":1}})")).detail, "field 'id' is absent or null");
  EXPECT_EQ(refused(spec, item_of(R"({"id":1,"of":{"x":null}})")).detail, "field 'of.x' is absent or null");
  EXPECT_EQ(refused(spec, item_of(R"({"id":1,"of":2})")).detail, "field 'of.x' is absent or null");
  EXPECT_THAT(refused(spec, item_of("7")).detail, HasSubstr("not a JSON object"));
  EXPECT_EQ(refused(spec, item_of(R"({"id":)")).reason, dead_reason::bad_json);
  EXPECT_THAT(refused(spec, item_of(R"({"id":[1],"of":{"x":1}})")).detail,
              HasSubstr("field 'id' is an object or list, which only a body can hold"));
}

TEST(webhook_request, nothing_of_an_item_forges_a_header) {
  auto spec = spec_of("http://crm");
  spec.headers = {{"X-Key", "{$key}"}};
  EXPECT_THAT(refused(spec, item_of("1", "a\r\nX-Forged: 1")).detail, HasSubstr("control character"));
  EXPECT_THAT(refused(spec, item_of("1", std::string("a\0b", 3))).detail, HasSubstr("control character"));
  auto item = item_of("1");
  item.id = "1\r\nX-Forged: 1";
  EXPECT_THAT(refused(spec_of("http://crm"), item).detail, HasSubstr("control character"));
}

TEST(webhook_request, host_for_messages_is_without_path_and_query) {
  EXPECT_EQ(webhook_request(spec_of("https://crm.example:8443/secret?token=x")).host(), "https://crm.example:8443");
}

}  // namespace
}  // namespace twinlane::ingest
