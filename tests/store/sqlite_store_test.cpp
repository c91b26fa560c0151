#include <twinlane/runtime/sqlite_store.hpp>

#include <chrono>
#include <random>
#include <thread>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/power_cut_vfs.hpp"
#include "sqlite_scratch.hpp"

namespace twinlane::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// ---- ends that were not asked for ----

struct acknowledged {
  std::atomic<std::uint64_t> soon{0}, now{0};
};

class acknowledges final : public commit_waiter {
 public:
  acknowledges(acknowledged& a, std::uint64_t n, bool now) : a_(a), n_(n), now_(now) {}
  void durable() noexcept override {
    a_.soon.store(n_);
    if (now_) a_.now.store(n_);
  }

 private:
  acknowledged& a_;
  std::uint64_t n_;
  bool now_;
};

std::uint64_t count_in(twinlane::store& store) {
  std::uint64_t n = 0;
  store.read("#count", [&](const store_row& r) { n = std::stoull(std::string(r.value)); });
  return n;
}

/// Commits numbered batches until the process ends.
void commit_for_ever(const sqlite_store_options& o, std::uint64_t seed, acknowledged& heard) {
  sqlite_store store(o);
  store.open();
  for (auto n = count_in(store) + 1;; ++n) {
    const bool now = n % 37 == 0;
    store.commit(batch_of(seed, n), now ? durability::now : durability::soon,
                 std::make_unique<acknowledges>(heard, n, now));
    while (n > heard.soon.load() + 60) std::this_thread::sleep_for(100us);
    if (n % 100 == 0) std::this_thread::sleep_for(1ms);
  }
}

void wait_for_commits(const acknowledged& heard, std::uint64_t n) {
  for (int i = 0; i < 100'000 && heard.soon.load() <= n; ++i) std::this_thread::sleep_for(100us);
}

/// In a process of its own, which `end` is to stop. What was acknowledged survives it.
template <class Child>
void in_child(Child&& child, std::function<void(pid_t)> end = nullptr) {
  const auto pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    child();
    ::_exit(0);
  }
  if (end) end(pid);
  int status = 0;
  ::waitpid(pid, &status, 0);
}

struct shared_acknowledged {
  shared_acknowledged()
      : at(new (::mmap(nullptr, sizeof(acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
               acknowledged) {}
  ~shared_acknowledged() { ::munmap(at, sizeof(acknowledged)); }
  acknowledged* at;
};

/// The store must hold the first n commits, with n at least `least`. Returns n.
std::uint64_t expect_prefix(const sqlite_store_options& o, std::uint64_t seed, std::uint64_t least,
                            std::uint64_t epoch) {
  sqlite_store store(o);
  const auto opened = store.open();
  EXPECT_FALSE(opened.clean);
  EXPECT_EQ(opened.epoch, epoch);
  const auto n = count_in(store);
  EXPECT_GE(n, least);
  content model;
  for (std::uint64_t i = 1; i <= n; ++i) apply_rows(batch_of(seed, i), model);
  EXPECT_EQ(all_of(store), model);
  EXPECT_TRUE(store.close());
  return n;
}

sqlite_store_options busy_options(const scratch_folder& folder) {
  auto o = options_for(folder);
  o.fold_bytes = 64 * 1024;
  o.fold_slice = 0us;
  o.linger = 50us;
  o.transaction_bytes_max = 4 * 1024;
  o.redo_row_bytes_max = 2 * 1024;
  o.log_bytes_max = 256 * 1024;
  return o;
}

TEST(sqlite_store, after_a_kill_holds_a_prefix_with_all_that_was_acknowledged) {
  scratch_folder folder;
  const auto o = busy_options(folder);
  const auto seed = std::random_device{}() % 100'000;
  std::mt19937_64 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  shared_acknowledged heard;
  for (int round = 0; round < (long_run() ? 50 : 5); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto before = heard.at->soon.load();
    in_child([&] { commit_for_ever(o, seed, *heard.at); },
             [&](pid_t pid) {
               wait_for_commits(*heard.at, before + random() % 3'000);
               ::kill(pid, SIGKILL);
             });
    heard.at->soon = expect_prefix(o, seed, heard.at->soon.load(), static_cast<std::uint64_t>(round) + 2);
    if (HasFailure()) return;
  }
}

TEST(sqlite_store, after_a_power_cut_holds_a_prefix_with_all_that_was_acknowledged_as_synced) {
  power_cut_vfs::install();
  scratch_folder folder;
  auto o = busy_options(folder);
  o.vfs = power_cut_vfs::name;
  const auto seed = std::random_device{}() % 100'000;
  std::mt19937_64 random(seed);
  SCOPED_TRACE("seed " + std::to_string(seed));
  shared_acknowledged heard;
  for (int round = 0; round < (long_run() ? 50 : 5); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto after = random() % 3'000;
    const auto cut_seed = random();
    in_child([&] {
      const auto before = heard.at->soon.load();
      std::thread([&] { commit_for_ever(o, seed, *heard.at); }).detach();
      wait_for_commits(*heard.at, before + after);
      power_cut_vfs::cut(cut_seed);
    });
    const auto n = expect_prefix(o, seed, heard.at->now.load(), static_cast<std::uint64_t>(round) + 2);
    heard.at->soon = heard.at->now = n;
    if (HasFailure()) return;
  }
}

// ---- the log ----

TEST(sqlite_store, a_batch_that_is_larger_than_a_row_of_the_log_survives_a_kill) {
  scratch_folder folder;
  auto o = options_for(folder);
  o.redo_row_bytes_max = 1'000;
  content model;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    row_batch rows;
    for (int i = 0; i < 40; ++i) rows.put("/large", "l", std::to_string(i), std::string(n * 300, 'x'));
    apply_rows(rows, model);
    in_child([&] {
      sqlite_store store(o);
      store.open();
      store.commit(std::move(rows), durability::now, nullptr);
      settle(store);
      ::_exit(0);
    });
  }
  sqlite_store store(o);
  EXPECT_FALSE(store.open().clean);
  EXPECT_EQ(all_of(store), model);
}

TEST(sqlite_store, one_place_written_again_and_again_is_folded_before_the_log_is_long) {
  scratch_folder folder;
  auto o = options_for(folder);
  o.redo_bytes = 100'000;
  sqlite_store store(o);
  store.open();
  for (int n = 1; n <= 1'000; ++n) {
    row_batch rows;
    rows.put("/a", "l", "k", std::string(1'000, static_cast<char>(n)));
    store.commit(std::move(rows), durability::soon, nullptr);
    if (n % 50 == 0) settle(store);
  }
  settle(store);
  EXPECT_GE(store.count().folds, 5u);
  EXPECT_TRUE(store.close());
  EXPECT_LT(fs::file_size(o.file), 500'000u);
}

// ---- figures ----

TEST(sqlite_store, tells_what_is_not_durable_yet_and_how_long_each_commit_took) {
  full_disk_vfs::install();
  scratch_folder folder;
  auto o = options_for(folder);
  o.vfs = full_disk_vfs::name;
  sqlite_store store(o);
  std::vector<double> seconds;  // read once settle() has heard of later commits
  store.observe_commits([&](double s) { seconds.push_back(s); });
  store.open();
  settle(store);
  EXPECT_EQ(store.queue_bytes(), 0u);
  const auto before = seconds.size();
  full_disk_vfs::full = true;
  row_batch rows;
  rows.put("/a", "l", "k", std::string(1'000'000, 'x'));
  const auto start = std::chrono::steady_clock::now();
  store.commit(std::move(rows), durability::soon, nullptr);
  for (int i = 0; i < 500 && !store.trouble(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_GT(store.queue_bytes(), 1'000'000u);
  full_disk_vfs::full = false;
  settle(store);
  const std::chrono::duration<double> most = std::chrono::steady_clock::now() - start;
  ASSERT_GT(seconds.size(), before);
  EXPECT_GT(seconds[before], 0.0);
  EXPECT_LE(seconds[before], most.count());
  EXPECT_TRUE(store.close());
  EXPECT_EQ(store.queue_bytes(), 0u);
}

// ---- a disk that is full for a while ----

TEST(sqlite_store, a_full_disk_holds_commits_back_and_they_go_on_when_there_is_room) {
  full_disk_vfs::install();
  scratch_folder folder;
  auto o = options_for(folder);
  o.vfs = full_disk_vfs::name;
  o.fold_bytes = 64 * 1024;
  sqlite_store store(o);
  store.open();
  acknowledged heard;
  content model;
  const auto commit = [&](std::uint64_t n) {
    auto rows = batch_of(3, n);
    apply_rows(rows, model);
    store.commit(std::move(rows), n % 2 ? durability::soon : durability::now,
                 std::make_unique<acknowledges>(heard, n, false));
  };
  for (std::uint64_t n = 1; n <= 100; ++n) commit(n);
  settle(store);
  full_disk_vfs::full = true;
  for (std::uint64_t n = 101; n <= 2'000; ++n) commit(n);
  for (int i = 0; i < 500 && !store.trouble(); ++i) std::this_thread::sleep_for(10ms);
  ASSERT_TRUE(store.trouble());
  EXPECT_NE(store.trouble()->find("full"), std::string::npos) << *store.trouble();
  EXPECT_LT(heard.soon, 2'000u);
  EXPECT_GT(store.count().errors, 0u);
  EXPECT_EQ(all_of(store), model);
  full_disk_vfs::full = false;
  settle(store);
  EXPECT_EQ(heard.soon, 2'000u);
  for (int i = 0; i < 500 && store.trouble(); ++i) std::this_thread::sleep_for(10ms);
  EXPECT_EQ(store.trouble(), std::nullopt);
  EXPECT_TRUE(store.close());
  sqlite_store again(o);
  again.open();
  EXPECT_EQ(all_of(again), model);
}

TEST(sqlite_store, an_end_on_a_full_disk_says_so_and_is_not_clean) {
  full_disk_vfs::install();
  scratch_folder folder;
  auto o = options_for(folder);
  o.vfs = full_disk_vfs::name;
  {
    sqlite_store store(o);
    store.open();
    settle(store);
    full_disk_vfs::full = true;
    row_batch rows;
    rows.put("/a", "", "", std::string(100'000, 'x'));
    store.commit(std::move(rows), durability::soon, nullptr);
    EXPECT_FALSE(store.close());
    full_disk_vfs::full = false;
  }
  sqlite_store again(o);
  const auto opened = again.open();
  EXPECT_FALSE(opened.clean);
  EXPECT_EQ(opened.epoch, 2u);
  EXPECT_TRUE(again.owners("", "", 1).empty());
}

}  // namespace
}  // namespace twinlane::testing
