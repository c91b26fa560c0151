// Files of a store that are not what was written, or not its own.
#include <chrono>
#include <fstream>
#include <random>
#include <thread>

#include <twinlane/runtime/detail/sqlite_handle.hpp>

#include "sqlite_scratch.hpp"

namespace twinlane::testing {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

std::string message_of_open(const sqlite_store_options& o) {
  sqlite_store store(o);
  try {
    store.open();
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

void run_sql(const sqlite_store_options& o, const char* sql) { twinlane::detail::sqlite_handle(o.file, "").run(sql); }

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_bytes(const fs::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

/// A store with `n` commits of a seed, closed, as far as possible folded.
content write_store(const sqlite_store_options& o, std::uint64_t seed, std::uint64_t commits) {
  auto folding = o;
  folding.fold_bytes = 1;
  sqlite_store store(folding);
  store.open();
  content model;
  for (std::uint64_t n = 1; n <= commits; ++n) {
    auto rows = batch_of(seed, n);
    apply_rows(rows, model);
    store.commit(std::move(rows), durability::soon, nullptr);
    if (n % 20 == 0) settle(store);
  }
  EXPECT_TRUE(store.close());
  return model;
}

TEST(sqlite_damage, a_second_opener_is_refused) {
  scratch_folder folder;
  const auto o = options_for(folder);
  sqlite_store first(o);
  first.open();
  EXPECT_NE(message_of_open(o).find("in use by another server"), std::string::npos);
  first.close();
  EXPECT_EQ(message_of_open(o), "");
}

TEST(sqlite_damage, a_newer_layout_is_refused_and_left_alone) {
  scratch_folder folder;
  const auto o = options_for(folder);
  write_store(o, 1, 5);
  run_sql(o, "PRAGMA user_version=2");
  EXPECT_NE(message_of_open(o).find("has layout 2"), std::string::npos);
  EXPECT_TRUE(fs::exists(o.file));
}

TEST(sqlite_damage, a_database_of_another_program_is_refused_and_left_alone) {
  scratch_folder folder;
  const auto o = options_for(folder);
  run_sql(o, "CREATE TABLE theirs(x)");
  EXPECT_NE(message_of_open(o).find("another program"), std::string::npos);
  EXPECT_TRUE(fs::exists(o.file));
}

TEST(sqlite_damage, what_is_no_database_is_set_aside_and_named) {
  scratch_folder folder;
  const auto o = options_for(folder);
  for (const char* aside : {".damaged-1", ".damaged-2"}) {
    write_bytes(o.file, std::string(9000, 'x'));
    EXPECT_NE(message_of_open(o).find(o.file + aside), std::string::npos);
    EXPECT_EQ(bytes_of(o.file + aside), std::string(9000, 'x'));
    EXPECT_FALSE(fs::exists(o.file));
  }
  EXPECT_EQ(message_of_open(o), "");
}

TEST(sqlite_damage, a_flipped_byte_is_found_at_open_or_was_of_no_meaning) {
  scratch_folder folder;
  const auto o = options_for(folder);
  const auto model = write_store(o, 7, 300);
  const auto good = bytes_of(o.file);
  std::mt19937_64 random(11);
  unsigned found = 0;
  const int rounds = long_run() ? 400 : 60;
  for (int round = 0; round < rounds; ++round) {
    auto bad = good;
    const auto at = random() % bad.size();
    bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
    SCOPED_TRACE("byte " + std::to_string(at));
    fs::remove_all(folder.path());
    fs::create_directories(folder.path());
    write_bytes(o.file, bad);
    sqlite_store store(o);
    try {
      store.open();
    } catch (const std::runtime_error& e) {
      ++found;
      continue;
    }
    ASSERT_EQ(all_of(store), model);
    store.close();
  }
  EXPECT_GT(found, 0u);
}

/// Of the header or the first pointers of a page that leads to other pages of the tree.
std::size_t byte_of_inner_page(const std::string& file, std::mt19937_64& random) {
  constexpr std::size_t page_size = 16 * 1024;
  constexpr char inner_page_of_an_index = 2;
  for (;;) {
    const auto page = random() % (file.size() / page_size) * page_size;
    if (file[page] == inner_page_of_an_index) return page + random() % 24;
  }
}

TEST(sqlite_damage, a_flipped_byte_of_a_large_file_hides_no_owner_and_changes_none) {
  scratch_folder folder;
  auto o = options_for(folder);
  o.check_bytes_max = 0;  // as if it were too large to be read at open
  constexpr int owners = 1'500;
  const auto name_of = [](int i) { return "/customer/" + std::to_string(i); };
  {
    sqlite_store store(o);
    store.open();
    row_batch rows;
    for (int i = 0; i < owners; ++i) rows.put(name_of(i), "l", "k", std::string(1'000, static_cast<char>(i)));
    store.commit(std::move(rows), durability::soon, nullptr);
    ASSERT_TRUE(store.close());
  }
  const auto good = bytes_of(o.file);
  std::mt19937_64 random(17);
  unsigned refused = 0, threw = 0, wrong = 0;
  for (int round = 0; round < (long_run() ? 300 : 30); ++round) {
    auto bad = good;
    const auto at = round % 2 ? random() % bad.size() : byte_of_inner_page(bad, random);
    bad[at] = static_cast<char>(bad[at] ^ (1 << random() % 8));
    SCOPED_TRACE("byte " + std::to_string(at));
    write_bytes(o.file, bad);
    fs::remove(o.file + "-wal");
    sqlite_store store(o);
    try {
      store.open();
    } catch (const std::runtime_error& e) {
      EXPECT_NE(std::string(e.what()).find(".damaged-"), std::string::npos) << e.what();
      ++refused;
      continue;
    }
    for (int i = 0; i < owners; ++i) {
      try {
        std::size_t right = 0;
        store.read(name_of(i),
                   [&](const store_row& r) { right += r.value == std::string(1'000, static_cast<char>(i)); });
        wrong += right != 1;
      } catch (const store_damage&) {
        ++threw;
      }
    }
    try {
      wrong += store.owners("", "", owners + 1).size() != owners;
    } catch (const store_damage&) {
      ++threw;
    }
    ASSERT_TRUE(store.close());
  }
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(threw, 0u);
  RecordProperty("refused", static_cast<int>(refused));
}

/// A closed store with rows of /a and /b in the base, on pages that lie apart.
sqlite_store_options write_two_owners(const scratch_folder& folder) {
  auto o = options_for(folder);
  o.check_bytes_max = 0;
  o.fold_bytes = 1;
  sqlite_store store(o);
  store.open();
  row_batch rows;
  rows.put("/a", "l", "k", "a value to be found");
  for (int i = 0; i < 100; ++i) rows.put("/ab/" + std::to_string(i), "l", "k", std::string(1'000, 'x'));
  rows.put("/b", "l", "k", "another");
  store.commit(std::move(rows), durability::now, nullptr);
  EXPECT_TRUE(store.close());
  run_sql(o, "VACUUM");  // which leaves one copy of each row
  return o;
}

void replace_in_file(const fs::path& file, const std::string& what, const std::string& by) {
  auto bytes = bytes_of(file);
  ASSERT_NE(bytes.find(what), std::string::npos);
  for (auto at = bytes.find(what); at != std::string::npos; at = bytes.find(what, at + 1))
    bytes.replace(at, what.size(), by);
  write_bytes(file, bytes);
}

TEST(sqlite_damage, a_damaged_row_of_a_large_file_is_not_served_and_the_next_open_sets_the_file_aside) {
  scratch_folder folder;
  const auto o = write_two_owners(folder);
  replace_in_file(o.file, "to be found", "To be found");
  {
    sqlite_store store(o);
    store.open();
    unsigned rows = 0;
    EXPECT_THROW(store.read("/a", [&](const store_row&) { ++rows; }), store_damage);
    EXPECT_EQ(rows, 0u);
    store.read("/b", [&](const store_row&) { ++rows; });
    EXPECT_EQ(rows, 1u);
    EXPECT_EQ(store.count().errors, 1u);
    ASSERT_TRUE(store.close());
  }
  EXPECT_NE(message_of_open(o).find(".damaged-1"), std::string::npos);
}

/// Writes on both owners, of whom /a is damaged, until the rows are folded as far as they can be.
void write_beside_damage(const sqlite_store_options& o) {
  sqlite_store store(o);
  store.open();
  for (int n = 1; n <= 3; ++n) {
    row_batch rows;
    rows.put("/a", "l", "more", std::to_string(n));
    rows.put("/b", "l", "more", std::to_string(n));
    const auto folds = store.count().folds;
    store.commit(std::move(rows), durability::soon, nullptr);
    settle(store);
    for (int i = 0; i < 10'000 && store.count().folds == folds; ++i) std::this_thread::sleep_for(1ms);
    ASSERT_GT(store.count().folds, folds);
  }
  EXPECT_GT(store.count().errors, 0u);
  EXPECT_EQ(store.trouble(), std::nullopt);
  EXPECT_THROW(store.read("/a", [](const store_row&) {}), store_damage);
  EXPECT_EQ(all_of(store, "/b"), (content{{{"/b", "l", "k"}, "another"}, {{"/b", "l", "more"}, "3"}}));
  ASSERT_TRUE(store.close());
}

TEST(sqlite_damage, a_damaged_row_that_is_to_change_stops_only_its_owner_and_the_next_open_sets_the_file_aside) {
  scratch_folder folder;
  const auto o = write_two_owners(folder);
  replace_in_file(o.file, "to be found", "To be found");
  write_beside_damage(o);
  EXPECT_NE(message_of_open(o).find(".damaged-1"), std::string::npos);
}

TEST(sqlite_damage, rows_that_were_set_aside_come_back_when_the_file_was_good_after_all) {
  scratch_folder folder;
  const auto o = write_two_owners(folder);
  replace_in_file(o.file, "to be found", "To be found");
  write_beside_damage(o);
  replace_in_file(o.file, "To be found", "to be found");
  for (int round = 0; round < 2; ++round) {
    sqlite_store store(o);
    store.open();
    const auto all = all_of(store);
    EXPECT_EQ(all.size(), 104u);
    EXPECT_EQ(of_owner(all, "/a"), (content{{{"/a", "l", "k"}, "a value to be found"}, {{"/a", "l", "more"}, "3"}}));
    EXPECT_EQ(of_owner(all, "/b"), (content{{{"/b", "l", "k"}, "another"}, {{"/b", "l", "more"}, "3"}}));
    ASSERT_TRUE(store.close());
  }
}

}  // namespace
}  // namespace twinlane::testing
