#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "stage.hpp"

using namespace runtime_test;

namespace {

class runtime_load : public testing::TestWithParam<ground> {};
INSTANTIATE_TEST_SUITE_P(hosting, runtime_load, all_grounds, name_of_ground);

constexpr int entities = 20;

std::vector<event> some_events(std::mt19937& random, int n) {
  std::vector<event> all;
  for (int i = 0; i < n; ++i) {
    const auto id = std::to_string(random() % entities);
    switch (random() % 5) {
      case 0:
        all.push_back({"/account/" + id, "notes", "", random() % 50 == 0 ? "\"poison\"" : "\"n\""});
        break;
      case 1:
        all.push_back({"/account/" + id, "name", "", "\"" + std::to_string(random() % 3) + "\"", random() % 4 == 0});
        break;
      case 2:
        all.push_back({"/fan/" + id, "wish", "0", "\"/product/" + std::to_string(random() % 5) + "\""});
        break;
      case 3:
        all.push_back({"/product/" + std::to_string(random() % 5), "price", "", std::to_string(random() % 9)});
        break;
      default:
        all.push_back({"/account/" + id, "amounts", std::to_string(random() % 8), std::to_string(random() % 100),
                       random() % 5 == 0});
    }
  }
  return all;
}

TEST_P(runtime_load, folded_diffs_equal_the_state_while_all_happens_at_once) {
  stage s(GetParam());
  std::vector<std::pair<std::string, std::shared_ptr<following>>> kept;
  std::mutex mutex;
  std::atomic<int> commands_open{0}, wrong{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 3; ++t)
    threads.emplace_back([&, t] {  // posts its own partition
      std::mt19937 random(t);
      const auto p = s.on.partition("src", "topic", static_cast<std::int32_t>(t + 1));
      std::int64_t offset = 0;
      for (int i = 0; i < 60; ++i) s.post(p, some_events(random, static_cast<int>(random() % 100)), offset);
    });
  for (unsigned t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {  // subscribes, and leaves every second time
      std::mt19937 random(100 + t);
      const char* types[] = {"account", "fan", "product"};
      for (int i = 0; i < 150; ++i) {
        const auto uri = "/" + std::string(types[random() % 3]) + "/" + std::to_string(random() % entities);
        auto f = std::make_shared<following>();
        const auto made = s.on.subscribe({uri, {}, false}, f, random());
        if (!ok(made)) ++wrong;
        if (i % 2) s.on.unsubscribe(std::get<0>(made));
        std::lock_guard lock(mutex);
        kept.emplace_back(i % 2 ? "" : uri, f);
      }
    });
  threads.emplace_back([&] {  // commands and removes
    std::mt19937 random(1000);
    for (int i = 0; i < 300; ++i) {
      ++commands_open;
      const auto uri = "/account/" + std::to_string(random() % entities);
      if (i % 20 == 0) {
        s.on.remove(uri, {}, [&](outcome<std::monostate>) { --commands_open; });
      } else {
        s.on.command({uri, "add", std::to_string(static_cast<int>(random() % 5) - 1), {}, {}, {}},
                     [&](outcome<command_result>) { --commands_open; });
      }
    }
  });
  for (auto& t : threads) t.join();
  ASSERT_TRUE(s.drain());
  EXPECT_EQ(commands_open, 0) << "each request is answered exactly once";
  EXPECT_EQ(wrong, 0);
  int compared = 0;
  for (const auto& [uri, f] : kept) {
    ASSERT_EQ(f->broken(), "") << uri;
    if (uri.empty()) {
      EXPECT_EQ(f->said().back(), "done unsubscribed");
      continue;
    }
    const auto now = s.get(uri);
    if (!ok(now)) {
      EXPECT_EQ(f->state(), json::object()) << uri;
      continue;
    }
    ++compared;
    ASSERT_EQ(f->state(), json::parse(std::get<0>(now).lanes())) << uri;
    EXPECT_EQ(f->rev(), std::get<0>(now).rev);
    EXPECT_EQ(f->lineage(), std::get<0>(now).lineage);
  }
  EXPECT_GT(compared, 50);
  for (const auto& p : s.on.partitions()) {
    EXPECT_EQ(p->in_flight_records(), 0);
    EXPECT_EQ(p->in_flight_bytes(), 0);
    EXPECT_EQ(p->low_mark(), p->posted_mark());
  }
}

TEST_P(runtime_load, stops_under_load_within_its_deadline_and_answers_each_request_once) {
  stage s(GetParam());
  std::atomic<bool> go{true};
  std::atomic<int> asked{0}, answered{0};
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < 2; ++t)
    threads.emplace_back([&, t] {
      std::mt19937 random(t);
      const auto p = s.on.partition("src", "topic", static_cast<std::int32_t>(t + 1));
      std::int64_t offset = 0;
      while (go) {
        s.post(p, some_events(random, 50), offset);
        if (p->in_flight_records() > 5000) std::this_thread::sleep_for(1ms);
      }
    });
  threads.emplace_back([&] {
    while (go) {
      ++asked;
      s.on.command({"/locker/1", "add", "1", {}, {}, {}}, [&](outcome<command_result>) { ++answered; });
      if (asked - answered > 1000) std::this_thread::sleep_for(1ms);
    }
  });
  ASSERT_TRUE(eventually([&] { return s.on.agent_count() > 10; }));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_TRUE(s.on.stop(10s));
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
  go = false;
  for (auto& t : threads) t.join();
  EXPECT_EQ(asked, answered);
}

TEST_P(runtime_load, stop_keeps_its_deadline_when_agents_talk_without_end) {
  stage s(GetParam());
  s.post({{"/relay/1", "to", "", "\"/relay/2\""}, {"/relay/2", "to", "", "\"/relay/1\""}});
  std::vector<event> events(3000, event{"/relay/1", "inbox", "", "0"});
  s.post(events);
  const auto start = std::chrono::steady_clock::now();
  s.on.stop(200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
}

}  // namespace
