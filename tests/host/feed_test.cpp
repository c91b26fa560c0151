#include <atomic>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hosted.hpp"

namespace host_test {
namespace {

std::string code(const std::optional<error>& why) { return why ? std::string(code_of(why->code)) : "fine"; }

TEST(feed, keeps_the_order_of_records_from_many_threads) {
  hosted h;
  feed in{h.on, "in"};
  constexpr int threads = 4, each = 500;
  std::vector<std::thread> hands;
  for (int t = 0; t < threads; ++t)
    hands.emplace_back([&, t] {
      for (int n = 1; n <= each; ++n)
        if (const auto why = in.put("/account/" + std::to_string(t), "amounts", "1", n)) ADD_FAILURE() << why->detail;
    });
  for (auto& hand : hands) hand.join();
  ASSERT_TRUE(in.wait(patience));
  for (int t = 0; t < threads; ++t) EXPECT_EQ(h.document("/account/" + std::to_string(t))["sum"], each);
  EXPECT_EQ(in.partition().applied, threads * each);
}

TEST(feed, takes_all_records_of_a_call_or_none) {
  hosted h;
  feed in{h.on, "in"};
  const feed_record good{"/account/1", "amounts", "1", "5"}, lost{"/account/1", "nothing", "1", "5"};
  EXPECT_EQ(code(in.put(std::vector<feed_record>{good, lost})), "no_such_lane");
  EXPECT_EQ(code(in.put({"/nowhere/1", "amounts", "1", "5"})), "no_such_route");
  EXPECT_EQ(code(in.put({"no uri", "amounts", "1", "5"})), "bad_request");
  ASSERT_TRUE(in.wait(patience));
  EXPECT_EQ(h.document("/account/1"), json());
  EXPECT_EQ(code(in.put(std::vector<feed_record>{good, {"/account/1", "amounts", "2", "6"}})), "fine");
  ASSERT_TRUE(in.wait(patience));
  EXPECT_EQ(h.document("/account/1")["sum"], 11);
}

TEST(feed, removes_and_tells_the_event_time) {
  hosted h;
  feed in{h.on, "in"};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 5));
  ASSERT_FALSE(in.put("/account/1", "amounts", "2", 6));
  ASSERT_FALSE(in.put({"/account/1", "amounts", "1", "", true}));
  // Of an age at once: it has been evicted when the next turn is over.
  ASSERT_FALSE(in.put({"/account/1", "recent", "1", "7", false, 1'000}));
  ASSERT_TRUE(in.wait(patience));
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!h.document("/account/1")["recent"].empty() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(1ms);
  const auto now = h.document("/account/1");
  EXPECT_EQ(now["sum"], 6);
  EXPECT_TRUE(now["recent"].empty());
}

TEST(feed, tells_what_a_lane_refuses) {
  hosted h;
  std::mutex mutex;
  std::vector<std::string> refused;
  feed in{h.on, "in", {}, [&](dead_reason reason, const std::string&) {
            std::lock_guard lock(mutex);
            refused.emplace_back(name_of(reason));
          }};
  ASSERT_FALSE(in.put({"/account/1", "amounts", "1", "[]"}));
  ASSERT_FALSE(in.put("/account/1", "notes", std::string("poison")));
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 3));
  ASSERT_TRUE(in.wait(patience));
  std::lock_guard lock(mutex);
  EXPECT_EQ(refused, (std::vector<std::string>{"bad_value", "handler_failed"}));
  EXPECT_EQ(h.document("/account/1")["sum"], 3);
}

TEST(feed, is_free_while_what_it_refuses_is_told) {
  hosted h;
  std::promise<void> told, go;
  auto held = go.get_future().share();
  std::optional<error> why;
  bool let_go = false;
  feed in{h.on, "in", {}, [&](auto, const auto&) {
            why = in.put("/account/1", "amounts", "1", 7);
            told.set_value();
            let_go = held.wait_for(patience) == std::future_status::ready;
          }};
  ASSERT_FALSE(in.put({"/account/1", "amounts", "1", "[]"}));
  ASSERT_EQ(told.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_FALSE(in.wait(1ms));
  go.set_value();
  ASSERT_TRUE(in.wait(patience));
  EXPECT_TRUE(let_go);
  EXPECT_FALSE(why);
  EXPECT_EQ(h.document("/account/1")["sum"], 7);
}

TEST(feed, tells_nothing_once_it_has_gone) {
  hosted h;
  std::promise<void> told, go;
  auto held = go.get_future().share();
  std::atomic<bool> over{false};
  std::optional<feed> in;
  in.emplace(h.on, "in", feed::limits{}, [&](auto, const auto&) {
    told.set_value();
    held.wait();
    over = true;
  });
  ASSERT_FALSE(in->put({"/account/1", "amounts", "1", "[]"}));
  ASSERT_EQ(told.get_future().wait_for(patience), std::future_status::ready);
  std::thread end([&] {
    in.reset();
    EXPECT_TRUE(over);
  });
  go.set_value();
  end.join();
}

TEST(feed, goes_on_for_the_one_of_its_name_before_it) {
  hosted h;
  std::promise<void> go;
  auto held = go.get_future().share();
  std::optional<feed> first;
  first.emplace(h.on, "in");
  ASSERT_FALSE(first->put("/account/1", "amounts", "1", 1));
  ASSERT_TRUE(first->wait(patience));
  h.on.get("/account/1", {}, [held](auto) { held.wait(); });
  ASSERT_FALSE(first->put("/account/1", "amounts", "2", 1));
  ASSERT_FALSE(first->put({"/account/1", "amounts", "3", "[]"}));
  first.reset();
  std::atomic<int> refused{0};
  feed second{h.on, "in", {}, [&](auto, const auto&) { ++refused; }};
  EXPECT_FALSE(second.wait(10ms));
  ASSERT_FALSE(second.put("/account/1", "amounts", "4", 1));
  go.set_value();
  ASSERT_TRUE(second.wait(patience));
  EXPECT_EQ(refused, 1);
  EXPECT_EQ(h.document("/account/1")["sum"], 3);
}

TEST(feed, refuses_over_its_bound_and_goes_on_when_there_is_room) {
  hosted h;
  std::promise<void> go;
  auto held = go.get_future().share();
  feed in{h.on, "in", {2, 1 << 20}, nullptr};
  ASSERT_FALSE(in.put("/account/1", "amounts", "1", 1));
  ASSERT_TRUE(in.wait(patience));
  h.on.get("/account/1", {}, [held](auto) { held.wait(); });
  EXPECT_EQ(code(in.put("/account/1", "amounts", "2", 1)), "fine");
  EXPECT_EQ(code(in.put("/account/1", "amounts", "3", 1)), "fine");
  EXPECT_EQ(code(in.put("/account/1", "amounts", "4", 1)), "too_busy");
  EXPECT_FALSE(in.wait(10ms));
  go.set_value();
  ASSERT_TRUE(in.wait(patience));
  EXPECT_EQ(code(in.put("/account/1", "amounts", "4", 1)), "fine");
  ASSERT_TRUE(in.wait(patience));
  EXPECT_EQ(h.document("/account/1")["sum"], 4);
}

TEST(feed, says_that_the_runtime_is_not_running) {
  runtime on;
  on.add<account>("account", "/account/:id");
  feed in{on, "in"};
  EXPECT_EQ(code(in.put("/account/1", "amounts", "1", 1)), "not_ready");
  on.start();
  EXPECT_EQ(code(in.put("/account/1", "amounts", "1", 1)), "fine");
  EXPECT_TRUE(on.stop(patience));
  EXPECT_EQ(code(in.put("/account/1", "amounts", "1", 1)), "not_ready");
}

}  // namespace
}  // namespace host_test
