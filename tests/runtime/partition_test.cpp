#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include <twinlane/runtime/partition.hpp>

using namespace twinlane;

namespace {

std::shared_ptr<source_partition> make() { return std::make_shared<source_partition>("s", "t", 3); }

TEST(source_partition, low_mark_moves_in_order_of_offsets_alone) {
  const auto p = make();
  std::vector<std::int64_t> told;
  p->did_advance = [&](std::int64_t m) { told.push_back(m); };
  auto a = source_partition::open_window(p, 10, 10, 100), b = source_partition::open_window(p, 20, 10, 100),
       c = source_partition::open_window(p, 35, 5, 100);
  EXPECT_EQ(p->posted_mark(), 35);
  EXPECT_EQ(p->low_mark(), -1);
  c.reset();
  EXPECT_EQ(p->low_mark(), -1);
  a.reset();
  EXPECT_EQ(p->low_mark(), 10);
  b.reset();
  EXPECT_EQ(p->low_mark(), 35);
  EXPECT_THAT(told, testing::ElementsAre(10, 35));
}

TEST(source_partition, window_without_records_moves_the_mark_over_a_gap) {
  const auto p = make();
  auto a = source_partition::open_window(p, 10, 10, 1);
  source_partition::open_window(p, 500, 0, 0).reset();
  EXPECT_EQ(p->low_mark(), -1);
  a.reset();
  EXPECT_EQ(p->low_mark(), 500);
}

TEST(source_partition, counts_what_is_in_flight) {
  const auto p = make();
  auto a = source_partition::open_window(p, 10, 10, 1000), held = a;
  EXPECT_EQ(p->in_flight_records(), 10);
  EXPECT_EQ(p->in_flight_bytes(), 1000);
  a.reset();
  EXPECT_EQ(p->in_flight_records(), 10) << "another holds it still";
  held.reset();
  EXPECT_EQ(p->in_flight_records(), 0);
  EXPECT_EQ(p->in_flight_bytes(), 0);
}

TEST(source_partition, frozen_mark_stays_where_it_is) {
  const auto p = make();
  auto a = source_partition::open_window(p, 10, 10, 1), b = source_partition::open_window(p, 20, 10, 1);
  a.reset();
  p->freeze();
  b.reset();
  EXPECT_EQ(p->low_mark(), 10);
  EXPECT_EQ(p->in_flight_records(), 0);
}

TEST(source_partition, windows_closed_from_many_threads_leave_nothing_in_flight) {
  const auto p = make();
  std::atomic<std::int64_t> seen{-1};
  std::atomic<bool> back{false};
  p->did_advance = [&](std::int64_t) {
    const auto now = p->low_mark();
    auto before = seen.load();
    while (before < now && !seen.compare_exchange_weak(before, now)) {}
    if (p->low_mark() < now) back = true;
  };
  constexpr int threads = 4, each = 2000;
  std::vector<std::vector<std::shared_ptr<source_partition::window>>> hands(threads);
  for (int i = 0; i < threads * each; ++i) hands[i % threads].push_back(source_partition::open_window(p, i + 1, 1, 7));
  std::vector<std::thread> all;
  for (auto& hand : hands)
    all.emplace_back([&hand] {
      for (auto& w : hand) w.reset();
    });
  for (auto& t : all) t.join();
  EXPECT_EQ(p->low_mark(), threads * each);
  EXPECT_EQ(seen, threads * each);
  EXPECT_FALSE(back);
  EXPECT_EQ(p->in_flight_records(), 0);
  EXPECT_EQ(p->in_flight_bytes(), 0);
}

}  // namespace
