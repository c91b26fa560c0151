#include <gtest/gtest.h>
#include <twinlane/runtime/detail/outbox.hpp>

using twinlane::detail::outbox_item;

namespace {

const outbox_item message{outbox_item::kind::message, 3, "/a/1", "in", "k", "{\"n\":1}", {}, -5};

std::string text_of(const outbox_item& i) {
  std::string text;
  i.append(text);
  return text;
}

TEST(outbox_item, reads_back_what_it_wrote) {
  const auto text = text_of(message);
  outbox_item i;
  ASSERT_TRUE(i.parse(text));
  EXPECT_EQ(i.what, message.what);
  EXPECT_EQ(i.number, 3);
  EXPECT_EQ(i.uri, "/a/1");
  EXPECT_EQ(i.lane, "in");
  EXPECT_EQ(i.key, "k");
  EXPECT_EQ(i.value, "{\"n\":1}");
  EXPECT_EQ(i.by, "");
  EXPECT_EQ(i.event_ms, -5);
}

TEST(outbox_item, of_a_version_that_kept_no_event_time_has_none) {
  outbox_item i = message;
  ASSERT_TRUE(i.parse("m3 4:/a/12:in1:k7:{\"n\":1}0:"));
  EXPECT_EQ(i.value, "{\"n\":1}");
  EXPECT_FALSE(i.event_ms);
}

TEST(outbox_item, that_is_cut_short_or_goes_on_is_refused) {
  const auto text = text_of(message);
  outbox_item i;
  // Before the event time, it is an older item.
  for (std::size_t n = 0; n + 3 < text.size(); ++n) EXPECT_FALSE(i.parse(text.substr(0, n))) << n;
  EXPECT_FALSE(i.parse(text + " "));
  EXPECT_FALSE(i.parse(text + "x"));
  EXPECT_FALSE(i.parse('x' + text.substr(1)));
}

}  // namespace
