#include <twinlane/runtime/sink_queue.hpp>

#include <gmock/gmock.h>

namespace twinlane {
namespace {

using testing::ElementsAre;
using namespace std::chrono_literals;

sink_queue::entry entry_of(const std::string& id) {
  return {{id, "/a/1", "", "1", 0}, [] {}};
}

std::vector<std::string> ids(const std::vector<sink_queue::entry>& all) {
  std::vector<std::string> out;
  for (const auto& e : all) out.push_back(e.item.id);
  return out;
}

bool offer(sink_queue& q, const std::string& id) {
  auto e = entry_of(id);
  return q.offer(e);
}

TEST(sink_queue, items_are_taken_in_order_and_bytes_are_counted) {
  sink_queue q("s");
  EXPECT_TRUE(offer(q, "1"));
  EXPECT_TRUE(offer(q, "2"));
  EXPECT_TRUE(offer(q, "3"));
  EXPECT_EQ(q.waiting_bytes(), 18u);
  EXPECT_THAT(ids(q.take(2, 0ms)), ElementsAre("1", "2"));
  EXPECT_THAT(ids(q.take(2, 0ms)), ElementsAre("3"));
  EXPECT_EQ(q.waiting_items(), 0u);
  EXPECT_EQ(q.waiting_bytes(), 0u);
}

TEST(sink_queue, once_full_nothing_overtakes_until_half_is_gone) {
  sink_queue q("s", {4, 1000});
  int drained = 0;
  q.did_drain = [&] { ++drained; };
  for (const auto* id : {"1", "2", "3", "4"}) EXPECT_TRUE(offer(q, id));
  auto refused = entry_of("5");
  EXPECT_FALSE(q.offer(refused));
  EXPECT_EQ(refused.item.id, "5") << "a refused entry is as it was";
  q.take(1, 0ms);
  EXPECT_FALSE(offer(q, "6")) << "5 waits and comes first";
  EXPECT_EQ(drained, 0);
  q.take(1, 0ms);
  EXPECT_EQ(drained, 1);
  EXPECT_TRUE(q.offer(refused));
}

TEST(sink_queue, item_above_the_bound_fits_an_empty_queue_alone) {
  sink_queue q("s", {10, 4});
  EXPECT_TRUE(offer(q, "1"));
  EXPECT_FALSE(offer(q, "2"));
}

TEST(sink_queue, filler_is_told_once_and_a_closed_queue_takes_and_gives_nothing) {
  sink_queue q("s");
  int filled = 0;
  q.did_fill = [&] { ++filled; };
  offer(q, "1");
  offer(q, "2");
  EXPECT_EQ(filled, 1);
  q.close();
  EXPECT_FALSE(offer(q, "3"));
  EXPECT_TRUE(q.take(10, 1h).empty());
}

}  // namespace
}  // namespace twinlane
