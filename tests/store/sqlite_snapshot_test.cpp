#include <twinlane/runtime/detail/sqlite_handle.hpp>
#include <twinlane/runtime/sqlite_snapshot.hpp>

#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include <twinlane/runtime/sqlite_compact.hpp>
#include <twinlane/runtime/sqlite_store.hpp>

#include "store_conformance.hpp"

namespace twinlane::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

/// Folds all the time, so that a snapshot finds rows in the log, in chunks and in both.
sqlite_store_options options_for(const scratch_folder& folder) {
  sqlite_store_options o;
  o.file = (folder / "store.db").string();
  o.fold_bytes = 32 * 1024;
  o.fold_slice = 0us;
  o.linger = 50us;
  o.transaction_bytes_max = 4 * 1024;
  o.log_bytes_max = 256 * 1024;
  return o;
}

content rows_of(sqlite_snapshot& s, std::string_view prefix = "") {
  content all;
  std::string before;
  s.for_each(prefix, [&](const sqlite_snapshot::owner_rows& found) {
    EXPECT_GT(found.owner, before);
    EXPECT_FALSE(found.rows.empty());
    before = found.owner;
    for (const auto& r : found.rows) all[{std::string(r.owner), std::string(r.lane), std::string(r.key)}] = r.value;
    return true;
  });
  return all;
}

/// What the first commits of a seed leave, as many as the content says.
content expected_for(std::uint64_t seed, const content& found) {
  content model;
  const auto count = found.find({"#count", "", ""});
  const auto n = count == found.end() ? 0 : std::stoull(count->second);
  for (std::uint64_t i = 1; i <= n; ++i) apply_rows(batch_of(seed, i), model);
  return model;
}

/// A store that another thread writes without end.
struct busy_store {
  explicit busy_store(const sqlite_store_options& o) : store(o) {
    store.open();
    writer = std::jthread([this](std::stop_token stop) {
      for (std::uint64_t n = 1; !stop.stop_requested(); ++n) {
        store.commit(batch_of(seed, n), durability::soon, nullptr);
        if (n % 50 == 0) settle(store);
      }
    });
  }
  ~busy_store() {
    writer = {};
    store.close();
  }
  static constexpr std::uint64_t seed = 5;
  sqlite_store store;
  std::jthread writer;
};

/// Commits in a process of its own that ends without closing its store.
std::uint64_t commits_then_dies(const sqlite_store_options& o) {
  constexpr std::uint64_t commits = 500;
  const auto pid = ::fork();
  if (pid == 0) {
    sqlite_store store(o);
    store.open();
    for (std::uint64_t n = 1; n <= commits; ++n) store.commit(batch_of(2, n), durability::soon, nullptr);
    settle(store);
    ::_exit(0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
  return commits;
}

TEST(sqlite_snapshot, beside_a_writer_is_a_prefix_of_the_commits_and_does_not_change) {
  scratch_folder folder;
  busy_store busy(options_for(folder));
  std::size_t seen = 0;
  for (int round = 0; round < 20; ++round) {
    while (busy.store.count().folds < static_cast<std::uint64_t>(round)) std::this_thread::yield();
    sqlite_snapshot s(options_for(folder).file);
    const auto found = rows_of(s);
    ASSERT_EQ(found, expected_for(busy.seed, found)) << "round " << round;
    settle(busy.store);
    ASSERT_EQ(rows_of(s), found);
    ASSERT_EQ(rows_of(s, "/customer/3"), [&] {
      content some;
      for (const auto& row : found)
        if (std::get<0>(row.first).starts_with("/customer/3")) some.insert(row);
      return some;
    }());
    seen = std::max(seen, found.size());
  }
  EXPECT_GT(seen, 100u);
}

TEST(sqlite_snapshot, of_a_store_whose_server_died_holds_all_that_was_durable_and_takes_no_lock) {
  scratch_folder folder;
  auto o = options_for(folder);
  for (const std::size_t fold_bytes : {std::size_t{1}, std::size_t{64} << 20}) {
    o.fold_bytes = fold_bytes;
    fs::remove_all(folder.path());
    const auto n = commits_then_dies(o);
    sqlite_snapshot s(o.file);
    const auto found = rows_of(s);
    EXPECT_EQ(found.at({"#count", "", ""}), std::to_string(n));
    EXPECT_EQ(found, expected_for(2, found));
    sqlite_store store(o);
    EXPECT_FALSE(store.open().clean);
    EXPECT_TRUE(store.close());
    EXPECT_EQ(rows_of(s), found);
  }
}

TEST(sqlite_snapshot, of_what_is_no_store_says_so) {
  scratch_folder folder;
  const auto o = options_for(folder);
  const auto said = [&] {
    try {
      sqlite_snapshot s(o.file);
    } catch (const std::runtime_error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_NE(said().find("There is no store"), std::string::npos);
  EXPECT_FALSE(fs::exists(o.file));
  std::ofstream(o.file) << "";
  EXPECT_NE(said().find("is empty"), std::string::npos);
  std::ofstream(o.file) << std::string(5000, 'x');
  EXPECT_NE(said().find("is damaged"), std::string::npos);
}

TEST(sqlite_snapshot, names_a_damaged_owner_and_goes_on_with_the_others) {
  scratch_folder folder;
  const auto o = options_for(folder);
  {
    sqlite_store store(o);
    store.open();
    row_batch rows;
    for (const char* owner : {"/a", "/b", "/c"}) rows.put(owner, "l", "k", std::string("value of ") + owner);
    store.commit(std::move(rows), durability::now, nullptr);
    ASSERT_TRUE(store.close());
  }
  twinlane::detail::sqlite_handle(o.file, "").run("UPDATE chunk SET rows = x'00' WHERE owner = '/b'");
  sqlite_snapshot s(o.file);
  std::vector<std::string> told;
  s.for_each("/", [&](const sqlite_snapshot::owner_rows& found) {
    told.push_back(std::string(found.owner) + (found.damaged ? " damaged" : " " + std::string(found.rows[0].value)));
    return true;
  });
  EXPECT_EQ(told, (std::vector<std::string>{"/a value of /a", "/b damaged", "/c value of /c"}));
}

TEST(sqlite_snapshot, copy_beside_a_writer_opens_as_a_store_with_a_prefix_of_the_commits) {
  scratch_folder folder;
  busy_store busy(options_for(folder));
  while (busy.store.count().folds < 3) std::this_thread::yield();
  auto copied = options_for(folder);
  copied.file = (folder / "copy.db").string();
  sqlite_snapshot s(options_for(folder).file);
  double last = -1;
  ASSERT_TRUE(s.write_to(copied.file, [&](double part) {
    EXPECT_GE(part, last);
    last = part;
    return true;
  }));
  EXPECT_GT(last, 0);
  const auto found = rows_of(s);
  sqlite_store copy(copied);
  const auto opened = copy.open();
  EXPECT_FALSE(opened.clean);
  EXPECT_EQ(opened.epoch, 2u);
  EXPECT_EQ(all_of(copy), found);
  EXPECT_EQ(found, expected_for(busy.seed, found));
  EXPECT_GT(found.size(), 100u);
  EXPECT_TRUE(copy.close());
}

TEST(sqlite_snapshot, copy_never_overwrites_and_leaves_nothing_when_stopped) {
  scratch_folder folder;
  const auto o = options_for(folder);
  commits_then_dies(o);
  sqlite_snapshot s(o.file);
  const auto to = (folder / "copy.db").string();
  EXPECT_FALSE(s.write_to(to, [](double) { return false; }));
  EXPECT_FALSE(fs::exists(to));
  EXPECT_FALSE(fs::exists(to + ".part"));
  std::ofstream(to) << "mine";
  EXPECT_THROW(s.write_to(to, [](double) { return true; }), std::runtime_error);
  EXPECT_EQ(fs::file_size(to), 4u);
}

TEST(sqlite_compact, gives_space_back_and_keeps_all_rows) {
  scratch_folder folder;
  auto o = options_for(folder);
  content model;
  {
    sqlite_store store(o);
    store.open();
    row_batch many, fewer;
    for (int i = 0; i < 20'000; ++i) many.put("/c/" + std::to_string(i), "l", "k", std::string(200, 'x'));
    for (int i = 100; i < 20'000; ++i) fewer.remove("/c/" + std::to_string(i), "l", "k");
    apply_rows(many, model);
    apply_rows(fewer, model);
    store.commit(std::move(many), durability::soon, nullptr);
    settle(store);
    store.commit(std::move(fewer), durability::soon, nullptr);
    EXPECT_THROW(compact_sqlite_store(o, [] {}), std::runtime_error);
    ASSERT_TRUE(store.close());
  }
  unsigned calls = 0;
  const auto sizes = compact_sqlite_store(o, [&] { ++calls; });
  EXPECT_EQ(sizes.bytes_after, fs::file_size(o.file));
  EXPECT_LT(sizes.bytes_after, sizes.bytes_before / 4);
  sqlite_store again(o);
  EXPECT_TRUE(again.open().clean);
  EXPECT_EQ(all_of(again), model);
}

TEST(sqlite_compact, makes_no_store_where_there_is_none) {
  scratch_folder folder;
  EXPECT_THROW(compact_sqlite_store(options_for(folder), [] {}), std::runtime_error);
  EXPECT_FALSE(fs::exists(options_for(folder).file));
}

}  // namespace
}  // namespace twinlane::testing
