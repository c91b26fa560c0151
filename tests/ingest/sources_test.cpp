#include <twinlane/ingest/sources.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_entry.hpp"
#include "recording_port.hpp"
#include "temporary_file.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

const generator_registry no_generators;

std::string field_of_problem(source_spec s) {
  const auto problems = check({std::move(s)}, no_generators);
  return problems.size() == 1 ? problems[0].field : std::to_string(problems.size()) + " problems";
}

TEST(sources_check, a_sound_entry_has_no_problem) {
  EXPECT_TRUE(check({of_file("a", "x.ndjson")}, no_generators).empty());
}

TEST(sources_check, each_kind_of_mistake_names_its_field) {
  const auto good = of_file("a", "x.ndjson");
  const auto with = [&](auto change) {
    auto s = good;
    change(s);
    return field_of_problem(s);
  };
  EXPECT_EQ(with([](auto& s) { s.name = "a/b"; }), "name");
  EXPECT_EQ(with([](auto& s) { s.entity = "customer"; }), "entity");
  EXPECT_EQ(with([](auto& s) { s.key = "{id"; }), "key");
  EXPECT_EQ(with([](auto& s) { s.time = "a..b"; }), "time");
  EXPECT_EQ(with([](auto& s) { s.lane = ""; }), "lane");
  EXPECT_EQ(with([](auto& s) { s.after = {"b"}; }), "after");
  EXPECT_EQ(with([](auto& s) { s.after = {"a"}; }), "after");
  EXPECT_EQ(with([](auto& s) { s.columns = {"x"}; }), "columns");
  EXPECT_EQ(with([](auto& s) { s.from = file_spec{}; }), "file");
  EXPECT_EQ(with([](auto& s) {
              s.from = kafka_spec{};
              std::get<kafka_spec>(s.from).topic = "t";
            }),
            "kafka");
  EXPECT_EQ(with([](auto& s) { s.from = generator_spec{"nobody", 1, 1, 0, {}}; }), "generator");
  EXPECT_EQ(with([](auto& s) {
              s.from = kafka_spec{"b", "t", "g", {}};
              s.format = record_format::csv;
            }),
            "columns");
}

TEST(sources_check, names_are_unique_and_waits_have_no_circle) {
  auto a = of_file("a", "x"), b = of_file("b", "x"), c = of_file("c", "x");
  EXPECT_EQ(check({a, a}, no_generators).size(), 1u);
  a.after = {"b"};
  b.after = {"c"};
  EXPECT_TRUE(check({a, b, c}, no_generators).empty());
  c.after = {"a"};
  EXPECT_EQ(check({a, b, c}, no_generators).size(), 3u);
}

TEST(sources_check, two_sources_of_one_topic_cannot_wait_for_each_other) {
  auto a = of_file("a", ""), b = a;
  a.from = b.from = kafka_spec{"b", "t", "g", {}};
  b.name = "b";
  EXPECT_TRUE(check({a, b}, no_generators).empty());
  b.after = {"a"};
  EXPECT_EQ(check({a, b}, no_generators).size(), 1u);
}

TEST(sources, every_target_that_does_not_resolve_is_named) {
  recording_port port;
  auto route = of_file("a", "x"), lane = of_file("b", "x"), keyless = of_file("c", "x"), keyed = of_file("d", "x");
  route.entity = "/nowhere/{id}";
  lane.lane = "rumours";
  keyless.key.clear();
  keyed.lane = "profile";
  try {
    sources s({route, lane, keyless, keyed}, port, no_generators);
    FAIL();
  } catch (const source_error& e) {
    ASSERT_EQ(e.problems().size(), 4u);
    EXPECT_EQ(e.problems()[0].field, "entity");
    EXPECT_EQ(e.problems()[1].field, "lane");
    EXPECT_THAT(e.problems()[2].text, HasSubstr("needs 'key:'"));
    EXPECT_THAT(e.problems()[3].text, HasSubstr("takes no 'key:'"));
    EXPECT_THAT(e.what(), HasSubstr("source 'b': lane: no lane 'rumours'"));
  }
}

TEST(sources, after_starts_a_source_once_the_other_is_applied_and_load_holds_ready_back) {
  const temporary_file one("{\"customer_id\":1,\"id\":1}\n"), two("{\"customer_id\":2,\"id\":2}\n");
  auto first = of_file("first", one.path()), second = of_file("second", two.path());
  second.after = {"first"};
  second.load = true;
  recording_port port;
  port.hold();
  sources s({second, first}, port, no_generators);
  EXPECT_FALSE(s.all_assigned());
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[1].state == source_state::ended; }));
  EXPECT_EQ(s.status()[0].state, source_state::waiting);
  EXPECT_TRUE(s.all_assigned());
  EXPECT_FALSE(s.ready());
  EXPECT_EQ(port.count(), 1u);
  EXPECT_EQ(port.complete(1), 1u);
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[0].state == source_state::ended; }));
  EXPECT_FALSE(s.ready()) << "read, not applied";
  port.let_go();
  EXPECT_TRUE(s.ready());
  EXPECT_THAT(port.values(), ElementsAre("{\"customer_id\":1,\"id\":1}", "{\"customer_id\":2,\"id\":2}"));
}

TEST(sources, stop_ends_sources_that_still_wait) {
  const temporary_file one("{\"customer_id\":1,\"id\":1}\n");
  auto first = of_file("first", one.path()), second = of_file("second", one.path());
  second.after = {"first"};
  recording_port port;
  port.hold();
  sources s({first, second}, port, no_generators);
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[0].state == source_state::ended; }));
  const auto began = std::chrono::steady_clock::now();
  s.stop(seconds{5});
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{2});
  EXPECT_EQ(s.status()[1].state, source_state::stopped);
  port.let_go();
}

}  // namespace
}  // namespace twinlane::ingest
