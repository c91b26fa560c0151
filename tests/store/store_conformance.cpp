#include "store_conformance.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <set>
#include <thread>

#include <unistd.h>

namespace twinlane::testing {

scratch_folder::scratch_folder() {
  static std::atomic<unsigned> count{0};
  path_ = std::filesystem::temp_directory_path() /
          ("twinlane-store-test-" + std::to_string(::getpid()) + "-" + std::to_string(count.fetch_add(1)));
  std::filesystem::create_directories(path_);
}

scratch_folder::~scratch_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void apply_rows(const row_batch& rows, content& to) {
  rows.for_each([&](const store_row& r) {
    const place at{r.owner, r.lane, r.key};
    if (r.removed)
      to.erase(at);
    else
      to[at] = r.value;
  });
}

content all_of(twinlane::store& store, std::string_view prefix) {
  content all;
  std::string after;
  for (;;) {
    const auto page = store.owners(prefix, after, 7);
    for (const auto& owner : page) {
      EXPECT_GT(owner, after);
      place before;
      bool first = true;
      store.read(owner, [&](const store_row& r) {
        const place at{owner, r.lane, r.key};
        EXPECT_TRUE(first || before < at) << "out of order in " << owner;
        EXPECT_EQ(r.owner, owner);
        EXPECT_FALSE(r.removed);
        all[at] = r.value;
        before = at;
        first = false;
      });
      EXPECT_FALSE(first) << owner << " is named and has no rows";
      after = owner;
    }
    if (page.size() < 7) return all;
  }
}

content of_owner(const content& all, const std::string& owner) {
  content some;
  for (const auto& [at, value] : all)
    if (std::get<0>(at) == owner) some[at] = value;
  return some;
}

row_batch batch_of(std::uint64_t seed, std::uint64_t n) {
  std::mt19937_64 random(seed * 1'000'003 + n);
  static const std::string keys[] = {"",         "1",   "10", "2", std::string("\0", 1), std::string("a\0b", 3),
                                     "\xff\xfe", "käse"};
  row_batch rows;
  for (auto count = random() % 9; count > 0; --count) {
    const auto owner =
        random() % 4 == 0 ? "#" + std::to_string(random() % 5) : "/customer/" + std::to_string(random() % 40);
    const auto lane = std::string(1, static_cast<char>('a' + random() % 3));
    const auto& key = keys[random() % std::size(keys)];
    if (random() % 4 == 0)
      rows.remove(owner, random() % 8 == 0 ? "" : lane, key);
    else
      rows.put(owner, random() % 8 == 0 ? "" : lane, key,
               std::string(random() % 50 == 0 ? 20'000 : random() % 60, static_cast<char>(random())));
  }
  rows.put("#count", "", "", std::to_string(n));
  return rows;
}

namespace {

class told final : public commit_waiter {
 public:
  explicit told(std::function<void()> f) : f_(std::move(f)) {}
  void durable() noexcept override { f_(); }

 private:
  std::function<void()> f_;
};

}  // namespace

void settle(twinlane::store& store, durability d) {
  std::promise<void> done;
  store.commit({}, d, std::make_unique<told>([&] { done.set_value(); }));
  ASSERT_EQ(done.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
}

void store_conformance::open() {
  store = GetParam().make(folder.path());
  store->open();
}

void store_conformance::reopen() {
  ASSERT_TRUE(store->close());
  store.reset();
  open();
}

TEST_P(store_conformance, holds_what_was_written_in_random_work) {
  const std::uint64_t seeds = std::getenv("TWINLANE_LONG") && *std::getenv("TWINLANE_LONG") ? 40 : 4;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    store.reset();
    std::filesystem::remove_all(folder.path());
    std::filesystem::create_directories(folder.path());
    open();
    content model;
    std::mt19937_64 random(seed);
    for (std::uint64_t n = 1; n <= 400; ++n) {
      auto rows = batch_of(seed, n);
      apply_rows(rows, model);
      store->commit(std::move(rows), random() % 80 ? durability::soon : durability::now, nullptr);
      if (random() % 4 == 0) {
        const auto owner = "/customer/" + std::to_string(random() % 40);
        content seen;
        store->read(owner, [&](const store_row& r) {
          seen[{owner, std::string(r.lane), std::string(r.key)}] = r.value;
        });
        ASSERT_EQ(seen, of_owner(model, owner)) << owner << " after " << n;
      }
      if (random() % 40 == 0) settle(*store);
      if (random() % 60 == 0) {
        ASSERT_EQ(all_of(*store), model) << "after " << n;
      }
      if (random() % 100 == 0) reopen();
    }
    reopen();
    ASSERT_EQ(all_of(*store), model);
  }
}

TEST_P(store_conformance, owners_come_in_pages_and_only_those_that_have_rows) {
  open();
  row_batch rows;
  for (const char* owner : {"/b", "/a/2", "/a", "/a/1", "#7", "/c"}) rows.put(owner, "", "", "");
  store->commit(std::move(rows), durability::soon, nullptr);
  settle(*store);
  reopen();
  row_batch more;
  more.remove("/a/1", "", "");
  more.remove("/never", "", "");
  more.put("/a/3", "lane", "key", "value");
  store->commit(std::move(more), durability::soon, nullptr);
  using names = std::vector<std::string>;
  EXPECT_EQ(store->owners("", "", 10), (names{"#7", "/a", "/a/2", "/a/3", "/b", "/c"}));
  EXPECT_EQ(store->owners("/a", "", 10), (names{"/a", "/a/2", "/a/3"}));
  EXPECT_EQ(store->owners("/a/", "/a/2", 10), (names{"/a/3"}));
  EXPECT_EQ(store->owners("/a", "/", 1), (names{"/a"}));
  EXPECT_EQ(store->owners("", "/a/2", 2), (names{"/a/3", "/b"}));
  EXPECT_EQ(store->owners("/x", "", 10), (names{}));
  EXPECT_EQ(store->owners("", "", 0), (names{}));
}

TEST_P(store_conformance, a_later_row_of_a_batch_wins_and_empty_and_large_values_are_kept) {
  open();
  row_batch rows;
  const std::string large(3'000'000, 'x');
  rows.put("/a", "l", "k", "first");
  rows.put("/a", "l", "k", "");
  rows.put("/a", "l", "large", large);
  rows.put("/a", "l", "gone", "here");
  rows.remove("/a", "l", "gone");
  rows.remove("/a", "l", "back");
  rows.put("/a", "l", "back", "again");
  store->commit(std::move(rows), durability::now, nullptr);
  const content expected{{{"/a", "l", "k"}, ""}, {{"/a", "l", "large"}, large}, {{"/a", "l", "back"}, "again"}};
  EXPECT_EQ(all_of(*store), expected);
  reopen();
  EXPECT_EQ(all_of(*store), expected);
}

TEST_P(store_conformance, waiters_hear_once_each_in_the_order_of_commits) {
  open();
  std::mutex mutex;
  std::vector<int> heard;
  for (int i = 0; i < 300; ++i) {
    store->commit(batch_of(1, static_cast<std::uint64_t>(i)), i % 50 ? durability::soon : durability::now,
                  std::make_unique<told>([&, i] {
                    std::lock_guard lock(mutex);
                    heard.push_back(i);
                  }));
  }
  settle(*store);
  std::lock_guard lock(mutex);
  ASSERT_EQ(heard.size(), 300u);
  EXPECT_TRUE(std::is_sorted(heard.begin(), heard.end()));
}

TEST_P(store_conformance, a_batch_without_rows_tells_its_waiter_once_all_before_it_is_durable) {
  for (const auto when : {durability::soon, durability::now}) {
    open();
    settle(*store, when);  // nothing was ever written
    EXPECT_TRUE(store->owners("", "", 10).empty());
    std::atomic<bool> first{false};
    row_batch rows;
    rows.put("/a", "", "", "x");
    store->commit(std::move(rows), durability::soon, std::make_unique<told>([&] { first = true; }));
    settle(*store, when);
    EXPECT_TRUE(first);
    EXPECT_EQ(all_of(*store), (content{{{"/a", "", ""}, "x"}}));
    row_batch none;
    none.remove("/a", "", "");
    store->commit(std::move(none), durability::soon, nullptr);
    settle(*store);
    reopen();
    ASSERT_TRUE(store->close());
    store.reset();
  }
}

TEST_P(store_conformance, many_threads_read_what_they_wrote_and_see_commits_whole) {
  open();
  std::atomic<bool> stop{false};
  std::atomic<unsigned> torn{0}, missed{0}, unnamed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&, t] {
      const auto own = "/own/" + std::to_string(t);
      for (unsigned n = 1; n <= 1'500; ++n) {
        row_batch rows;
        const auto text = std::to_string(n);
        rows.put(own, "a", "", text);
        for (unsigned i = 0; i < 6; ++i)
          rows.put("/other/" + std::to_string((n * 7 + i) % 300 * 3 + static_cast<unsigned>(t)), "x", "", text);
        rows.put(own, "b", text, text);
        if (n > 5) rows.remove(own, "b", std::to_string(n - 5));
        rows.put(own, "z", "", text);
        store->commit(std::move(rows), n % 100 ? durability::soon : durability::now, nullptr);
        if (n % 10) continue;
        std::string seen;
        store->read(own, [&](const store_row& r) {
          if (r.lane == "z") seen = r.value;
        });
        missed += seen != text;
      }
    });
  }
  threads.emplace_back([&] {
    std::size_t named = 0;
    while (!stop) {
      const auto owners = store->owners("/other/", "", 100'000);
      unnamed += owners.size() < named || !std::is_sorted(owners.begin(), owners.end());
      named = owners.size();
      for (int t = 0; t < 3; ++t) {
        std::string first, last;
        std::size_t count = 0;
        store->read("/own/" + std::to_string(t), [&](const store_row& r) {
          if (r.lane == "a") first = r.value;
          if (r.lane == "z") last = r.value;
          ++count;
        });
        torn += first != last || (!first.empty() && count != 2 + std::min(5ul, std::stoul(first)));
      }
    }
  });
  for (int t = 0; t < 3; ++t) threads[static_cast<std::size_t>(t)].join();
  stop = true;
  threads.back().join();
  EXPECT_EQ(torn, 0u);
  EXPECT_EQ(missed, 0u);
  EXPECT_EQ(unnamed, 0u);
  EXPECT_EQ(store->owners("/other/", "", 100'000).size(), 900u);
  reopen();
  EXPECT_EQ(of_owner(all_of(*store), "/own/1").size(), 7u);
}

TEST_P(store_conformance, a_clean_end_keeps_the_epoch) {
  store = GetParam().make(folder.path());
  const auto first = store->open();
  store->commit(batch_of(1, 1), durability::soon, nullptr);
  ASSERT_TRUE(store->close());
  store = GetParam().make(folder.path());
  const auto second = store->open();
  EXPECT_TRUE(second.clean);
  EXPECT_EQ(second.epoch, first.epoch);
  EXPECT_EQ(store->trouble(), std::nullopt);
}

}  // namespace twinlane::testing
