#include <random>

#include <gtest/gtest.h>

#include "stage.hpp"

// A change that many follow, on real actors.
using namespace runtime_test;

namespace {

constexpr int fans = 200;

runtime_options in_small_steps() {
  runtime_options o;
  o.shard.fan_out_step = 20;
  return o;
}
std::string fan_uri(int n) { return "/fan/" + std::to_string(n); }
event wish_of(int n, bool ends = false) { return {fan_uri(n), "wish", "0", R"("/product/7")", ends}; }
event price(int p) { return {"/product/7", "price", "", std::to_string(p)}; }

void join_all(stage& s) {
  std::vector<event> events{price(1)};
  for (int n = 0; n < fans; ++n) events.push_back(wish_of(n));
  s.post(events);
  ASSERT_TRUE(s.drain());
}

class runtime_fan_out : public testing::TestWithParam<ground> {};
INSTANTIATE_TEST_SUITE_P(hosting, runtime_fan_out, all_grounds, name_of_ground);

TEST_P(runtime_fan_out, reaches_each_joiner_exactly_once) {
  stage s(GetParam(), in_small_steps());
  join_all(s);
  std::vector<std::shared_ptr<following>> all;
  for (int n = 0; n < fans; ++n) {
    all.push_back(std::make_shared<following>());
    ASSERT_TRUE(ok(s.on.subscribe({fan_uri(n), {false, {"prices"}}, false}, all.back(), 1)));
  }
  ASSERT_TRUE(s.drain());
  s.post({price(30)});
  ASSERT_TRUE(s.drain());
  for (const auto& f : all) {
    ASSERT_EQ(f->patches(), std::vector<json>{json::parse(R"({"prices":{"0":30}})")});
    ASSERT_EQ(f->broken(), "");
  }
  EXPECT_EQ(s.source->in_flight_records(), 0);
}

TEST_P(runtime_fan_out, joiners_that_come_and_go_during_changes_end_with_the_last) {
  stage s(GetParam(), in_small_steps());
  join_all(s);
  constexpr int last = 400;
  std::thread changes([&] {
    const auto p = s.on.partition("prices", "topic", 0);
    std::int64_t offset = 0;
    for (int n = 2; n <= last; ++n) {
      const event e = price(n);
      s.post(p, {&e, 1}, offset);
    }
  });
  std::vector<bool> follows(fans, true);
  std::mt19937 random(1);
  for (int n = 0; n < 1'000; ++n) {
    const auto f = random() % fans;
    s.post({wish_of(static_cast<int>(f), follows[f])});
    follows[f] = !follows[f];
  }
  changes.join();
  ASSERT_TRUE(s.drain());
  for (int n = 0; n < fans; ++n) {
    const auto want = follows[static_cast<std::size_t>(n)] ? json({{"0", last}}) : json::object();
    ASSERT_EQ(s.document(fan_uri(n))["prices"], want) << n;
  }
  for (const auto& p : s.on.partitions()) EXPECT_EQ(p->low_mark(), p->posted_mark());
}

class runtime_fan_out_kept : public testing::TestWithParam<ground> {};
INSTANTIATE_TEST_SUITE_P(hosting, runtime_fan_out_kept,
                         testing::Values(ground{hosting::shared, true}, ground{hosting::dedicated, true}),
                         name_of_ground);

TEST_P(runtime_fan_out_kept, that_an_end_cuts_short_goes_on_at_the_next_start) {
  const twinlane::test::temp_dir folder;
  auto g = GetParam();
  g.folder = folder.path().string();
  {
    stage s(g, in_small_steps());
    join_all(s);
    s.post({price(30)});
    ASSERT_TRUE(eventually([&] { return s.document("/product/7")["price"] == 30; }));
    s.on.stop(0ms);
  }
  stage s(g, in_small_steps());
  ASSERT_TRUE(s.drain());
  for (int n = 0; n < fans; ++n) ASSERT_EQ(s.document(fan_uri(n))["prices"], json({{"0", 30}})) << n;
}

}  // namespace
