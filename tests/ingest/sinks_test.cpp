#include <twinlane/ingest/sinks.hpp>

#include <gmock/gmock.h>

#include <twinlane/ingest/sink_letter.hpp>

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

sink_spec webhook(const std::string& url) {
  webhook_spec w;
  w.url = url;
  return {"crm", w};
}

/// `field: text` of every problem.
std::vector<std::string> problems(std::vector<sink_spec> specs) {
  std::vector<std::string> all;
  for (const auto& p : check(specs)) all.push_back(p.field + ": " + p.text);
  return all;
}

std::vector<std::string> problems_with(const std::function<void(webhook_spec&)>& change) {
  auto s = webhook("https://crm.example/events/{$key}?c={customer.id}");
  change(std::get<webhook_spec>(s.to));
  return problems({s});
}

TEST(sinks_check, sound_entries_have_no_problem) {
  EXPECT_THAT(problems_with([](auto& w) {
                w.body = R"({{"id":{id},"all":{$value}}})";
                w.headers = {{"Authorization", "Bearer x"}, {"X-Agent", "{$uri}"}};
              }),
              ElementsAre());
  EXPECT_THAT(problems({{"offers", kafka_sink_spec{"b:9092", "offers", {{"compression.type", "lz4"}}}}}),
              ElementsAre());
}

TEST(sinks_check, names_are_names_and_unique) {
  auto a = webhook("http://a"), b = webhook("http://a");
  a.name = "a/b";
  EXPECT_THAT(problems({a}), ElementsAre(HasSubstr("name: a name has letters")));
  EXPECT_THAT(problems({b, b}), ElementsAre("name: two sinks have this name"));
}

TEST(sinks_check, properties_that_would_lose_or_reorder_items_are_refused) {
  for (const auto* name : {"enable.idempotence", "acks", "message.timeout.ms", "retries", "transactional.id",
                           "max.in.flight", "bootstrap.servers"})
    EXPECT_THAT(problems({{"o", kafka_sink_spec{"b", "t", {{name, "1"}}}}}),
                ElementsAre("kafka: property '" + std::string(name) + "' is set by twinlane itself. Remove it"));
  EXPECT_THAT(problems({{"o", kafka_sink_spec{"b", "t", {{"lingr.ms", "1"}}}}}), ElementsAre(HasSubstr("lingr.ms")));
  EXPECT_THAT(problems({{"o", kafka_sink_spec{}}}), testing::SizeIs(2));
}

TEST(sinks_check, url_has_a_literal_http_host_and_no_user) {
  for (const auto* url : {"", "crm.example", "ftp://crm.example", "https://", "https://{host}/x", "https://a{b}.c/x",
                          "https://me:secret@crm.example/", "https://crm.example:99999/"})
    EXPECT_THAT(problems({webhook(url)}), ElementsAre(HasSubstr("url: "))) << url;
  EXPECT_THAT(problems({webhook("https://a/b c")}), ElementsAre(HasSubstr("write %20")));
  EXPECT_THAT(problems({webhook("https://a/{$offset}")}), ElementsAre(HasSubstr("'{$offset}' is not one of {$key}")));
  EXPECT_THAT(problems({webhook("https://a/{$value}")}), ElementsAre(HasSubstr("only a body can hold")));
}

TEST(sinks_check, headers_are_headers_and_their_texts_are_not_told) {
  const auto with = [](const std::string& name, const std::string& value) {
    return problems_with([&](auto& w) { w.headers = {{name, value}}; });
  };
  EXPECT_THAT(with("X Y", "1"), ElementsAre("headers: 'X Y' is no header's name"));
  EXPECT_THAT(with("idempotency-KEY", "1"), ElementsAre(HasSubstr("is set by twinlane itself")));
  EXPECT_THAT(with("X", "a\nb"), ElementsAre("headers: 'X' holds a control character"));
  EXPECT_THAT(with("X", "secret{"), ElementsAre(testing::AllOf(HasSubstr("'X'"), Not(HasSubstr("secret")))));
}

TEST(sinks_check, other_mistakes_name_their_field) {
  EXPECT_THAT(problems_with([](auto& w) { w.method = "GET"; }), ElementsAre(HasSubstr("method: 'GET'")));
  EXPECT_THAT(problems_with([](auto& w) { w.body = R"({"a":1})"; }),
              ElementsAre(HasSubstr("body: {\"a\":1} would be")));
  EXPECT_THAT(problems_with([](auto& w) { w.body = "{a"; }), ElementsAre(HasSubstr("body: '{a': has a '{'")));
  EXPECT_THAT(problems_with([](auto& w) { w.connections = 0; }), ElementsAre(HasSubstr("connections: ")));
  EXPECT_THAT(problems_with([](auto& w) { w.timeout = milliseconds{0}; }), ElementsAre(HasSubstr("timeout: ")));
  EXPECT_THAT(problems_with([](auto& w) { w.retry.tries = 0; }), ElementsAre(HasSubstr("retry: ")));
  EXPECT_THAT(problems_with([](auto& w) { w.retry.backoff = std::chrono::minutes{2}; }),
              ElementsAre(HasSubstr("retry: ")));
}

TEST(sinks, mistakes_are_thrown_together) {
  try {
    sinks s({webhook("x"), {"o", kafka_sink_spec{"b", "", {}}}}, {});
    FAIL();
  } catch (const sink_error& e) {
    EXPECT_EQ(e.problems().size(), 2u);
    EXPECT_THAT(e.what(), HasSubstr("sink 'o': kafka: 'topic' is missing"));
  }
}

TEST(sinks, every_sink_has_a_queue_by_its_name_before_anything_starts) {
  sinks s({webhook("http://a"), {"o", kafka_sink_spec{"b", "t", {}}}}, {});
  ASSERT_EQ(s.queues().size(), 2u);
  EXPECT_EQ(s.queues()[1]->name(), "o");
  EXPECT_EQ(s.queue("crm"), s.queues()[0]);
  EXPECT_EQ(s.queue("nobody"), nullptr);
  EXPECT_EQ(s.status()[1].kind, "kafka");
  EXPECT_EQ(s.status()[1].state, sink_state::starting);
}

TEST(sinks, letters_that_are_none_of_a_sink_are_not_replayed) {
  sinks s({webhook("http://a")}, {});
  auto letter = letter_of("crm", {"7", "/c/1", "k", "1", 5}, dead_reason::undeliverable, "why: because");
  EXPECT_TRUE(ok(s.replay(letter, [] {})));
  EXPECT_EQ(s.queue("crm")->waiting_items(), 1u);
  letter.offset += 1;
  EXPECT_FALSE(ok(s.replay(letter, [] {}))) << "not the letter's id";
  letter.offset -= 1;
  letter.source = "orders";
  EXPECT_FALSE(ok(s.replay(letter, [] {})));
  letter.source = "(sink other)";
  EXPECT_FALSE(ok(s.replay(letter, [] {})));
}

TEST(sink_letter, item_comes_back_as_it_was_and_its_number_depends_on_its_id_alone) {
  const sink_item item{"a: b: 1", "/c/1", "k", "{}", 5};
  const auto letter = letter_of("crm", item, dead_reason::undeliverable, "why: because");
  const auto back = undelivered_of(letter).value();
  EXPECT_EQ(back.sink, "crm");
  EXPECT_EQ(back.item.id, item.id);
  EXPECT_EQ(back.item.uri, item.uri);
  EXPECT_EQ(back.item.key, item.key);
  EXPECT_EQ(back.item.value, item.value);
  EXPECT_EQ(back.item.at_ms, item.at_ms);
  EXPECT_EQ(letter_of("crm", item, dead_reason::too_large, "else").offset, letter.offset);
  EXPECT_NE(letter_of("crm", {"2", "", "", "", 0}, dead_reason::too_large, "").offset, letter.offset);
  EXPECT_GE(letter.offset, 0);
}

TEST(sink_letter, item_that_found_no_room_comes_back_under_an_id_of_its_letter) {
  dead_letter letter;
  letter.source = "(sink crm)";
  letter.topic = "/c/1";
  letter.offset = 77;
  letter.reason = dead_reason::sink_full;
  letter.value = "1";
  letter.at_ms = 5;
  const auto back = undelivered_of(letter).value();
  EXPECT_EQ(back.item.id, "letter-77-5");
  EXPECT_EQ(back.item.uri, "/c/1");
}

TEST(sink_letter, outside_bytes_are_shown_as_one_line_of_text) {
  EXPECT_EQ(shown("a\r\nb\x7f", 100), "a  b ");
  EXPECT_EQ(shown("é", 100), "é");
  EXPECT_EQ(shown("xé", 2), "x…") << "not within a character";
  EXPECT_EQ(shown("\xff\xfe ok", 100), "?? ok");
}

}  // namespace
}  // namespace twinlane::ingest
