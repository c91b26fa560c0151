#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <twinlane/runtime/dead_letter_queue.hpp>

using namespace twinlane;

namespace {

struct bench {
  std::shared_ptr<source_partition> source = std::make_shared<source_partition>("s", "t", 0);
  std::vector<std::int64_t> written, told;
  bool full = false;
  dead_letter_queue queue{[this](std::span<const dead_letter> letters) {
                            if (full) return false;
                            for (const auto& d : letters) written.push_back(d.offset);
                            return true;
                          },
                          nullptr};

  bench() {
    source->did_reject = [this](std::int64_t offset, dead_reason, const std::string&) { told.push_back(offset); };
  }
  dead_letter_batch letter(std::int64_t offset) {
    dead_letter d;
    d.offset = offset;
    dead_letter_batch b;
    b.add(std::move(d), source_partition::open_window(source, offset + 1, 1, 0));
    return b;
  }
};

TEST(dead_letter_queue, writes_at_once_and_lets_the_low_mark_pass) {
  bench b;
  b.queue.add(b.letter(7));
  EXPECT_THAT(b.written, testing::ElementsAre(7));
  EXPECT_EQ(b.source->low_mark(), 8);
  EXPECT_EQ(b.source->dead.load(), 1u);
  EXPECT_TRUE(b.told.empty()) << "the source knows of what it could not route";
}

TEST(dead_letter_queue, holds_the_low_mark_while_the_place_is_full_and_writes_when_it_is_not) {
  bench b;
  b.full = true;
  b.queue.add(b.letter(7));
  auto refused = b.letter(8);
  refused.refused_by_shard = true;
  b.queue.add(std::move(refused));
  b.queue.retry();
  EXPECT_EQ(b.queue.waiting(), 2u);
  EXPECT_EQ(b.source->low_mark(), -1);
  EXPECT_EQ(b.source->in_flight_records(), 2) << "so that the source pauses";
  b.full = false;
  b.queue.retry();
  EXPECT_EQ(b.queue.waiting(), 0u);
  EXPECT_THAT(b.written, testing::ElementsAre(7, 8));
  EXPECT_THAT(b.told, testing::ElementsAre(8));
  EXPECT_EQ(b.source->low_mark(), 9);
  EXPECT_EQ(b.source->in_flight_records(), 0);
}

TEST(dead_letter_queue, message_that_a_record_caused_holds_its_low_mark_but_is_none_of_its_dead) {
  bench b;
  b.full = true;
  dead_letter_batch caused;
  caused.hold({}, source_partition::open_window(b.source, 8, 1, 0));
  b.queue.add(std::move(caused));
  EXPECT_EQ(b.source->low_mark(), -1);
  b.full = false;
  b.queue.retry();
  EXPECT_EQ(b.source->low_mark(), 8);
  EXPECT_EQ(b.source->dead.load(), 0u);
}

TEST(dead_letter_queue, what_nothing_holds_back_is_bounded_while_the_place_is_full) {
  bench b;
  b.full = true;
  for (std::size_t i = 0; i < dead_letter_queue::uncaused_max + 10; ++i) {
    dead_letter_batch uncaused;
    uncaused.hold({}, nullptr);
    b.queue.add(std::move(uncaused));
  }
  EXPECT_EQ(b.queue.waiting(), dead_letter_queue::uncaused_max);
  b.queue.retry();
  EXPECT_EQ(b.queue.waiting(), dead_letter_queue::uncaused_max);
  b.full = false;
  b.queue.retry();
  EXPECT_EQ(b.queue.waiting(), 0u);
}

}  // namespace
