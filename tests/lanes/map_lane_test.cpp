#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include <twinlane/lanes/detail/sorted_table.hpp>

#include "twin.hpp"

using namespace twin_test;

namespace {

struct shop final : agent {
  using agent::agent;
  map_lane<int, item> items{*this, "items", did_update<&shop::updated>, did_remove<&shop::removed>, writable};
  map_lane<std::string, item> named{*this, "named"};
  map_lane<std::string, json> free{*this, "free", writable};
  map_lane<int, int> last{*this, "last", keep_last(3), did_remove<&shop::left>};
  map_lane<int, int> many{*this, "many", keep_last(300)};
  map_lane<int, int> young{*this, "young", keep_for(std::chrono::milliseconds{1000}), did_remove<&shop::left>};
  map_lane<int, int> both{*this, "both", keep_last(2), keep_for(std::chrono::milliseconds{1000})};

  std::vector<std::string> seen;
  bool fail = false;

 private:
  void updated(const int& key, const item& now, const item* before) {
    seen.push_back(std::to_string(key) + ":" + (before ? before->name : "-") + ">" + now.name);
    if (fail) throw std::runtime_error("no");
    if (now.name == "double") items.put(key + 1, {"single", 1, {}});
  }
  void removed(const int& key, const item& before) { seen.push_back(std::to_string(key) + "x" + before.name); }
  void left(const int& key, const int& value) {
    seen.push_back("left " + std::to_string(key) + "=" + std::to_string(value));
    if (fail) throw std::runtime_error("no");
  }
};

std::vector<int> keys(const auto& lane) {
  std::vector<int> all;
  for (const auto& e : lane) all.push_back(e.key);
  return all;
}

TEST(map_lane, is_an_empty_object_from_the_start) {
  twin<shop> t;
  EXPECT_EQ(t.document()["items"], json::object());
}

TEST(map_lane, put_remove_and_put_again_show_key_by_key) {
  twin<shop> t;
  EXPECT_EQ(t.put("items", "7", R"({"name":"pen","price":2})"),
            json::parse(R"({"items":{"7":{"name":"pen","price":2}}})"));
  EXPECT_EQ(t.put("items", "7", R"({"name":"pen","price":3})"), json::parse(R"({"items":{"7":{"price":3}}})"));
  EXPECT_EQ(t.run([&](turn& in) { t.remove(in, "items", "7"); }), json::parse(R"({"items":{"7":null}})"));
  EXPECT_EQ(t.run([&](turn& in) { t.remove(in, "items", "7"); }), json());
  EXPECT_THAT(t->seen, testing::ElementsAre("7:->pen", "7:pen>pen", "7xpen"));
}

TEST(map_lane, removal_by_text_key_takes_the_entry_out_wherever_it_lies) {
  twin<shop> t;
  for (const char* k : {"a", "b", "c", "d", "e"}) t.put("named", k, R"({"name":"x"})");
  t.run([&](turn& in) { t.remove(in, "named", "b"); });
  EXPECT_EQ(t->named.size(), 4u);
  EXPECT_EQ(t.document()["named"].size(), 4u);
  EXPECT_FALSE(t.document()["named"].contains("b"));
  t.act([](shop& a) {
    std::vector<std::string> all;
    for (const auto& e : a.named) all.push_back(e.key);
    for (const auto& k : all) EXPECT_TRUE(a.named.remove(k));
    EXPECT_TRUE(a.named.empty());
  });
}

TEST(map_lane, entry_may_be_written_through_a_reference_to_its_own_key) {
  twin<shop> t;
  for (const char* k : {"a", "b", "c"}) t.put("named", k, R"({"name":"x"})");
  t.act([](shop& a) {
    a.named.put(a.named.begin()->key, {"y", 1, {}});
    EXPECT_TRUE(a.named.remove(a.named.begin()->key));
  });
  EXPECT_EQ(t->named.size(), 2u);
  EXPECT_TRUE(t->named.contains("b"));
}

TEST(map_lane, equal_entry_is_no_change_and_no_did_update) {
  twin<shop> t;
  t.put("items", "7", R"({"name":"pen"})");
  EXPECT_EQ(t.put("items", "7", R"({"name":"pen"})"), json());
  EXPECT_EQ(t->seen.size(), 1u);
}

TEST(map_lane, key_that_does_not_fit_is_bad_value) {
  twin<shop> t;
  t.run([&](turn& in) {
    for (const char* key : {"", "x", "07", "99999999999"})
      EXPECT_EQ(t.apply(in, "items", key, "{}").code, lane_errc::bad_value) << key;
  });
  EXPECT_TRUE(t->items.empty());
}

TEST(map_lane, one_patch_a_turn_holds_all_keys_and_no_net_nothing) {
  twin<shop> t;
  t.put("items", "1", R"({"name":"a"})");
  const auto patch = t.run([&](turn& in) {
    t.apply(in, "items", "1", R"({"name":"b"})");
    t.apply(in, "items", "1", R"({"name":"a"})");
    t.apply(in, "items", "2", R"({"name":"c"})");
    t.apply(in, "items", "3", R"({"name":"d"})");
    t.remove(in, "items", "3");
  });
  EXPECT_EQ(patch, json::parse(R"({"items":{"2":{"name":"c","price":0}}})"));
}

TEST(map_lane, removed_key_that_returns_in_the_same_turn_is_diffed_against_what_it_was) {
  twin<shop> t;
  t.put("items", "1", R"({"name":"a","price":1,"note":"n"})");
  const auto patch = t.run([&](turn& in) {
    t.remove(in, "items", "1");
    t.apply(in, "items", "1", R"({"name":"a","price":2})");
  });
  EXPECT_EQ(patch, json::parse(R"({"items":{"1":{"price":2,"note":null}}})"));
}

TEST(map_lane, whole_put_replaces_and_whole_patch_merges) {
  twin<shop> t;
  t.put_whole("items", R"({"1":{"name":"a"},"2":{"name":"b"}})");
  EXPECT_EQ(keys(t->items), (std::vector<int>{1, 2}));
  EXPECT_EQ(t.put_whole("items", R"({"2":{"name":"b"},"10":{"name":"c"},"3":null})"),
            json::parse(R"({"items":{"1":null,"10":{"name":"c","price":0}}})"));
  EXPECT_EQ(t.patch("items", "", R"({"2":{"price":5},"10":null,"11":{"name":"d"}})", true),
            json::parse(R"({"items":{"2":{"price":5},"10":null,"11":{"name":"d","price":0}}})"));
  EXPECT_EQ(keys(t->items), (std::vector<int>{2, 11}));
}

TEST(map_lane, whole_write_with_one_bad_entry_changes_nothing) {
  twin<shop> t;
  t.put("items", "1", R"({"name":"a"})");
  const auto before = t.document_text();
  for (const char* bad : {R"({"2":{"name":"b"},"3":{"price":"x"}})", R"({"2":{"name":"b"},"x":{}})", "[]", "7", "{"})
    EXPECT_THROW(t.put_whole("items", bad), lane_error) << bad;
  EXPECT_EQ(t.document_text(), before);
}

TEST(map_lane, patch_of_an_entry_merges_into_it_or_makes_it) {
  twin<shop> t;
  EXPECT_EQ(t.patch("items", "5", R"({"name":"a"})"), json::parse(R"({"items":{"5":{"name":"a","price":0}}})"));
  EXPECT_EQ(t.patch("items", "5", R"({"price":2})"), json::parse(R"({"items":{"5":{"price":2}}})"));
}

TEST(map_lane, removing_the_whole_lane_removes_every_entry) {
  twin<shop> t;
  t.put("items", "1", R"({"name":"a"})");
  t.put("items", "2", R"({"name":"b"})");
  const auto patch = t.run([&](turn& in) {
    lane_input all{lane_input::kind::remove, {}, {}, {}};
    all.whole = true;
    in.apply(t.lane_of("items"), all, 0);
  });
  EXPECT_EQ(patch, json::parse(R"({"items":{"1":null,"2":null}})"));
}

TEST(map_lane, json_null_removes_an_entry) {
  twin<shop> t;
  t.put("free", "a", R"({"x":1,"y":null})");
  EXPECT_EQ(t.document()["free"], json::parse(R"({"a":{"x":1}})"));
  EXPECT_EQ(t.put("free", "a", "null"), json::parse(R"({"free":{"a":null}})"));
  EXPECT_EQ(t.document()["free"], json::object());
}

TEST(map_lane, over_its_count_the_entry_written_longest_ago_leaves) {
  twin<shop> t;
  for (int k : {5, 1, 9}) t.put("last", std::to_string(k), "0");
  t.put("last", "5", "1");                     // renews 5
  EXPECT_EQ(t.put("last", "9", "0"), json());  // equal: renews nothing
  EXPECT_EQ(t.put("last", "2", "0"), json::parse(R"({"last":{"1":null,"2":0}})"));
  EXPECT_EQ(t.put("last", "3", "0"), json::parse(R"({"last":{"9":null,"3":0}})"));
  EXPECT_THAT(t->seen, testing::ElementsAre("left 1=0", "left 9=0"));
}

TEST(map_lane, eviction_is_undone_with_its_turn_and_the_order_stands) {
  twin<shop> t;
  for (int k : {1, 2, 3}) t.put("last", std::to_string(k), "0");
  const auto before = t.document_text();
  t->fail = true;
  EXPECT_THROW(t.put("last", "4", "0"), std::runtime_error);
  EXPECT_EQ(t.document_text(), before);
  t->fail = false;
  EXPECT_EQ(t.put("last", "4", "0"), json::parse(R"({"last":{"1":null,"4":0}})"));
  EXPECT_EQ(t.put("last", "5", "0"), json::parse(R"({"last":{"2":null,"5":0}})"));
}

TEST(map_lane, large_count_keeps_the_last_written_and_survives_undo) {
  twin<shop> t;
  std::mt19937 random(7);
  std::vector<int> order;  // reference: keys by writing, oldest first
  int value = 0;
  const auto write = [&](turn& in, int key, std::vector<int>& to) {
    t.apply(in, "many", std::to_string(key), std::to_string(++value));
    std::erase(to, key);
    to.push_back(key);
    if (to.size() > 300) to.erase(to.begin());
  };
  for (int round = 0; round < 400; ++round) {
    auto next = order;
    const bool undone = random() % 3 == 0;
    try {
      t.run([&](turn& in) {
        for (int i = 0; i < 5; ++i) write(in, static_cast<int>(random() % 500), next);
        if (undone) throw std::runtime_error("undo");
      });
      order = next;
    } catch (const std::runtime_error&) {
      ASSERT_TRUE(undone);
    }
    auto sorted = order;
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(keys(t->many), sorted) << "round " << round;
  }
  EXPECT_EQ(t->many.size(), 300u);
}

// A rule looks at the lane in between, which drops what came back to where it was; the order must be undone all the
// same.
TEST(map_lane, undo_restores_the_order_of_an_entry_that_came_back_to_its_value) {
  struct ruled final : agent {
    using agent::agent;
    map_lane<int, int> last{*this, "last", keep_last(2)};
    bool fail = false;

    value_lane<int> other{*this, "other"};

   private:
    rule one{*this, on_change(other), &ruled::check};
    void check() {
      if (fail) throw std::runtime_error("no");
    }
  };
  twin<ruled> t;
  t.put("last", "1", "0");
  t.put("last", "2", "0");
  t->fail = true;
  EXPECT_THROW(t.act([](ruled& a) {
    a.last.put(1, 5);
    a.last.put(1, 0);  // back to its value, but now written last
    a.other.set(1);
  }),
               std::runtime_error);
  EXPECT_EQ(t.put("last", "3", "0"), json::parse(R"({"last":{"1":null,"3":0}})"));
}

TEST(map_lane, entries_leave_by_event_time_at_the_boundary_whatever_their_order) {
  twin<shop> t;
  t.put("young", "1", "1", 9'500);
  t.put("young", "2", "2", 9'000);  // older, but came later
  t.put("young", "3", "3", 9'700);
  EXPECT_EQ(t->next_due_ms(), 10'000);
  t.now_ms = 9'999;
  EXPECT_EQ(t.tick(), json());
  t.now_ms = 10'000;
  EXPECT_EQ(t.tick(), json::parse(R"({"young":{"2":null}})"));
  EXPECT_EQ(t->next_due_ms(), 10'500);
  t.put("young", "1", "1", 10'400);  // equal: does not renew
  EXPECT_EQ(t->next_due_ms(), 10'500);
  t.put("young", "1", "4", 10'400);
  t.now_ms = 10'700;
  EXPECT_EQ(t.tick(), json::parse(R"({"young":{"3":null}})"));
  EXPECT_EQ(t->next_due_ms(), 11'400);
  EXPECT_THAT(t->seen, testing::ElementsAre("left 2=2", "left 3=3"));
}

TEST(map_lane, eviction_whose_callback_throws_is_undone_and_comes_again) {
  twin<shop> t;
  t.put("young", "1", "1", 9'500);
  t.put("young", "2", "2", 9'400);
  t.now_ms = 20'000;
  t->fail = true;
  EXPECT_THROW(t.tick(), std::runtime_error);
  EXPECT_EQ(keys(t->young), (std::vector<int>{1, 2}));
  EXPECT_LE(t->next_due_ms(), t.now_ms);
  t->fail = false;
  EXPECT_EQ(t.tick(), json::parse(R"({"young":{"1":null,"2":null}})"));
}

TEST(map_lane, event_times_at_both_ends_of_time_do_not_overflow) {
  twin<shop> t;
  t.put("young", "1", "1", std::numeric_limits<std::int64_t>::max());
  t.put("young", "2", "2", std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(t.tick(), json::parse(R"({"young":{"2":null}})"));
  EXPECT_EQ(t->next_due_ms(), lane_base::never);
}

TEST(map_lane, count_and_age_bound_together) {
  twin<shop> t;
  t.put("both", "1", "1", 9'000);
  t.put("both", "2", "2", 9'000);
  t.put("both", "3", "3", 9'900);
  EXPECT_EQ(keys(t->both), (std::vector<int>{2, 3}));
  t.now_ms = 10'000;
  t.tick();
  EXPECT_EQ(keys(t->both), (std::vector<int>{3}));
}

TEST(map_lane, undone_when_did_update_throws) {
  twin<shop> t;
  t.put("items", "1", R"({"name":"a"})");
  const auto before = t.document_text();
  t->fail = true;
  EXPECT_THROW(t.run([&](turn& in) {
    t.remove(in, "items", "1");
    t.apply(in, "items", "2", R"({"name":"b"})");
  }),
               std::runtime_error);
  EXPECT_EQ(t.document_text(), before);
}

TEST(map_lane, did_update_may_write_other_entries_of_its_lane) {
  twin<shop> t;
  const auto patch = t.put("items", "1", R"({"name":"double"})");
  EXPECT_EQ(patch["items"].size(), 2u);
  EXPECT_EQ(t->items.find(2)->name, "single");
}

TEST(map_lane, for_each_change_tells_key_now_and_before_once_a_key) {
  twin<shop> t;
  t.put("items", "1", R"({"name":"a"})");
  t.put("items", "2", R"({"name":"b"})");
  std::vector<std::string> told;
  t.act([&](shop& a) {
    a.items.for_each_change([&](const int&, const item*, const item*) { told.push_back("early"); });
    a.items.put(1, {"a2", 0, {}});
    a.items.put(1, {"a3", 0, {}});
    a.items.remove(2);
    a.items.put(3, {"c", 0, {}});
    a.items.for_each_change([&](const int& key, const item* now, const item* before) {
      told.push_back(std::to_string(key) + ":" + (before ? before->name : "-") + ">" + (now ? now->name : "-"));
    });
  });
  EXPECT_THAT(told, testing::ElementsAre("1:a>a3", "2:b>-", "3:->c"));
}

TEST(map_lane, writes_outside_of_a_turn_throw_and_change_nothing) {
  twin<shop> t;
  t.put("items", "1", R"({"name":"a"})");
  EXPECT_THROW(t->items.put(2, {}), std::logic_error);
  EXPECT_THROW(t->items.remove(1), std::logic_error);
  EXPECT_EQ(keys(t->items), (std::vector<int>{1}));
}

TEST(map_lane, entry_is_encoded_by_its_exact_key_alone) {
  twin<shop> t;
  t.put("items", "7", R"({"name":"pen"})");
  std::string out;
  EXPECT_TRUE(t->items.encode_entry("7", out));
  EXPECT_EQ(json::parse(out)["name"], "pen");
  for (const char* key : {"07", "8", "", "7 "}) EXPECT_FALSE(t->items.encode_entry(key, out)) << key;
}

struct entry {
  int key;
  int value;
};

TEST(sorted_table, equals_std_map_under_random_operations) {
  for (const unsigned seed : {1u, 2u, 3u}) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    detail::sorted_table<entry> table;
    std::map<int, int> reference;
    const auto same = [&] {
      ASSERT_EQ(table.size(), reference.size());
      ASSERT_EQ(table.empty(), reference.empty());
      auto it = reference.begin();
      for (const auto& e : table) {
        ASSERT_NE(it, reference.end());
        ASSERT_EQ(e.key, it->first);
        ASSERT_EQ(e.value, it->second);
        ++it;
      }
      ASSERT_EQ(it, reference.end());
    };
    // Grows to some 12,000 entries, shrinks to nothing, and grows again.
    for (int phase = 0; phase < 3; ++phase) {
      const unsigned removals = phase == 1 ? 90 : 20;
      for (int i = 0; i < 30'000; ++i) {
        const int key = static_cast<int>(random() % 20'000);
        if (random() % 100 < removals) {
          ASSERT_EQ(table.erase(key), reference.erase(key) == 1);
        } else {
          ASSERT_EQ(table.put({key, i}).value, i);
          reference[key] = i;
        }
        const int probe = static_cast<int>(random() % 20'000);
        const auto* found = table.find(probe);
        const auto it = reference.find(probe);
        ASSERT_EQ(found != nullptr, it != reference.end());
        if (found) {
          ASSERT_EQ(found->value, it->second);
        }
      }
      same();
      if (phase == 0) {
        EXPECT_GT(reference.size(), 10'000u);
      }
      if (phase == 1) {
        while (!reference.empty()) {
          ASSERT_TRUE(table.erase(reference.begin()->first));
          reference.erase(reference.begin());
        }
        same();
      }
    }
  }
}

TEST(sorted_table, growing_keys_with_the_oldest_dropped_stay_in_order) {
  detail::sorted_table<entry> table;
  for (int i = 0; i < 20'000; ++i) {
    table.put({i, i});
    if (i >= 1000) {
      ASSERT_TRUE(table.erase(i - 1000));
      ASSERT_EQ(table.begin()->key, i - 999);
    }
  }
  EXPECT_EQ(table.size(), 1000u);
}

}  // namespace
