#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>

#include <twinlane/web/outbox.hpp>
#include <twinlane/web/token_bucket.hpp>

namespace twinlane::web {
namespace {

diff a_diff(std::size_t bytes, std::uint64_t from = 1) {
  diff d;
  d.from = from;
  d.rev = from + 1;
  d.tail = std::string(bytes, 'x');
  return d;
}

snapshot a_snapshot(std::size_t bytes) {
  snapshot s;
  s.tail = std::string(bytes, 's');
  return s;
}

supply_event an_event(std::size_t bytes) {
  supply_event e;
  e.tail = std::string(bytes, 'e');
  return e;
}

// What was taken, as `event D`, D being how many it says were dropped, or another letter.
std::string drained(outbox& o) {
  std::vector<outgoing> taken;
  std::vector<std::uint64_t> missed;
  std::string all;
  if (!o.take(taken, missed)) return all;
  for (const auto& m : taken) {
    if (!all.empty()) all += ' ';
    all += m.what == outgoing::kind::event  ? std::to_string(m.dropped)
           : m.what == outgoing::kind::diff ? "diff"
                                            : "snap";
    o.wrote(m.bytes(), o.large(m));
  }
  return all;
}

TEST(outbox, wakes_once_for_a_run_of_messages) {
  int woken = 0;
  outbox o(1 << 20, [&] { ++woken; });
  for (int i = 0; i < 100; ++i) o.on_diff(7, a_diff(10, i));
  EXPECT_EQ(woken, 1);
  std::vector<outgoing> taken;
  std::vector<std::uint64_t> missed;
  EXPECT_TRUE(o.take(taken, missed));
  ASSERT_EQ(taken.size(), 100u);
  EXPECT_EQ(taken[99].from, 99u);
  EXPECT_EQ(taken[99].tag, 7u);
  o.on_diff(7, a_diff(10));
  EXPECT_EQ(woken, 1) << "whoever took something comes back for more";
  taken.clear();
  EXPECT_TRUE(o.take(taken, missed));
  taken.clear();
  EXPECT_FALSE(o.take(taken, missed));
  o.reply("{}");
  EXPECT_EQ(woken, 2);
}

TEST(outbox, over_its_bound_it_refuses_what_comes_and_says_who_missed_it) {
  int woken = 0;
  outbox o(1000, [&] { ++woken; });
  EXPECT_TRUE(o.on_diff(1, a_diff(400, 1)));
  EXPECT_TRUE(o.on_diff(2, a_diff(400, 1)));
  const auto d = a_diff(400, 2);
  EXPECT_FALSE(o.on_diff(1, d));
  EXPECT_EQ(d.tail.use_count(), 1) << "the memory is released at once";
  EXPECT_LE(o.bytes(), 1000u);
  EXPECT_FALSE(o.overflowed());
  EXPECT_EQ(woken, 1);
  std::vector<outgoing> taken;
  std::vector<std::uint64_t> missed;
  EXPECT_TRUE(o.take(taken, missed));
  EXPECT_EQ(taken.size(), 2u);
  EXPECT_EQ(missed, std::vector<std::uint64_t>{1});
  for (const auto& m : taken) o.wrote(m.bytes(), false);
  taken.clear();
  missed.clear();
  diff merged = a_diff(1, 2);
  merged.merged = true;
  EXPECT_TRUE(o.on_diff(1, merged)) << "what is pulled is taken again";
  EXPECT_TRUE(o.on_diff(2, a_diff(1, 2)));
  EXPECT_TRUE(o.take(taken, missed));
  ASSERT_EQ(taken.size(), 2u);
  EXPECT_TRUE(taken[0].merged);
  EXPECT_FALSE(taken[1].merged);
  EXPECT_TRUE(missed.empty());
}

TEST(outbox, a_paced_tag_takes_one_diff_until_it_is_opened) {
  int woken = 0;
  outbox o(1000, [&] { ++woken; });
  o.pace(1);
  EXPECT_TRUE(o.on_snapshot(1, a_snapshot(10)));
  EXPECT_TRUE(o.on_diff(1, a_diff(10, 1))) << "a snapshot closes nobody";
  EXPECT_EQ(drained(o), "snap diff");
  EXPECT_EQ(drained(o), "");
  EXPECT_FALSE(o.on_diff(1, a_diff(10, 2)));
  EXPECT_EQ(drained(o), "") << "its time, not room, is what it waits for";
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(o.on_snapshot(1, a_snapshot(10)));
  EXPECT_FALSE(o.on_diff(1, a_diff(10, 3))) << "nor opens it";
  EXPECT_TRUE(o.on_diff(2, a_diff(10, 1)));
  EXPECT_TRUE(o.open(1)) << "it has missed something";
  EXPECT_TRUE(o.on_diff(1, a_diff(10, 2)));
  EXPECT_TRUE(o.open(1) == false && o.on_diff(1, a_diff(10, 3))) << "nothing missed, nothing to pull";
  EXPECT_FALSE(o.open(3));
}

TEST(outbox, a_paced_tag_without_room_is_told_of_once) {
  outbox o(1000, [] {});
  o.pace(1);
  EXPECT_TRUE(o.on_diff(1, a_diff(900, 1)));
  EXPECT_FALSE(o.on_snapshot(1, a_snapshot(900)));
  std::vector<outgoing> taken;
  std::vector<std::uint64_t> missed;
  EXPECT_TRUE(o.take(taken, missed));
  EXPECT_EQ(missed, std::vector<std::uint64_t>{1});
  EXPECT_FALSE(o.open(1)) << "or it would be pulled twice";
}

TEST(outbox, events_of_a_paced_tag_do_not_wait_for_its_diffs) {
  outbox o(1000, [] {});
  o.pace(1);
  o.on_diff(1, a_diff(10, 1));
  EXPECT_FALSE(o.on_diff(1, a_diff(10, 2)));
  o.on_event(1, an_event(10));
  EXPECT_EQ(drained(o), "diff 0");
}

TEST(outbox, whoever_missed_something_wakes_the_strand) {
  int woken = 0;
  outbox o(1000, [&] { ++woken; });
  o.on_diff(1, a_diff(900));
  std::vector<outgoing> taken, none;
  std::vector<std::uint64_t> missed;
  EXPECT_TRUE(o.take(taken, missed));
  EXPECT_FALSE(o.take(none, missed));
  o.on_diff(1, a_diff(900));
  EXPECT_EQ(woken, 2);
  EXPECT_TRUE(o.take(none, missed));
  EXPECT_EQ(missed.size(), 1u);
}

TEST(outbox, what_nothing_can_replace_has_four_times_the_room) {
  int woken = 0;
  outbox o(1000, [&] { ++woken; });
  o.on_diff(1, a_diff(800));
  for (int i = 0; i < 3; ++i) o.reply(std::string(800, 'r'));
  o.on_done(1, "error");
  EXPECT_FALSE(o.overflowed());
  o.reply(std::string(800, 'r'));
  EXPECT_TRUE(o.overflowed());
  EXPECT_EQ(o.bytes(), 0u);
  EXPECT_EQ(woken, 2) << "a strand that waits for a stuck write must hear of it";
  o.on_diff(1, a_diff(1));
  std::vector<outgoing> taken;
  std::vector<std::uint64_t> missed;
  EXPECT_FALSE(o.take(taken, missed));
}

TEST(outbox, what_was_taken_counts_until_it_is_written) {
  for (const bool written : {false, true}) {
    outbox o(1000, [] {});
    o.on_diff(1, a_diff(700));
    std::vector<outgoing> taken, more;
    std::vector<std::uint64_t> missed;
    o.take(taken, missed);
    EXPECT_EQ(o.bytes(), taken[0].bytes());
    if (written) o.wrote(taken[0].bytes(), false);
    o.on_diff(1, a_diff(700));
    o.take(more, missed);
    EXPECT_EQ(more.size(), written ? 1u : 0u);
    EXPECT_EQ(missed.size(), written ? 0u : 1u);
  }
}

TEST(outbox, one_message_above_the_bound_may_wait_and_not_two) {
  outbox o(1000, [] {});
  o.on_diff(1, a_diff(5000));
  o.on_diff(2, a_diff(500));
  o.on_diff(3, a_diff(5000));
  std::vector<outgoing> taken;
  std::vector<std::uint64_t> missed;
  EXPECT_TRUE(o.take(taken, missed));
  EXPECT_EQ(taken.size(), 2u);
  EXPECT_EQ(missed, std::vector<std::uint64_t>{3});
}

TEST(outbox, events_take_half_of_the_bound_and_the_next_says_how_many_were_dropped) {
  outbox o(1000, [] {});
  for (int i = 0; i < 10; ++i) o.on_event(1, an_event(100));
  EXPECT_LE(o.bytes(), 500u);
  EXPECT_FALSE(o.overflowed());
  o.on_diff(2, a_diff(300));
  EXPECT_EQ(drained(o), "0 0 0 diff") << "others have the rest";
  o.on_event(1, an_event(100));
  o.on_event(1, an_event(100));
  o.on_event(3, an_event(100));
  EXPECT_EQ(drained(o), "7 0 0") << "counted for each subscription";
  EXPECT_EQ(o.take_dropped(), 7u);
  EXPECT_EQ(o.take_dropped(), 0u);
}

TEST(outbox, an_event_above_half_of_the_bound_goes_out_alone) {
  outbox o(1000, [] {});
  o.on_event(1, an_event(5000));
  o.on_event(1, an_event(5000));
  EXPECT_EQ(drained(o), "0");
  o.on_event(1, an_event(800));
  o.on_event(1, an_event(10));
  EXPECT_EQ(drained(o), "1");
  EXPECT_EQ(o.bytes(), 0u);
}

TEST(outbox, an_event_never_comes_before_what_its_turn_changed) {
  outbox o(1000, [] {});
  o.on_diff(1, a_diff(800, 1));
  o.on_diff(1, a_diff(800, 2));
  EXPECT_EQ(drained(o), "diff");
  o.on_event(1, an_event(10));
  EXPECT_EQ(drained(o), "") << "the diff of its turn was refused, so it is dropped";
  EXPECT_TRUE(o.on_diff(1, a_diff(10, 2)));
  o.on_event(1, an_event(10));
  EXPECT_EQ(drained(o), "diff 1");
  o.on_event(1, an_event(10));
  EXPECT_EQ(drained(o), "0");
}

TEST(outbox, threads_lose_nothing_and_keep_each_ones_order) {
  std::atomic<int> woken{0};
  outbox o(64 << 20, [&] { ++woken; });
  constexpr std::uint64_t each = 20'000;
  std::vector<std::thread> shards;
  for (std::uint64_t tag = 0; tag < 3; ++tag)
    shards.emplace_back([&o, tag] {
      for (std::uint64_t i = 0; i < each; ++i) o.on_diff(tag, a_diff(8, i));
    });
  std::array<std::uint64_t, 3> next{};
  std::vector<outgoing> taken;
  std::vector<std::uint64_t> missed;
  for (std::uint64_t seen = 0; seen < 3 * each;) {
    taken.clear();
    if (!o.take(taken, missed)) continue;
    for (const auto& m : taken) {
      ASSERT_EQ(m.from, next[m.tag]++);
      o.wrote(m.bytes(), o.large(m));
    }
    seen += taken.size();
  }
  for (auto& t : shards) t.join();
  EXPECT_EQ(o.bytes(), 0u);
}

TEST(token_bucket, lets_a_burst_through_and_then_the_rate) {
  const auto start = token_bucket::clock::now();
  token_bucket b(10, 5, start);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(b.take(1, start));
  EXPECT_FALSE(b.take(1, start));
  EXPECT_TRUE(b.take(1, start + std::chrono::milliseconds{250}));
  EXPECT_FALSE(b.take(1, start + std::chrono::milliseconds{260}));
}

}  // namespace
}  // namespace twinlane::web
