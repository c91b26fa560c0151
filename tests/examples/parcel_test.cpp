#include <embedded/parcel.hpp>

// snippet: first
#include <chrono>

#include <gtest/gtest.h>
#include <twinlane/testing.hpp>

using namespace std::chrono_literals;
using twinlane::testing::twin;

TEST(parcel, is_where_it_was_seen_last) {
  twin<parcel> p{"/parcel/7"};
  p.feed("scans", "", R"({"place":"Porto","what":"collected"})");
  p.feed("scans", "", R"({"place":"Lyon","what":"moved"})");
  EXPECT_EQ(p->state->place, "Lyon");
  EXPECT_EQ(p->state->scans, 2);
  EXPECT_EQ(p.diffs().back()["state"], nlohmann::json::parse(R"({"place":"Lyon","scans":2})"));
}
// end

// snippet: time
TEST(parcel, is_late_when_nobody_sees_it_for_two_days) {
  twin<parcel> p{"/parcel/7"};
  p.feed("scans", "", R"({"place":"Porto","what":"collected"})");
  p.advance(47h);
  EXPECT_FALSE(p->state->late);
  p.advance(1h);
  EXPECT_TRUE(p->state->late);
  p.feed("scans", "", R"({"place":"Lyon","what":"moved"})");
  EXPECT_FALSE(p->state->late);
}

TEST(parcel, is_not_waited_for_once_delivered) {
  twin<parcel> p{"/parcel/7"};
  p.feed("scans", "", R"({"place":"Nice","what":"delivered"})");
  p.advance(1'000h);
  EXPECT_FALSE(p->state->late);
}
// end

// snippet: command
TEST(parcel, is_redirected_until_it_is_delivered) {
  twin<parcel> p{"/parcel/7"};
  EXPECT_EQ(p.command("redirect", R"("Nice")").value(), "Nice");
  p.feed("scans", "", R"({"place":"Nice","what":"delivered"})");
  const auto said = p.command("redirect", R"("Oslo")");
  EXPECT_TRUE(said.refused);
  EXPECT_EQ(said.text, "it is delivered already");
  EXPECT_EQ(p->state->to, "Nice");
}
// end

// snippet: restart
TEST(parcel, remembers_after_a_restart_since_when_it_is_unseen) {
  twin<parcel> p{"/parcel/7"};
  p.feed("scans", "", R"({"place":"Porto","what":"collected"})");
  p.advance(24h);
  p.restart();
  EXPECT_EQ(p->state->place, "Porto");
  p.advance(24h);
  EXPECT_TRUE(p->state->late);
}
// end

// snippet: failure
TEST(parcel, stays_as_it_was_when_a_scan_cannot_be_read) {
  twin<parcel> p{"/parcel/7"};
  p.feed("scans", "", R"({"place":"Porto","what":"collected"})");
  EXPECT_FALSE(p.feed("scans", "", R"({"place":7})"));
  EXPECT_EQ(p.failures().back().what, "scans");
  EXPECT_EQ(p->state->place, "Porto");
}
// end
