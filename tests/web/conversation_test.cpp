#include <gtest/gtest.h>

#include <support/fake_port.hpp>
#include <twinlane/web/conversation.hpp>

namespace twinlane::web {
namespace {

TEST(conversation, a_frame_of_short_and_long_messages_is_taken_off_each_ones_account) {
  options o;
  o.outbound_bytes_max = 4'000;
  auto out = std::make_shared<outbox>(o.outbound_bytes_max, [] {});
  std::atomic<std::size_t> subscriptions{0};
  const resource_table lanes(testing::retail_types());
  conversation talk(o, std::make_shared<testing::fake_port>(), lanes, out, subscriptions);
  for (int i = 0; i < 3; ++i) {
    out->reply(std::string(3'000, 's'));
    out->reply(std::string(20'000, 'l'));
    frame_batch frame;
    EXPECT_TRUE(talk.next(frame));
    EXPECT_GT(frame.bytes(), 23'000u);
    talk.wrote(frame);
    EXPECT_EQ(talk.outbound_bytes(), 0u);
    EXPECT_FALSE(talk.next(frame));
  }
}

}  // namespace
}  // namespace twinlane::web
