#include <twinlane/runtime/detail/row_table.hpp>

#include <map>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace twinlane::detail {
namespace {

using model = std::map<std::string, std::map<std::pair<std::string, std::string>, std::pair<std::string, bool>>>;

model content_of(const row_table& t) {
  model all;
  std::string before;
  for (const auto* o : t.sorted()) {
    EXPECT_TRUE(all.empty() || before < o->name());
    before = o->name();
    std::vector<const row_table::row*> rows;
    o->sorted(rows);
    auto& mine = all[before];
    const std::pair<std::string, std::string>* last = nullptr;
    std::size_t live = 0;
    for (const auto* r : rows) {
      const auto at = mine.emplace(std::pair(std::string(r->lane()), std::string(r->key())),
                                   std::pair(std::string(r->as_row(before).value), r->removed));
      EXPECT_TRUE(at.second && (!last || *last < at.first->first));
      last = &at.first->first;
      live += !r->removed;
    }
    EXPECT_EQ(rows.size(), o->rows_count);
    EXPECT_EQ(live, o->live);
  }
  return all;
}

TEST(row_table, holds_the_newest_row_of_each_place_in_order) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    row_table t;
    model expected;
    std::size_t places = 0;
    for (int i = 0; i < 20'000; ++i) {
      const auto owner = std::string(random() % 2 ? "/customer/" : "/c") + std::to_string(random() % 300);
      const auto lane = std::string(random() % 3, 'l'), key = std::to_string(random() % 20);
      const bool removed = random() % 5 == 0;
      const auto value = removed ? std::string() : std::string(random() % 100, static_cast<char>(random()));
      t.put({owner, lane, key, value, removed});
      const auto at = expected[owner].insert_or_assign({lane, key}, std::pair(value, removed));
      places += at.second;
    }
    EXPECT_EQ(content_of(t), expected);
    EXPECT_EQ(t.owners(), expected.size());
    EXPECT_EQ(t.rows(), places);
    EXPECT_EQ(t.find("/nobody"), nullptr);
    EXPECT_NE(t.find("/c7"), nullptr);
  }
}

TEST(row_table, an_owner_may_have_very_many_rows) {
  row_table t;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 50'000; ++i) t.put({"/large", "entries", std::to_string(i), std::to_string(i + round)});
  const auto* o = t.find("/large");
  ASSERT_NE(o, nullptr);
  EXPECT_EQ(o->rows_count, 50'000u);
  std::size_t good = 0;
  o->for_each([&](const row_table::row& r) {
    good += r.as_row("").value == std::to_string(std::stoi(std::string(r.key())) + 1);
  });
  EXPECT_EQ(good, 50'000u);
}

TEST(row_table, a_value_that_grows_takes_more_memory_and_one_that_fits_does_not) {
  row_table t;
  t.put({"/a", "l", "k", std::string(100, 'x')});
  const auto before = t.bytes();
  for (int i = 0; i < 100; ++i) t.put({"/a", "l", "k", std::string(static_cast<std::size_t>(i), 'y')});
  EXPECT_EQ(t.bytes(), before);
  t.put({"/a", "l", "k", std::string(200, 'z')});
  EXPECT_GE(t.bytes(), before + 200);
  EXPECT_EQ(t.rows(), 1u);
}

}  // namespace
}  // namespace twinlane::detail
