#include <twinlane/ingest/event_time.hpp>

#include <gtest/gtest.h>

namespace twinlane::ingest {
namespace {

TEST(event_time, integers_are_milliseconds_since_the_epoch) {
  EXPECT_EQ(parse_event_time("0"), 0);
  EXPECT_EQ(parse_event_time("1763700000123"), 1763700000123);
  EXPECT_EQ(parse_event_time("-1000"), -1000);
}

TEST(event_time, integers_count_in_the_unit_that_is_given) {
  EXPECT_EQ(parse_event_time("1763700000", time_unit::seconds), 1763700000000);
  EXPECT_EQ(parse_event_time("1763700000123456", time_unit::microseconds), 1763700000123);
  EXPECT_EQ(parse_event_time("1763700000123456789", time_unit::nanoseconds), 1763700000123);
  EXPECT_EQ(parse_event_time("-1", time_unit::microseconds), -1);
  EXPECT_EQ(parse_event_time("-1000001", time_unit::nanoseconds), -2);
  EXPECT_EQ(parse_event_time("2026-03-01", time_unit::seconds), parse_event_time("2026-03-01"));
  EXPECT_FALSE(parse_event_time("1763700000000", time_unit::seconds).has_value());
}

TEST(event_time, seconds_may_have_a_fraction) {
  EXPECT_EQ(parse_event_time("1763700000.123", time_unit::seconds), 1763700000123);
  EXPECT_EQ(parse_event_time("1763700000.123456789", time_unit::seconds), 1763700000123);
  EXPECT_EQ(parse_event_time("1.763700000123E9", time_unit::seconds), 1763700000123);
  for (const auto* bad : {"nan", "inf", "1e400", "1e20", "1.5x", ".", "-"})
    EXPECT_FALSE(parse_event_time(bad, time_unit::seconds).has_value()) << bad;
}

TEST(event_time, rfc_3339_text_is_read_with_its_offset) {
  EXPECT_EQ(parse_event_time("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_event_time("2026-03-01T10:15:00.250+01:00"), 1772356500250);
  EXPECT_EQ(parse_event_time("2026-03-01t09:15:00.25z"), 1772356500250);
  EXPECT_EQ(parse_event_time("2026-03-01T04:45:00.2509999-04:30"), 1772356500250);
  EXPECT_EQ(parse_event_time("2026-03-01T10:15:00.250+0100"), 1772356500250);
  EXPECT_EQ(parse_event_time("2026-03-01 09:15:00.25"), 1772356500250);
  EXPECT_EQ(parse_event_time("2024-02-29"), 1709164800000);
  EXPECT_EQ(parse_event_time("2016-12-31T23:59:60Z"), parse_event_time("2017-01-01T00:00:00Z"));
  EXPECT_EQ(parse_event_time("0000-01-01"), -62167219200000);
  EXPECT_EQ(parse_event_time("9999-12-31T23:59:59.999Z"), 253402300799999);
}

TEST(event_time, everything_else_is_nothing) {
  for (const auto* bad : {"",
                          " ",
                          "now",
                          "12.5",
                          "1e12",
                          "1763700000123456789",
                          "99999999999999999999",
                          "2026-3-1",
                          "2026-02-29",
                          "2026-13-01",
                          "2026-01-01T",
                          "2026-01-01T24:00:00Z",
                          "2026-01-01T10:60:00Z",
                          "2026-01-01T10:00:61Z",
                          "2026-01-01T10:00:00.Z",
                          "2026-01-01T10:00:00+1:00",
                          "2026-01-01T10:00:00+01",
                          "2026-01-01T10:00:00+24:00",
                          "2026-01-01T10:00:00Zx",
                          "2026-01-01x10:00:00Z",
                          "20260101T100000Z",
                          "1 "})
    EXPECT_FALSE(parse_event_time(bad).has_value()) << bad;
}

}  // namespace
}  // namespace twinlane::ingest
