// One customer of the ratings example, with no actor system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ratings/customer.hpp>

#include <lanes/twin.hpp>

namespace tests {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::int64_t start_ms = 1'700'000'100'000;  // a multiple of 15 minutes
constexpr std::int64_t minute_ms = 60'000;

class ratings_customer : public testing::Test {
 protected:
  ratings_customer() { who.now_ms = start_ms; }

  void become(const char* status) {
    who.put(
        "profile", {},
        json{
            {"id", 2}, {"first_name", "Ruthie"}, {"last_name", "Brock"}, {"email", "rb@x.org"}, {"club_status", status}}
            .dump());
  }
  void rate(int stars, std::int64_t at = start_ms, const char* channel = "web") {
    who.put("rated", {},
            json{{"rating_id", ++ratings}, {"user_id", 2}, {"stars", stars}, {"channel", channel}, {"message", "so"}}
                .dump(),
            at);
  }
  json lane(const char* name) const { return who.document().value(name, json()); }
  /// One field of a log's entries, in their order.
  template <class T>
  std::vector<T> each(const char* log, const char* field) const {
    std::map<int, T> in_order;
    const auto entries = lane(log);
    for (const auto& [number, entry] : entries.items()) in_order[std::stoi(number)] = entry.at(field);
    std::vector<T> out;
    for (auto& [number, value] : in_order) out.push_back(std::move(value));
    return out;
  }

  twin_test::twin<ratings::customer> who;
  int ratings = 0;
};

TEST_F(ratings_customer, a_rating_is_enriched_with_what_is_known_at_that_moment) {
  become("platinum");
  rate(4, start_ms + 5);
  EXPECT_EQ(lane("ratings").at("1"), json({{"rating_id", 1},
                                           {"stars", 4},
                                           {"channel", "web"},
                                           {"message", "so"},
                                           {"full_name", "Ruthie Brock"},
                                           {"club_status", "platinum"},
                                           {"email", "rb@x.org"},
                                           {"at", start_ms + 5}}));
}

TEST_F(ratings_customer, after_a_change_of_status_the_next_rating_says_so_and_earlier_ones_stay) {
  become("platinum");
  rate(1);
  become("bronze");
  rate(1);
  EXPECT_THAT(each<std::string>("ratings", "club_status"), ElementsAre("platinum", "bronze"));
  EXPECT_EQ(lane("unhappy").size(), 1u);
  EXPECT_EQ(lane("profile").at("full_name"), "Ruthie Brock");
}

TEST_F(ratings_customer, a_row_that_says_the_same_again_is_no_change) {
  become("gold");
  const auto rev = who.rev();
  become("gold");
  EXPECT_EQ(who.rev(), rev);
}

TEST_F(ratings_customer, test_channels_are_split_off_in_any_case) {
  become("gold");
  for (const char* channel : {"iOS-test", "TEST", "latest", "android-TeSt-2", "web", "tes", "t-est"})
    rate(3, start_ms, channel);
  EXPECT_EQ(lane("counts"), json({{"ratings", 7}, {"live", 3}, {"test", 4}, {"enriched", 3}, {"unhappy", 0}}));
  EXPECT_THAT(each<std::string>("ratings", "channel"), ElementsAre("web", "tes", "t-est"));
}

TEST_F(ratings_customer, only_platinum_with_less_than_three_stars_is_unhappy) {
  become("platinum");
  for (const int stars : {1, 2, 3, 5}) rate(stars);
  become("gold");
  rate(1);
  EXPECT_THAT(each<int>("unhappy", "stars"), ElementsAre(1, 2));
}

TEST_F(ratings_customer, an_unhappy_rating_goes_to_its_sink_under_the_full_name) {
  become("platinum");
  std::vector<std::pair<std::string, std::string>> out;
  who.run([&](twinlane::turn& t) {
    ASSERT_TRUE(who.apply(t, "rated", {}, R"({"rating_id": 1, "stars": 2, "channel": "web"})", start_ms));
    for (const auto& e : t.emissions) out.emplace_back(e.sink, e.key);
  });
  using sent = std::pair<std::string, std::string>;
  EXPECT_THAT(out, ElementsAre(sent("enriched", ""), sent("unhappy", "Ruthie Brock")));
}

TEST_F(ratings_customer, segment_and_desk_hear_of_it_and_of_what_the_turn_added_to_the_counts) {
  become("platinum");
  rate(5);
  who.run([&](twinlane::turn& t) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(who.apply(t, "rated", {}, R"({"stars": 1, "channel": "web"})", start_ms));
  });
  std::map<std::string, int> heard;
  for (const auto& m : who.sent()) ++heard[m.uri + ' ' + m.lane];
  EXPECT_EQ(heard, (std::map<std::string, int>{
                       {"/desk/main latest", 3}, {"/segment/platinum latest", 3}, {"/desk/main counted", 1}}));
  EXPECT_EQ(json::parse(who.sent().back().value),
            json({{"ratings", 3}, {"live", 3}, {"test", 0}, {"enriched", 3}, {"unhappy", 3}}));
}

TEST_F(ratings_customer, a_status_that_no_uri_can_carry_has_no_segment) {
  become("");
  rate(5);
  for (const auto& m : who.sent()) EXPECT_EQ(m.uri, "/desk/main");
  EXPECT_EQ(lane("ratings").size(), 1u);
}

TEST_F(ratings_customer, ratings_before_the_customer_wait_and_are_enriched_with_their_own_times) {
  rate(1, start_ms);
  rate(2, start_ms + 20 * minute_ms);
  EXPECT_EQ(lane("ratings"), json::object());
  EXPECT_EQ(lane("waiting").size(), 2u);
  become("platinum");
  EXPECT_THAT(each<std::int64_t>("ratings", "at"), ElementsAre(start_ms, start_ms + 20 * minute_ms));
  EXPECT_EQ(lane("waiting"), json::object());
  EXPECT_EQ(lane("per_15m").size(), 2u);
}

TEST_F(ratings_customer, of_those_that_wait_the_last_hundred_are_kept) {
  for (int i = 0; i < 130; ++i) rate(3, start_ms + i);
  become("gold");
  const auto ids = each<int>("ratings", "rating_id");
  ASSERT_EQ(ids.size(), 100u);
  EXPECT_EQ(ids.front(), 31);
  EXPECT_EQ(ids.back(), 130);
}

TEST_F(ratings_customer, whoever_does_not_come_within_ten_minutes_is_not_waited_for) {
  const auto ages_ago = start_ms - 400 * 24 * 60 * minute_ms;
  rate(1, ages_ago);
  who.now_ms += 5 * minute_ms;
  rate(2, ages_ago);
  who.reload();
  who.now_ms = start_ms + 10 * minute_ms - 1;
  who.tick();
  EXPECT_EQ(lane("waiting").size(), 2u);
  who.now_ms = start_ms + 10 * minute_ms;
  who.tick();
  EXPECT_EQ(lane("waiting").size(), 1u);
  EXPECT_EQ(who->next_timer_ms(), start_ms + 15 * minute_ms);
  become("gold");
  EXPECT_THAT(each<int>("ratings", "stars"), ElementsAre(2));
  EXPECT_EQ(who->next_timer_ms(), twinlane::lane_base::never);
}

TEST_F(ratings_customer, ratings_after_the_customers_row_is_deleted_wait_again) {
  become("gold");
  rate(3);
  who.run([&](twinlane::turn& t) { ASSERT_TRUE(who.remove(t, "profile")); });
  rate(4);
  EXPECT_EQ(lane("ratings").size(), 1u);
  EXPECT_EQ(lane("waiting").size(), 1u);
}

TEST_F(ratings_customer, stars_are_listed_in_the_order_of_their_arrival) {
  become("gold");
  rate(4, start_ms + 3);
  rate(2, start_ms + 1);
  rate(3, start_ms + 2);
  const auto w = lane("per_15m").at(std::to_string(start_ms));
  EXPECT_EQ(w.at("value").at("stars"), json({4, 2, 3}));
  EXPECT_EQ(w.at("end"), start_ms + 15 * minute_ms);
}

TEST_F(ratings_customer, a_late_rating_merges_two_sessions) {
  become("gold");
  rate(3, start_ms);
  rate(3, start_ms + 50'000);
  ASSERT_EQ(lane("sessions").size(), 2u);
  rate(3, start_ms + 25'000);
  const auto sessions = lane("sessions");
  ASSERT_EQ(sessions.size(), 1u);
  const auto& one = sessions.at(std::to_string(start_ms));
  EXPECT_EQ(one.at("end"), start_ms + 50'000);
  EXPECT_EQ(one.at("value").at("n"), 3);
}

TEST_F(ratings_customer, a_rating_later_than_the_grace_changes_no_window) {
  become("gold");
  rate(3, start_ms);
  rate(3, start_ms + 40 * minute_ms);
  const auto before = lane("per_15m");
  rate(1, start_ms + 1);
  EXPECT_EQ(lane("per_15m"), before);
  EXPECT_EQ(lane("ratings").size(), 3u);
}

}  // namespace
}  // namespace tests
