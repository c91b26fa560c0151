#include <gtest/gtest.h>

#include <support/fake_port.hpp>
#include <twinlane/web/conversation.hpp>

namespace twinlane::web {
namespace {

using std::chrono::milliseconds;

// A runtime that only notes who subscribes and pulls; the test speaks for it.
class noting_port final : public testing::fake_port {
 public:
  outcome<subscription> subscribe(const subscribe_request& r, std::shared_ptr<subscriber>, std::uint64_t tag) override {
    wanted.push_back(r);
    tags.push_back(tag);
    return subscription{nullptr, tag};
  }
  void unsubscribe(const subscription& s) override { left.push_back(s.id); }
  void pull(const subscription& s) override { pulled.push_back(s.id); }

  std::vector<subscribe_request> wanted;
  std::vector<std::uint64_t> tags, left, pulled;
};

struct talking {
  explicit talking(std::size_t bound = 1'000) : out(std::make_shared<outbox>(bound, [] {})) {
    options o;
    o.outbound_bytes_max = bound;
    talk = std::make_unique<conversation>(o, port, lanes, out, subscriptions);
  }
  void say(std::string_view message) {
    EXPECT_FALSE(talk->receive(message, now));
    talk->advance();
  }
  bool snapshot_of(std::uint64_t tag, std::size_t bytes = 10) {
    snapshot s;
    s.tail = std::string(bytes, 's');
    return out->on_snapshot(tag, s);
  }
  bool diff_of(std::uint64_t tag, std::size_t bytes = 10, bool merged = false) {
    diff d;
    d.tail = std::string(bytes, 'd');
    d.merged = merged;
    return out->on_diff(tag, d);
  }
  // What goes out now, written at once; the number of frames.
  int flush() {
    int frames = 0;
    for (frame_batch b; talk->next(b, now); ++frames) talk->wrote(b);
    return frames;
  }

  std::shared_ptr<noting_port> port = std::make_shared<noting_port>();
  const resource_table lanes{testing::retail_types()};
  std::shared_ptr<outbox> out;
  std::atomic<std::size_t> subscriptions{0};
  std::unique_ptr<conversation> talk;
  steady_time now = std::chrono::steady_clock::now();
};

TEST(conversation, a_frame_of_short_and_long_messages_is_taken_off_each_ones_account) {
  talking t(4'000);
  for (int i = 0; i < 3; ++i) {
    t.out->reply(std::string(3'000, 's'));
    t.out->reply(std::string(20'000, 'l'));
    frame_batch frame;
    EXPECT_TRUE(t.talk->next(frame, t.now));
    EXPECT_GT(frame.bytes(), 23'000u);
    t.talk->wrote(frame);
    EXPECT_EQ(t.talk->outbound_bytes(), 0u);
    EXPECT_FALSE(t.talk->next(frame, t.now));
  }
}

TEST(conversation, what_was_refused_is_pulled_once_when_half_of_the_bound_is_free) {
  talking t;
  t.say(R"({"op":"sub","id":1,"uri":"/customer/1"})");
  const auto tag = t.port->tags.at(0);
  EXPECT_TRUE(t.snapshot_of(tag));
  EXPECT_EQ(t.flush(), 1);
  EXPECT_TRUE(t.diff_of(tag, 700));
  EXPECT_FALSE(t.diff_of(tag, 700));
  frame_batch b;
  EXPECT_TRUE(t.talk->next(b, t.now));
  t.talk->catch_up(t.now);
  EXPECT_TRUE(t.port->pulled.empty()) << "the first is on its way, so there is no room";
  t.talk->wrote(b);
  t.flush();
  for (int i = 0; i < 3; ++i) t.talk->catch_up(t.now);
  EXPECT_EQ(t.port->pulled, std::vector<std::uint64_t>{tag});
  EXPECT_TRUE(t.diff_of(tag, 700, true));
  EXPECT_EQ(t.flush(), 1);
  t.talk->catch_up(t.now);
  EXPECT_EQ(t.port->pulled.size(), 1u);
  EXPECT_TRUE(t.port->left.empty()) << "the subscription is the same";
}

TEST(conversation, a_first_snapshot_that_finds_no_room_is_pulled) {
  talking t;
  t.say(R"([{"op":"sub","id":1,"uri":"/customer/1"},{"op":"sub","id":2,"uri":"/customer/2"}])");
  EXPECT_TRUE(t.snapshot_of(t.port->tags.at(0), 700));
  EXPECT_EQ(t.flush(), 1);
  t.talk->advance();
  ASSERT_EQ(t.port->tags.size(), 2u);
  t.out->reply(std::string(900, 'r'));
  EXPECT_FALSE(t.snapshot_of(t.port->tags.at(1), 700));
  EXPECT_EQ(t.flush(), 1);
  t.talk->catch_up(t.now);
  EXPECT_EQ(t.port->pulled, std::vector<std::uint64_t>{t.port->tags.at(1)});
}

TEST(conversation, many_that_missed_something_are_pulled_a_few_at_a_time) {
  talking t(10'000);
  constexpr std::size_t count = 300;
  for (std::size_t i = 0; i < count; ++i) {
    t.say(R"({"op":"sub","id":)" + std::to_string(i) + R"(,"uri":"/customer/1"})");
    ASSERT_EQ(t.port->tags.size(), i + 1);
    EXPECT_TRUE(t.snapshot_of(t.port->tags[i]));
    t.flush();
  }
  t.out->reply(std::string(9'950, 'r'));
  for (const auto tag : t.port->tags) EXPECT_FALSE(t.diff_of(tag, 500));
  t.flush();
  std::size_t told = 0;
  while (told < count) {
    t.talk->catch_up(t.now);
    const auto pulled = t.port->pulled.size();
    ASSERT_GT(pulled, told) << "each makes room for others";
    EXPECT_LE(pulled - told, 64u);
    for (; told < pulled; ++told) t.diff_of(t.port->pulled[told], 50, true);
    t.flush();
  }
  EXPECT_EQ(t.port->pulled, t.port->tags);
}

TEST(conversation, pulls_that_nothing_answers_hold_up_others_for_a_second) {
  talking t(1'000);
  for (int i = 0; i < 2; ++i) {
    t.say(R"({"op":"sub","id":)" + std::to_string(i) + R"(,"uri":"/customer/1"})");
    EXPECT_TRUE(t.snapshot_of(t.port->tags.at(static_cast<std::size_t>(i)), 400));
    t.flush();
  }
  t.out->reply(std::string(900, 'r'));
  for (const auto tag : t.port->tags) EXPECT_FALSE(t.diff_of(tag, 500));
  t.flush();
  t.talk->catch_up(t.now);
  EXPECT_EQ(t.port->pulled.size(), 1u) << "no two of them are known to fit";
  EXPECT_EQ(t.talk->next_due(), t.now + std::chrono::seconds{1});
  t.now += std::chrono::seconds{1};
  t.talk->catch_up(t.now);
  EXPECT_EQ(t.port->pulled, t.port->tags);
  EXPECT_TRUE(t.talk->wants_more()) << "nor does it keep the client from speaking";
}

TEST(conversation, a_rate_lets_the_next_diff_come_when_its_time_has_come) {
  talking t;
  t.say(R"({"op":"sub","id":1,"uri":"/customer/1","max_rate":10})");
  const auto tag = t.port->tags.at(0);
  EXPECT_TRUE(t.snapshot_of(tag));
  EXPECT_EQ(t.flush(), 1);
  EXPECT_FALSE(t.talk->next_due());
  EXPECT_TRUE(t.diff_of(tag));
  EXPECT_EQ(t.flush(), 1);
  EXPECT_EQ(t.talk->next_due(), t.now + milliseconds{100});
  EXPECT_FALSE(t.diff_of(tag));
  t.now += milliseconds{99};
  t.talk->catch_up(t.now);
  EXPECT_TRUE(t.port->pulled.empty());
  t.now += milliseconds{1};
  t.talk->catch_up(t.now);
  EXPECT_EQ(t.port->pulled, std::vector<std::uint64_t>{tag});
  EXPECT_FALSE(t.talk->next_due());
  EXPECT_TRUE(t.diff_of(tag, 10, true));
  EXPECT_EQ(t.flush(), 1);
  t.now += milliseconds{100};
  t.talk->catch_up(t.now);
  EXPECT_EQ(t.port->pulled.size(), 1u) << "it missed nothing";
  EXPECT_TRUE(t.diff_of(tag));
}

TEST(conversation, a_subscription_that_ends_waits_for_no_time) {
  talking t;
  t.say(R"({"op":"sub","id":1,"uri":"/customer/1","max_rate":0.001})");
  EXPECT_TRUE(t.snapshot_of(t.port->tags.at(0)));
  EXPECT_TRUE(t.diff_of(t.port->tags.at(0)));
  t.flush();
  EXPECT_EQ(t.talk->next_due(), t.now + std::chrono::seconds{1000});
  EXPECT_FALSE(t.diff_of(t.port->tags.at(0)));
  t.say(R"({"op":"unsub","id":1})");
  EXPECT_FALSE(t.talk->next_due());
  t.talk->catch_up(t.now + std::chrono::hours{1});
  EXPECT_TRUE(t.port->pulled.empty());
}

TEST(conversation, lanes_fields_and_what_the_client_has_go_to_the_runtime) {
  talking t;
  t.say(R"({"op":"sub","id":1,"uri":"/customer/1","lanes":["profile","orders"],"life":true,)"
        R"("fields":["profile.name","prefs"],"resume":{"lineage":"k","rev":17}})");
  const auto& r = t.port->wanted.at(0);
  EXPECT_FALSE(r.what.all);
  EXPECT_EQ(r.what.lanes, std::vector<std::string>{"profile"});
  ASSERT_TRUE(r.what.fields);
  EXPECT_EQ(*r.what.fields, field_set::of({{"profile", "name"}}));
  EXPECT_TRUE(r.life);
  ASSERT_TRUE(r.resume);
  EXPECT_EQ(r.resume->lineage, "k");
  EXPECT_EQ(r.resume->rev, 17u);
  t.snapshot_of(t.port->tags.at(0));
  t.flush();
  t.say(R"({"op":"sub","id":2,"uri":"/customer/1","fields":["profile","orders"]})");
  EXPECT_FALSE(t.port->wanted.at(1).what.fields) << "whole lanes need no paths";
  EXPECT_EQ(t.port->wanted.at(1).what.lanes, (std::vector<std::string>{"profile", "orders"}));
}

}  // namespace
}  // namespace twinlane::web
