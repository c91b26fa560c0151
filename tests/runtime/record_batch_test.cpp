#include <gtest/gtest.h>

#include <twinlane/runtime/record_batch.hpp>

using namespace twinlane;

namespace {

TEST(record_batch, holds_texts_with_padding_behind_the_last) {
  record_batch b;
  b.add({"/a/1", 5, 7, "key", "value", false, 10, 20});
  b.add({"/a/2", 5, 8, "", "gone", true, 11, 21});
  b.add({"/a/3", 5, 9, "k", "", false, 12, 22});
  b.close();
  ASSERT_EQ(b.size(), 3u);
  const auto& r = b.records();
  EXPECT_EQ(b.uri(r[0]), "/a/1");
  EXPECT_EQ(b.key(r[0]), "key");
  EXPECT_EQ(b.value(r[0]), "value");
  EXPECT_EQ(r[0].target, 7u);
  EXPECT_EQ(r[0].offset, 10);
  EXPECT_EQ(r[0].time_ms, 20);
  EXPECT_TRUE(r[1].remove);
  EXPECT_EQ(b.value(r[1]), "") << "a removal carries no value";
  EXPECT_EQ(b.uri(r[2]), "/a/3");
  const auto end = b.value(r[2]).data() + b.value(r[2]).size();
  EXPECT_EQ(b.bytes(), static_cast<std::size_t>(end - b.uri(r[0]).data()) + record_batch::padding);
}

TEST(batch_pool, gives_an_emptied_batch_out_again_and_closes_its_window) {
  const auto p = std::make_shared<source_partition>("s", "t", 0);
  const auto pool = std::make_shared<batch_pool>();
  auto b = pool->take();
  b->window = source_partition::open_window(p, 1, 1, 1);
  b->add({"/a/1", 5, 7, "", "x", false, 0, 0});
  b->applied = 1;
  const auto* first = b.get();
  b.reset();
  EXPECT_EQ(p->low_mark(), 1);
  b = pool->take();
  EXPECT_EQ(b.get(), first);
  EXPECT_EQ(b->size(), 0u);
  EXPECT_EQ(b->applied, 0u);
}

TEST(batch_pool, batch_may_outlive_those_who_hold_the_pool) {
  auto pool = std::make_shared<batch_pool>();
  auto b = pool->take();
  pool.reset();
  b->add({"/a/1", 5, 7, "", "x", false, 0, 0});
  EXPECT_EQ(b->size(), 1u);
}

}  // namespace
