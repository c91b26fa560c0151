#include <twinlane/ingest/webhook_sink.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include <gmock/gmock.h>

#include <twinlane/ingest/sink_letter.hpp>

#include "sink_lab.hpp"
#include "support/http_receiver.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using twinlane::testing::http_receiver;
using request = http_receiver::request;
using reply = http_receiver::reply;

bool eventually(const std::function<bool()>& c) { return recording_port::eventually(c); }

sink_spec to(const std::string& url) {
  webhook_spec w;
  w.url = url;
  w.timeout = seconds{10};
  w.retry.backoff = milliseconds{2};
  w.retry.backoff_max = milliseconds{20};
  return {"crm", w};
}

webhook_spec& webhook(sink_spec& s) { return std::get<webhook_spec>(s.to); }

// A proxy of the environment is not asked for what is on this machine.
class webhook_sink_test : public ::testing::Test {
 protected:
  void SetUp() override { ::setenv("no_proxy", "127.0.0.1", 1); }
};

std::vector<std::string> bodies(const http_receiver& r) {
  std::vector<std::string> all;
  for (const auto& q : r.requests()) all.push_back(q.body);
  return all;
}

TEST_F(webhook_sink_test, item_is_its_value_with_its_id_and_arrives) {
  http_receiver crm([](const request&) { return reply{}; });
  crm.open();
  sink_lab lab(to(crm.url() + "/events"));
  lab.start();
  EXPECT_EQ(lab.status().state, sink_state::starting);
  lab.offer("s1-7", "/customer/1", R"({"offer":5})");
  ASSERT_TRUE(lab.arrive(1));
  const auto got = crm.requests().at(0);
  EXPECT_EQ(got.method, "POST");
  EXPECT_EQ(got.target, "/events");
  EXPECT_EQ(got.body, R"({"offer":5})");
  EXPECT_EQ(got.headers.at("idempotency-key"), "s1-7");
  EXPECT_EQ(got.headers.count("expect"), 0u);
  EXPECT_EQ(lab.status().sent, 1u);
  EXPECT_EQ(lab.status().waiting, 0u);
  EXPECT_EQ(lab.status().state, sink_state::running);
}

TEST_F(webhook_sink_test, item_that_makes_no_request_is_a_dead_letter_that_says_why) {
  http_receiver crm([](const request&) { return reply{}; });
  crm.open();
  auto spec = to(crm.url() + "/{id}");
  webhook(spec).headers = {{"X-Key", "{$key}"}};
  sink_lab lab(spec);
  lab.start();
  lab.offer("1", "/c/1", R"({"name":"x"})");
  lab.offer("2", "/c/2", R"({"id":null})");
  lab.offer("3", "/c/3", "7");
  lab.offer("4", "/c/4", R"({"id":[1]})");
  lab.offer("5", "/c/5", R"({"id":1})", "a\r\nX-Forged: 1");
  lab.offer("6", "/c/6", R"({"id":6})");
  ASSERT_TRUE(lab.arrive(6));
  std::map<std::string, std::pair<dead_reason, std::string>> why;
  for (const auto& l : lab.dead()) why[l.topic] = {l.reason, l.detail};
  ASSERT_EQ(why.size(), 5u);
  EXPECT_EQ(why["/c/1"].first, dead_reason::missing_field);
  EXPECT_EQ(why["/c/1"].second, "item 1: field 'id' is absent or null");
  EXPECT_EQ(why["/c/2"].first, dead_reason::missing_field);
  EXPECT_EQ(why["/c/5"].first, dead_reason::bad_value);
  ASSERT_EQ(crm.requests().size(), 1u);
  EXPECT_EQ(crm.requests()[0].target, "/6");
}

TEST_F(webhook_sink_test, error_of_the_server_is_tried_again_with_the_same_id) {
  std::atomic<int> calls{0};
  http_receiver crm([&](const request&) {
    constexpr int answers[] = {500, 503, 408, 200};
    return reply{answers[calls++], "", "", false};
  });
  crm.open();
  sink_lab lab(to(crm.url()));
  lab.start();
  lab.offer("1", "/c/1", "{}");
  ASSERT_TRUE(lab.arrive(1));
  const auto all = crm.requests();
  ASSERT_EQ(all.size(), 4u);
  for (const auto& q : all) EXPECT_EQ(q.headers.at("idempotency-key"), "1");
  EXPECT_EQ(lab.status().retried, 3u);
  EXPECT_THAT(lab.dead(), IsEmpty());
  EXPECT_EQ(crm.connections(), 1u) << "connections are kept";
}

TEST_F(webhook_sink_test, retry_after_is_waited_for) {
  std::atomic<int> calls{0};
  http_receiver crm([&](const request&) {
    return calls++ == 0 ? reply{429, "Retry-After: 1\r\n", "", false} : reply{};
  });
  crm.open();
  sink_lab lab(to(crm.url()));
  lab.start();
  const auto began = std::chrono::steady_clock::now();
  lab.offer("1", "/c/1", "{}");
  ASSERT_TRUE(lab.arrive(1));
  EXPECT_GE(std::chrono::steady_clock::now() - began, seconds{1}) << "the back-off alone is 2 ms";
  EXPECT_EQ(calls, 2);
}

TEST_F(webhook_sink_test, refused_item_is_one_dead_letter_and_the_next_item_goes_on) {
  http_receiver crm([](const request& r) {
    return r.body == "1" ? reply{400, "", "no such\ncustomer \xff", false} : reply{};
  });
  crm.open();
  sink_lab lab(to(crm.url() + "/secret?token=abc"));
  lab.failing_writes = 1;
  lab.start();
  lab.offer("id-1", "/c/1", "1", "k");
  lab.offer("id-2", "/c/1", "2");
  ASSERT_TRUE(lab.arrive(2));
  EXPECT_THAT(lab.arrived(), ElementsAre("id-1", "id-2")) << "only when the letter is on disk";
  EXPECT_THAT(bodies(crm), ElementsAre("1", "2"));
  ASSERT_EQ(lab.dead().size(), 1u);
  const auto l = lab.dead()[0];
  EXPECT_EQ(l.source, "(sink crm)");
  EXPECT_EQ(l.reason, dead_reason::undeliverable);
  EXPECT_THAT(l.detail, HasSubstr("answered 400: no such customer ?"));
  EXPECT_THAT(l.detail, Not(HasSubstr("token")));
  EXPECT_EQ(lab.status().dead, 1u);
  EXPECT_EQ(lab.status().sent, 1u);
}

TEST_F(webhook_sink_test, dead_letter_can_be_replayed_under_its_id) {
  std::atomic<bool> mended{false};
  http_receiver crm([&](const request&) { return reply{mended ? 200 : 422, "", "", false}; });
  crm.open();
  sink_lab lab(to(crm.url() + "/{$key}?at={$timestamp}"));
  lab.start();
  lab.offer("id: 1", "/c/1", R"({"a":1})", "k");
  ASSERT_TRUE(lab.arrive(1));
  mended = true;
  EXPECT_TRUE(ok(lab.all().replay(lab.dead().at(0), [] {})));
  ASSERT_TRUE(eventually([&] { return lab.status().sent == 1; }));
  const auto all = crm.requests();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].target, all[0].target);
  EXPECT_EQ(all[1].body, all[0].body);
  EXPECT_EQ(all[1].headers.at("idempotency-key"), all[0].headers.at("idempotency-key"));
}

TEST_F(webhook_sink_test, redirect_is_not_followed) {
  http_receiver crm([](const request&) { return reply{307, "Location: /elsewhere\r\n", "", false}; });
  crm.open();
  sink_lab lab(to(crm.url()));
  lab.start();
  lab.offer("1", "/c/1", "{}");
  ASSERT_TRUE(lab.arrive(1));
  EXPECT_EQ(crm.requests().size(), 1u);
  EXPECT_THAT(lab.dead().at(0).detail, HasSubstr("answered 307"));
}

TEST_F(webhook_sink_test, last_try_ends_in_the_dead_letters) {
  http_receiver crm([](const request&) { return reply{500, "", "boom", false}; });
  crm.open();
  auto spec = to(crm.url());
  webhook(spec).retry.tries = 3;
  sink_lab lab(spec);
  lab.start();
  lab.offer("1", "/c/1", "{}");
  ASSERT_TRUE(lab.arrive(1));
  EXPECT_EQ(crm.requests().size(), 3u);
  EXPECT_THAT(lab.dead().at(0).detail, HasSubstr("answered 500: boom (given up after 3 tries)"));
}

TEST_F(webhook_sink_test, item_that_grew_too_old_over_its_tries_ends_in_the_dead_letters) {
  http_receiver crm([](const request&) { return reply{500, "", "", false}; });
  crm.open();
  auto spec = to(crm.url());
  webhook(spec).retry.tries = 1'000'000;
  webhook(spec).retry.age = milliseconds{100};
  sink_lab lab(spec);
  lab.start();
  lab.offer("1", "/c/1", "{}");
  ASSERT_TRUE(lab.arrive(1));
  EXPECT_THAT(lab.dead().at(0).detail, HasSubstr("given up after"));
  EXPECT_GT(crm.requests().size(), 2u);
}

TEST_F(webhook_sink_test, items_of_an_agent_keep_their_order_and_never_overlap) {
  std::mutex mutex;
  std::map<std::string, int> open, next;
  std::set<std::string> mixed;
  std::atomic<int> calls{0};
  http_receiver crm([&](const request& r) {
    const auto agent = r.target;
    {
      std::lock_guard lock(mutex);
      if (++open[agent] > 1) mixed.insert(agent + " overlaps");
    }
    const bool fails = calls++ % 5 == 0;
    std::lock_guard lock(mutex);
    --open[agent];
    if (!fails && std::stoi(r.body) != next[agent]++) mixed.insert(agent + " at " + r.body);
    return reply{fails ? 503 : 200, "", "", false};
  });
  crm.open();
  sink_lab lab(to(crm.url() + "/{$key}"));
  for (int i = 0; i < 30; ++i)
    for (int agent = 0; agent < 20; ++agent)
      lab.offer(std::to_string(agent) + "-" + std::to_string(i), "/c/" + std::to_string(agent), std::to_string(i),
                std::to_string(agent));
  lab.start();
  ASSERT_TRUE(lab.arrive(600));
  EXPECT_THAT(mixed, IsEmpty());
  EXPECT_LE(crm.connections(), 8u);
  EXPECT_THAT(lab.dead(), IsEmpty());
}

TEST_F(webhook_sink_test, agent_whose_item_fails_holds_back_no_other) {
  std::atomic<bool> mended{false};
  http_receiver crm([&](const request& r) { return reply{r.target == "/bad" && !mended ? 500 : 200, "", "", false}; });
  crm.open();
  auto spec = to(crm.url() + "/{$key}");
  webhook(spec).retry.tries = 1'000'000;
  webhook(spec).connections = 1;
  sink_lab lab(spec);
  lab.start();
  lab.offer("b1", "/c/bad", "1", "bad");
  lab.offer("b2", "/c/bad", "2", "bad");
  for (int i = 0; i < 50; ++i) lab.offer(std::to_string(i), "/c/good", std::to_string(i), "good");
  ASSERT_TRUE(lab.arrive(50));
  EXPECT_EQ(lab.status().waiting, 2u);
  EXPECT_EQ(lab.status().state, sink_state::running);
  mended = true;
  ASSERT_TRUE(lab.arrive(52));
  EXPECT_EQ(lab.arrived()[50], "b1");
  EXPECT_EQ(lab.arrived()[51], "b2");
}

/// A request hangs until the test lets it go.
class gate {
 public:
  void wait() {
    std::unique_lock lock(mutex_);
    opened_.wait(lock, [&] { return open_; });
  }
  void open() {
    std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;
};

TEST_F(webhook_sink_test, slow_answer_is_given_up_and_the_item_tried_again_while_others_go_on) {
  gate slow;
  std::atomic<int> slow_calls{0};
  http_receiver crm([&](const request& r) {
    if (r.target == "/slow" && slow_calls++ == 0) slow.wait();
    return reply{};
  });
  crm.open();
  auto spec = to(crm.url() + "/{$key}");
  webhook(spec).timeout = milliseconds{300};
  webhook(spec).connections = 2;
  sink_lab lab(spec);
  lab.start();
  lab.offer("s", "/c/slow", "1", "slow");
  for (int i = 0; i < 20; ++i) lab.offer(std::to_string(i), "/c/good", std::to_string(i), "good");
  ASSERT_TRUE(lab.arrive(21));
  EXPECT_EQ(lab.arrived().back(), "s");
  EXPECT_EQ(slow_calls, 2);
  EXPECT_EQ(lab.status().retried, 1u);
  EXPECT_THAT(lab.dead(), IsEmpty());
  slow.open();
}

TEST_F(webhook_sink_test, receiver_that_is_not_there_holds_all_back_costs_no_try_and_all_go_on_once_it_is) {
  http_receiver crm([](const request&) { return reply{}; });
  auto spec = to(crm.url() + "/{$key}");
  webhook(spec).retry.tries = 2;
  sink_lab lab(spec);
  lab.start();
  for (int i = 0; i < 30; ++i) lab.offer(std::to_string(i), "/c/" + std::to_string(i % 3), std::to_string(i), "k");
  ASSERT_TRUE(eventually([&] { return lab.status().retried > 5; }));
  EXPECT_EQ(lab.status().state, sink_state::down);
  EXPECT_THAT(lab.status().problem, HasSubstr(crm.url() + " does not answer"));
  EXPECT_EQ(lab.status().waiting, 30u);
  EXPECT_THAT(lab.arrived(), IsEmpty());
  crm.open();
  ASSERT_TRUE(lab.arrive(30));
  EXPECT_EQ(lab.status().state, sink_state::running);
  EXPECT_EQ(lab.status().problem, "");
  EXPECT_EQ(lab.status().sent, 30u);
  EXPECT_THAT(lab.dead(), IsEmpty());
  std::map<int, int> last;
  for (const auto& b : bodies(crm)) {
    const int i = std::stoi(b);
    EXPECT_GE(i, last[i % 3]) << "order of an agent";
    last[i % 3] = i;
  }
}

TEST_F(webhook_sink_test, receiver_that_speaks_no_tls_gets_nothing_and_its_items_wait) {
  http_receiver crm([](const request&) { return reply{}; });
  crm.open();
  auto spec = to("https" + crm.url().substr(4));
  webhook(spec).timeout = milliseconds{50};
  webhook(spec).retry.tries = 1;
  sink_lab lab(spec);
  lab.start();
  lab.offer("1", "/c/1", "{}");
  ASSERT_TRUE(eventually([&] { return lab.status().retried > 2; }));
  EXPECT_EQ(lab.status().state, sink_state::down);
  EXPECT_THAT(crm.requests(), IsEmpty());
  EXPECT_THAT(lab.arrived(), IsEmpty());
}

TEST_F(webhook_sink_test, receiver_that_only_hangs_up_is_held_to_be_down) {
  std::atomic<bool> mended{false};
  http_receiver crm([&](const request&) { return reply{200, "", "", !mended}; });
  crm.open();
  auto spec = to(crm.url());
  webhook(spec).retry.tries = 5;
  sink_lab lab(spec);
  lab.start();
  for (int i = 0; i < 10; ++i) lab.offer(std::to_string(i), "/c/" + std::to_string(i), "{}");
  ASSERT_TRUE(eventually([&] { return lab.status().retried > 60; }));
  EXPECT_EQ(lab.status().state, sink_state::down);
  mended = true;
  ASSERT_TRUE(lab.arrive(10));
  EXPECT_THAT(lab.dead(), IsEmpty()) << "more than five requests of an item were lost, and not by its fault";
}

TEST_F(webhook_sink_test, stop_waits_for_requests_on_their_way_and_leaves_the_rest) {
  gate slow;
  http_receiver crm([&](const request&) {
    slow.wait();
    return reply{};
  });
  crm.open();
  sink_lab lab(to(crm.url()));
  lab.start();
  lab.offer("1", "/c/1", "1");
  lab.offer("2", "/c/1", "2");
  ASSERT_TRUE(eventually([&] { return crm.requests().size() == 1; }));
  std::thread stopping([&] { lab.stop(seconds{20}); });
  ASSERT_TRUE(eventually([&] { return lab.all().queues()[0]->closed(); }));
  slow.open();
  stopping.join();
  EXPECT_THAT(lab.arrived(), ElementsAre("1"));
  EXPECT_EQ(lab.status().state, sink_state::stopped);
  EXPECT_EQ(crm.requests().size(), 1u);
}

TEST_F(webhook_sink_test, stop_keeps_its_deadline_whatever_hangs) {
  gate slow;
  http_receiver crm([&](const request&) {
    slow.wait();
    return reply{};
  });
  crm.open();
  sink_lab lab(to(crm.url()));
  lab.start();
  lab.offer("1", "/c/1", "1");
  ASSERT_TRUE(eventually([&] { return crm.requests().size() == 1; }));
  const auto began = std::chrono::steady_clock::now();
  lab.stop(milliseconds{300});
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{5});
  EXPECT_THAT(lab.arrived(), IsEmpty());
  slow.open();
}

}  // namespace
}  // namespace twinlane::ingest
