#include <atomic>
#include <future>
#include <optional>

#include "hosted.hpp"

namespace host_test {
namespace {

TEST(follow, tells_nothing_after_its_end) {
  hosted h;
  feed in{h.on, "in"};
  std::atomic<int> told{0};
  std::promise<void> first;
  auto made = follow(h.on, "/account/1", [&](const followed& f) {
    if (++told == 1 && f.whole) first.set_value();
  });
  ASSERT_TRUE(ok(made));
  ASSERT_EQ(first.get_future().wait_for(patience), std::future_status::ready);
  std::get<0>(made).end();
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 5));
  ASSERT_TRUE(in.wait(patience));
  EXPECT_EQ(told, 1);
}

TEST(follow, may_outlive_its_runtime) {
  std::optional<hosted> h(std::in_place);
  auto made = follow(h->on, "/account/1", [](const followed&) {});
  ASSERT_TRUE(ok(made));
  auto held = std::get<0>(std::move(made));
  h.reset();
  held.end();
}

}  // namespace
}  // namespace host_test
