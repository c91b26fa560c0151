#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin.hpp"

using namespace twin_test;

namespace {

struct diary final : agent {
  using agent::agent;
  log_lane<item> all{*this, "all", did_update<&diary::wrote>};
  log_lane<item> last{*this, "last", keep_last(3), did_remove<&diary::left>};
  log_lane<int> many{*this, "many", keep_last(1000)};
  log_lane<int> young{*this, "young", keep_for(std::chrono::milliseconds{1000})};
  log_lane<json> free{*this, "free"};

  std::vector<std::string> seen;
  bool fail = false;

 private:
  void wrote(std::uint64_t sequence, const item& now) {
    seen.push_back(std::to_string(sequence) + now.name);
    if (fail) throw std::runtime_error("no");
  }
  void left(std::uint64_t sequence, const item& gone) {
    seen.push_back("left " + std::to_string(sequence) + gone.name);
  }
};

TEST(log_lane, numbers_entries_from_one_and_equal_entries_are_all_kept) {
  twin<diary> t;
  EXPECT_EQ(t.document()["all"], json::object());
  const auto patch = t.run([&](turn& in) {
    for (int i = 0; i < 3; ++i) t.apply(in, "all", "", R"({"name":"a"})");
  });
  EXPECT_EQ(patch["all"].size(), 3u);
  EXPECT_EQ(patch["all"]["3"]["name"], "a");
  EXPECT_THAT(t->seen, testing::ElementsAre("1a", "2a", "3a"));
}

TEST(log_lane, count_drops_the_oldest_and_what_never_was_seen_is_not_in_the_patch) {
  twin<diary> t;
  t.put("last", "", R"({"name":"a"})");
  const auto patch = t.run([&](turn& in) {
    for (const char* name : {"b", "c", "d", "e", "f"})
      t.apply(in, "last", "", R"({"name":")" + std::string(name) + "\"}");
  });
  EXPECT_EQ(patch, json::parse(R"({"last":{"1":null,"4":{"name":"d","price":0},"5":{"name":"e","price":0},
                                            "6":{"name":"f","price":0}}})"));
  EXPECT_THAT(t->seen, testing::ElementsAre("left 1a", "left 2b", "left 3c"));
}

TEST(log_lane, undone_turn_gives_its_numbers_back_and_others_are_never_reused) {
  twin<diary> t;
  t.put("all", "", R"({"name":"a"})");
  const auto before = t.document_text();
  t->fail = true;
  EXPECT_THROW(t.put("all", "", R"({"name":"b"})"), std::runtime_error);
  t->fail = false;
  EXPECT_EQ(t.document_text(), before);
  EXPECT_TRUE(t.put("all", "", R"({"name":"c"})")["all"].contains("2"));
  for (int i = 0; i < 5; ++i) t.put("last", "", "{}");
  EXPECT_EQ(t.put("last", "", "{}"), json::parse(R"({"last":{"3":null,"6":{"name":"","price":0}}})"));
}

TEST(log_lane, long_log_keeps_its_newest_thousand) {
  twin<diary> t;
  for (int turns = 0; turns < 30; ++turns)
    t.run([&](turn& in) {
      for (int i = 0; i < 100; ++i) t.apply(in, "many", "", std::to_string(i));
    });
  EXPECT_EQ(t->many.size(), 1000u);
  EXPECT_EQ(t->many.begin()->key, 2001u);
  EXPECT_EQ(*t->many.find(3000), 99);
}

TEST(log_lane, age_drops_by_event_time_even_from_the_middle) {
  twin<diary> t;
  t.put("young", "", "1", 9'500);
  t.put("young", "", "2", 9'000);
  t.put("young", "", "3", 9'900);
  t.now_ms = 10'000;
  EXPECT_EQ(t.tick(), json::parse(R"({"young":{"2":null}})"));
  t.now_ms = 10'900;
  EXPECT_EQ(t.tick(), json::parse(R"({"young":{"1":null,"3":null}})"));
  EXPECT_TRUE(t.put("young", "", "4", 10'900)["young"].contains("4"));
}

TEST(log_lane, takes_new_entries_alone) {
  twin<diary> t;
  t.put("all", "", R"({"name":"a"})");
  t.run([&](turn& in) {
    EXPECT_EQ(t.remove(in, "all", "1").code, lane_errc::bad_value);
    EXPECT_EQ(in.apply(t.lane_of("all"), {lane_input::kind::patch, "1", padded("{}").view(), {}}, 0).code,
              lane_errc::bad_value);
    EXPECT_EQ(t.apply(in, "all", "", "[1]").code, lane_errc::bad_value);
  });
  EXPECT_EQ(t->all.size(), 1u);
  EXPECT_THROW(t->all.append({}), std::logic_error);
}

TEST(log_lane, null_is_no_entry) {
  twin<diary> t;
  t.run([&](turn& in) { EXPECT_EQ(t.apply(in, "free", "", "null").code, lane_errc::bad_value); });
  EXPECT_THROW(t.act([](diary& d) { d.free.append(nullptr); }), lane_error);
  EXPECT_EQ(t.document()["free"], json::object());
  EXPECT_EQ(t.put("free", "", R"({"a":null,"b":1})"), json::parse(R"({"free":{"1":{"b":1}}})"));
}

TEST(log_lane, cannot_be_declared_writable) {
  struct wrong final : agent {
    using agent::agent;
    log_lane<int> l{*this, "l", writable};
  };
  EXPECT_THROW(make_agent_type<wrong>("t", "/t/:id"), std::invalid_argument);
}

TEST(log_lane, for_each_change_tells_new_and_dropped_entries) {
  twin<diary> t;
  for (int i = 0; i < 3; ++i) t.put("last", "", R"({"name":"old"})");
  std::vector<std::string> told;
  t.act([&](diary& d) {
    d.last.append({"new", 0, {}});
    d.last.for_each_change([&](std::uint64_t n, const item* now, const item* before) {
      told.push_back(std::to_string(n) + (before ? before->name : "-") + ">" + (now ? now->name : "-"));
    });
  });
  EXPECT_THAT(told, testing::ElementsAre("1old>-", "4->new"));
}

}  // namespace
