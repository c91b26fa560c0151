#include <stdexcept>
#include <string>

#include "hosted.hpp"

namespace host_test {
namespace {

TEST(replica, begins_with_what_is_and_follows_a_birth) {
  hosted h;
  replica watch{h.on, "/account/1"};
  ASSERT_TRUE(watch.next(patience));
  EXPECT_FALSE(watch.exists());
  EXPECT_EQ(watch.document(), json::object());

  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 5));
  ASSERT_TRUE(watch.next(patience));
  EXPECT_TRUE(watch.exists());
  EXPECT_TRUE(watch.patch().is_null());
  EXPECT_EQ(watch.document()["sum"], 5);
  ASSERT_FALSE(in.put("/account/1", "amounts", "2", 6));
  ASSERT_TRUE(watch.next(patience));
  EXPECT_EQ(watch.patch(), json::parse(R"({"amounts":{"2":6},"sum":11})"));
  EXPECT_EQ(watch.rev(), 2u);
  EXPECT_EQ(watch.document(), h.document("/account/1"));
  EXPECT_FALSE(watch.next(5ms));
}

TEST(replica, folds_what_it_is_told_to_what_get_returns) {
  hosted h;
  feed in{h.on, "in"};
  replica watch{h.on, "/account/1"};
  for (int n = 0; n < 500; ++n) ASSERT_FALSE(in.put("/account/1", "amounts", std::to_string(n % 7), n));
  ASSERT_TRUE(in.wait(patience));
  const auto end = h.document("/account/1");
  while (watch.document() != end) ASSERT_TRUE(watch.next(patience));
}

TEST(replica, goes_on_with_the_whole_when_more_comes_than_may_wait) {
  hosted h;
  feed in{h.on, "in"};
  replica watch{h.on, "/account/1", {}, 3};
  for (int n = 0; n < 50; ++n) {
    ASSERT_FALSE(in.put("/account/1", "amounts", std::to_string(n), n));
    ASSERT_TRUE(in.wait(patience));
  }
  ASSERT_TRUE(watch.next(patience));
  EXPECT_TRUE(watch.patch().is_null());
  EXPECT_EQ(watch.document(), h.document("/account/1"));
  ASSERT_FALSE(in.put("/account/1", "amounts", "50", 50));
  ASSERT_TRUE(watch.next(patience));
  EXPECT_EQ(watch.patch()["amounts"], json::parse(R"({"50":50})"));
}

TEST(replica, sees_the_lanes_that_it_asked_for) {
  hosted h;
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 5));
  ASSERT_TRUE(in.wait(patience));
  replica watch{h.on, "/account/1", {false, {"sum"}}};
  ASSERT_TRUE(watch.next(patience));
  EXPECT_EQ(watch.document(), json::parse(R"({"sum":5})"));
}

TEST(replica, brings_events_of_supply_lanes_and_leaves_the_document_alone) {
  hosted h;
  feed in{h.on, "in"};
  replica watch{h.on, "/siren/1"};
  ASSERT_FALSE(in.put("/siren/1", "alarms", 7));
  while (!watch.emitted()) ASSERT_TRUE(watch.next(patience));
  EXPECT_EQ(watch.emitted()->lane, "alarms");
  EXPECT_EQ(watch.emitted()->value, 7);
  EXPECT_TRUE(watch.patch().is_null());
  EXPECT_EQ(watch.document(), h.document("/siren/1"));
  ASSERT_FALSE(in.put("/siren/1", "alarms", 8));
  ASSERT_TRUE(watch.next(patience));
  EXPECT_EQ(watch.emitted()->value, 8);
}

TEST(replica, refuses_what_nothing_has) {
  hosted h;
  EXPECT_THROW(replica(h.on, "/nowhere/1"), std::invalid_argument);
  EXPECT_THROW(replica(h.on, "/account/1", {false, {"nothing"}}), std::invalid_argument);
}

TEST(replica, refuses_to_let_nothing_wait) {
  hosted h;
  EXPECT_THROW(replica(h.on, "/account/1", {}, 0), std::invalid_argument);
}

}  // namespace
}  // namespace host_test
