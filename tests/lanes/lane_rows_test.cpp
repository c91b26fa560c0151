#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "twin.hpp"

using namespace twin_test;
using testing::HasSubstr;

namespace {

enum class color { red, green };
BOOST_DESCRIBE_ENUM(color, red, green)

struct shop final : agent {
  using agent::agent;
  value_lane<item> details{*this, "details", did_update<&shop::told>};
  value_lane<int> mood{*this, "mood", keep_for(std::chrono::milliseconds{100})};
  map_lane<int, item> items{*this, "items", did_update<&shop::told_of>, keep_last(2)};
  map_lane<std::string, json> tree{*this, "tree"};
  map_lane<color, int> colors{*this, "colors"};
  map_lane<int, int> many{*this, "many", keep_last(300)};
  log_lane<int> diary{*this, "diary", keep_for(std::chrono::milliseconds{100})};
  join_value_lane<int, item> joined{*this, "joined"};
  join_map_lane<std::string, int> shelves{*this, "shelves"};
  value_lane<int> ping{*this, "ping", transient};
  map_lane<int, int> glance{*this, "glance", transient};
  log_lane<int> seen{*this, "seen", transient};
  command_lane<int> act{*this, "act", on_command<&shop::run>};
  int calls = 0;

 private:
  rule all{*this, on_change(details, items), &shop::look};
  void told(const item&, const item*) { ++calls; }
  void told_of(const int&, const item&, const item*) { ++calls; }
  void look() { ++calls; }
  reply run(const int&) { return {}; }
};

using twin_shop = twin<shop>;

std::string row(const twin_shop& t, const char* lane, const char* key = "") {
  const auto it = t.rows().find({lane, key});
  return it == t.rows().end() ? "none" : it->second;
}
decode_status load(agent& a, const char* lane, std::string_view key, std::string_view value) {
  decoder d;
  return a.lane_at(static_cast<std::size_t>(a.type().lane_index(lane))).load_row(d, key, value);
}
void hear(twin_shop& t, const char* value, const agent_place* at) {
  const padded text(value ? value : "");
  t.run([&](turn& in) {
    lane_input heard{lane_input::kind::join, "7", text.view(), "/product/7"};
    if (!value) heard.op = lane_input::kind::remove;
    heard.at = at;
    EXPECT_TRUE(in.apply(t.lane_of("joined"), heard, 0));
  });
}

TEST(lane_rows, value_lane_has_one_row_with_time_and_json) {
  twin_shop t;
  t.put("details", "", R"({"name":"a b","price":3})", 77);
  EXPECT_EQ(row(t, "details"), R"(77 {"name":"a b","price":3})");
  t.run([&](turn& in) { t.remove(in, "details"); });
  EXPECT_EQ(row(t, "details"), "none");
}

TEST(lane_rows, value_that_came_and_went_in_one_turn_is_no_row) {
  twin_shop t;
  t.run([&](turn& in) {
    t.apply(in, "details", "", R"({"name":"a"})");
    t.remove(in, "details");
  });
  EXPECT_EQ(row(t, "details"), "none");
}

TEST(lane_rows, value_changed_and_changed_back_is_a_row_with_its_new_time) {
  twin_shop t;
  t.put("mood", "", "1", 10);
  t.run([&](turn& in) {
    t.apply(in, "mood", "", "2", 20);
    t.apply(in, "mood", "", "1", 30);
  });
  EXPECT_EQ(t.last_text(), "");
  EXPECT_EQ(row(t, "mood"), "30 1");
  t.reload();
  EXPECT_EQ(t->mood.next_expiry(), 130);
}

TEST(lane_rows, map_lane_has_a_row_an_entry_with_time_number_and_json) {
  twin_shop t;
  t.put("items", "5", R"({"name":"five"})", 9);
  t.put("items", "6", R"({"name":"six"})", -8);
  EXPECT_EQ(row(t, "items", "5"), R"(9 1 {"name":"five","price":0})");
  EXPECT_EQ(row(t, "items", "6"), R"(-8 2 {"name":"six","price":0})");
  t.put("items", "7", R"({"name":"seven"})", 7);
  EXPECT_EQ(row(t, "items", "5"), "none") << "what retention dropped is no row";
  t.run([&](turn& in) { t.remove(in, "items", "6"); });
  EXPECT_EQ(row(t, "items", "6"), "none");
  EXPECT_EQ(t.rows().size(), 2u) << "one entry and the header";
}

TEST(lane_rows, turn_hands_on_what_it_changed_alone) {
  twin_shop t;
  t.put("items", "5", "{}");
  t.put("tree", "x", "1");
  row_map saved;
  t.run([&](turn& in) {
    t.apply(in, "items", "6", "{}");
    t.apply(in, "tree", "x", "1");
    in.finish();
    row_collector rows;
    in.save(rows);
    rows.commit(saved);
  });
  EXPECT_EQ(saved, (row_map{{{"items", "6"}, R"(0 2 {"name":"","price":0})"}}));
}

TEST(lane_rows, entry_changed_and_changed_back_keeps_its_later_place_in_the_order) {
  twin_shop t;
  t.put("items", "1", R"({"price":1})");
  t.put("items", "2", R"({"price":2})");
  t.run([&](turn& in) {
    t.apply(in, "items", "1", R"({"price":9})");
    t.apply(in, "items", "1", R"({"price":1})");
  });
  EXPECT_EQ(t.last_text(), "");
  t.reload();
  t.put("items", "3", "{}");
  EXPECT_TRUE(t->items.contains(1)) << "2 was written longest ago";
  EXPECT_FALSE(t->items.contains(2));
}

TEST(lane_rows, keys_of_any_bytes_come_back) {
  twin_shop t;
  const std::string odd[] = {"", " ", "a\nb", std::string("nul\0in", 6), "\xff\xfe", "\"\\", "12:3"};
  for (const auto& key : odd) t.act([&](shop& s) { s.tree.put(key, key.size()); });
  t.put("colors", "green", "4");
  t.reload();
  EXPECT_EQ(t->tree.size(), std::size(odd));
  for (const auto& key : odd) EXPECT_EQ(*t->tree.find(key), key.size());
  EXPECT_EQ(*t->colors.find(color::green), 4);
}

TEST(lane_rows, key_that_could_not_be_read_back_undoes_its_turn) {
  twin_shop t;
  EXPECT_THROW(t.act([](shop& s) { s.colors.put(static_cast<color>(7), 1); }), lane_error);
  EXPECT_EQ(t->colors.size(), 0u);
  EXPECT_TRUE(t.rows().empty());
}

TEST(lane_rows, log_lane_has_a_row_an_entry_with_time_and_json) {
  twin_shop t;
  t.run([&](turn& in) {
    t.apply(in, "diary", "", "5", 70);
    t.apply(in, "diary", "", "6", 80);
  });
  EXPECT_EQ(row(t, "diary", "1"), "70 5");
  EXPECT_EQ(row(t, "diary", "2"), "80 6");
  EXPECT_EQ(row(t, ""), "1 9 1") << "the rows tell the next number";
}

TEST(lane_rows, log_lane_never_gives_a_number_twice_though_its_entries_are_gone) {
  twin_shop t;
  t.put("diary", "", "5", t.now_ms);
  t.put("diary", "", "6", t.now_ms - 50);
  t.now_ms += 60;
  t.tick();
  EXPECT_EQ(row(t, ""), "1 9 3 l5:diary1:3") << "the entry with the last number has left";
  t.reload();
  EXPECT_EQ(t->diary.begin()->key, 1u);
  t.now_ms += 100;
  t.tick();
  EXPECT_TRUE(t->diary.empty());
  t.reload();
  EXPECT_TRUE(t.put("diary", "", "7", t.now_ms)["diary"].contains("3"));
  EXPECT_EQ(row(t, ""), "1 9 5");
}

TEST(lane_rows, log_entry_that_retention_took_in_its_own_turn_keeps_its_number) {
  struct brief final : agent {
    using agent::agent;
    log_lane<int> l{*this, "l", keep_last(1)};
  };
  twin<brief> t;
  t.run([&](turn& in) {
    t.apply(in, "l", "", "1");
    t.apply(in, "l", "", "2");
  });
  EXPECT_EQ(t.rows().size(), 2u);
  EXPECT_EQ(t.rows().at({"l", "2"}), "0 2");
}

TEST(lane_rows, join_lane_has_a_row_with_whom_it_follows_what_was_said_and_where) {
  twin_shop t;
  t.act([](shop& s) { s.joined.join(7, "/product/7", "details"); });
  EXPECT_EQ(row(t, "joined", "7"), "0 0: 10:/product/7 7:details ");
  const agent_place at{"b.1", 4}, later{"b.1", 5};
  hear(t, R"({"name":"hat"})", &at);
  EXPECT_EQ(row(t, "joined", "7"), R"(4 3:b.1 10:/product/7 7:details {"name":"hat","price":0})");
  t.reload();
  std::vector<join_effect> all;
  t->joined.collect_joins(all);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].uri, "/product/7");
  EXPECT_EQ(all[0].from_lane, "details");
  EXPECT_EQ(all[0].at, at);
  EXPECT_EQ(t->joined.find(7)->name, "hat");

  hear(t, R"({"name":"hat"})", &later);
  EXPECT_EQ(t.last_text(), "") << "the followed agent went on, and said the same";
  EXPECT_EQ(row(t, "joined", "7"), R"(5 3:b.1 10:/product/7 7:details {"name":"hat","price":0})");
  hear(t, nullptr, &later);
  EXPECT_EQ(row(t, "joined", "7"), "5 3:b.1 10:/product/7 7:details ");
  t.act([](shop& s) { s.joined.leave(7); });
  EXPECT_EQ(row(t, "joined", "7"), "none");
}

TEST(lane_rows, join_that_was_left_in_its_own_turn_is_no_row) {
  twin_shop t;
  t.act([](shop& s) {
    s.joined.join(7, "/product/7", "details");
    s.joined.leave(7);
  });
  EXPECT_EQ(row(t, "joined", "7"), "none");
}

TEST(lane_rows, joins_place_is_undone_and_forgotten_when_it_follows_another) {
  twin_shop t;
  t.act([](shop& s) { s.joined.join(7, "/product/7", "details"); });
  const agent_place at{"b", 4};
  hear(t, "{}", &at);
  const auto before = t.rows();
  EXPECT_THROW(t.run([&](turn& in) {
    const agent_place other{"c", 9};
    lane_input heard{lane_input::kind::join, "7", "{}", "/product/7"};
    heard.at = &other;
    in.apply(t.lane_of("joined"), heard, 0);
    throw std::runtime_error("no");
  }),
               std::runtime_error);
  t.act([](shop& s) { s.joined.join(8, "/product/8", "details"); });
  EXPECT_EQ(row(t, "joined", "7"), before.at({"joined", "7"}));
  t.act([](shop& s) { s.joined.join(7, "/product/9", "details"); });
  EXPECT_EQ(row(t, "joined", "7"), "0 0: 10:/product/9 7:details ");
}

TEST(lane_rows, followed_map_comes_back) {
  twin_shop t;
  t.act([](shop& s) { s.shelves.join("a b", "/store/1", "stock"); });
  t.run([&](turn& in) {
    EXPECT_TRUE(in.apply(t.lane_of("shelves"),
                         {lane_input::kind::join, "a b", padded(R"({"x":1,"y":2})").view(), "/store/1"}, 0));
  });
  const auto before = t.document_text();
  t.reload();
  EXPECT_EQ(t.document_text(), before);
}

TEST(lane_rows, transient_and_command_lanes_have_none) {
  twin_shop t;
  t.put("ping", "", "1");
  t.put("glance", "1", "1");
  t.put("seen", "", "1");
  t.act([](shop& s) { s.glance.clear(); });
  EXPECT_EQ(t.rows().size(), 1u);
  EXPECT_EQ(row(t, ""), "1 9 4") << "but the document changed, and rev with it";
  EXPECT_FALSE(load(*t, "act", "", "0 1"));
}

TEST(lane_rows, loading_runs_no_code_of_the_agent) {
  twin_shop t;
  t.put("details", "", "{}");
  t.put("items", "1", "{}");
  t.reload();
  EXPECT_EQ(t->calls, 0);
  EXPECT_TRUE(t->details.has_value());
}

TEST(lane_rows, fields_gained_are_as_the_record_has_them_and_fields_lost_are_ignored) {
  twin_shop t;
  ASSERT_TRUE(load(*t, "details", "", R"(5 {"gone":{"deep":[1,2]},"name":"old"})"));
  ASSERT_TRUE(load(*t, "items", "3", R"(5 1 {"price":4,"gone":null})"));
  ASSERT_TRUE(load(*t, "joined", "3", R"(0 0: 2:/x 1:d {"gone":1})"));
  EXPECT_EQ(t.document()["details"], json::parse(R"({"name":"old","price":0})"));
  EXPECT_EQ(t.document()["items"], json::parse(R"({"3":{"name":"","price":4}})"));
  EXPECT_EQ(t.document()["joined"], json::parse(R"({"3":{"name":"","price":0}})"));
}

TEST(lane_rows, row_that_cannot_be_read_leaves_the_lane_as_it_was) {
  twin_shop t;
  ASSERT_TRUE(load(*t, "items", "3", R"(5 1 {"price":4})"));
  const auto before = t.document_text();
  const struct {
    const char *lane, *key, *row;
  } bad[] = {
      {"details", "", ""},
      {"details", "", "{}"},
      {"details", "", "5"},
      {"details", "", "5 "},
      {"details", "", R"(5 {"price":"x"})"},
      {"details", "", R"(5 {"price":1)"},
      {"details", "", R"(99999999999999999999 {})"},
      {"details", "", "5 null"},
      {"details", "key", "5 {}"},
      {"items", "x", "5 1 {}"},
      {"items", "03", "5 1 {}"},
      {"items", "4", "5 {}"},
      {"items", "4", "5 0 {}"},
      {"items", "4", "5 -1 {}"},
      {"items", "4", "5 18446744073709551615 {}"},
      {"items", "4", "5 2 [1]"},
      {"items", "3", "5 2 {}"},
      {"tree", "x", "5 2 null"},
      {"colors", "blue", "5 2 1"},
      {"colors", "", "5 2 1"},
      {"diary", "0", "5 1"},
      {"diary", "9223372036854775808", "5 1"},
      {"diary", "1", "5 1 1"},
      {"joined", "1", "{}"},
      {"joined", "1", "0 0: 2:/x {}"},
      {"joined", "1", "0 0: 20:/x 1:d {}"},
      {"joined", "1", "0 0: 2:/x 1:d [1]"},
      {"joined", "x", "0 0: 2:/x 1:d {}"},
  };
  for (const auto& b : bad) {
    const auto status = load(*t, b.lane, b.key, b.row);
    EXPECT_FALSE(status) << b.lane << ' ' << b.key << ' ' << b.row;
    EXPECT_FALSE(status.detail.empty());
    EXPECT_EQ(t.document_text(), before) << b.lane << ' ' << b.key << ' ' << b.row;
  }
  EXPECT_TRUE(load(*t, "items", "4", "5 2 {}"));
}

TEST(lane_rows, number_given_twice_is_refused_where_the_order_is_indexed) {
  twin_shop t;
  EXPECT_TRUE(load(*t, "many", "1", "0 5 1"));
  EXPECT_THAT(load(*t, "many", "2", "0 5 1").detail, HasSubstr("taken"));
  EXPECT_TRUE(load(*t, "many", "2", "0 6 1"));
  EXPECT_EQ(t->many.size(), 2u);
}

TEST(lane_rows, long_map_loaded_in_the_order_of_its_keys_drops_what_was_written_first) {
  twin_shop t;
  for (int i = 0; i < 40; ++i)
    t.run([&](turn& in) {
      for (int n = 0; n < 10; ++n) t.apply(in, "many", std::to_string((i * 10 + n) * 7 % 401), "1");
    });
  ASSERT_EQ(t->many.size(), 300u);
  t.reload();
  ASSERT_EQ(t->many.size(), 300u);
  t.put("many", "1000", "1");
  EXPECT_FALSE(t->many.contains(100 * 7 % 401)) << "the hundred and first write";
  EXPECT_TRUE(t->many.contains(101 * 7 % 401));
}

TEST(lane_rows, value_nested_as_deep_as_a_lane_allows_can_be_loaded) {
  twin_shop t;
  json deep = json::object();
  for (unsigned i = 1; i < nesting_max; ++i) deep = json::array({deep});
  t.act([&](shop& s) { s.tree.put("deep", deep); });
  EXPECT_THROW(t.act([&](shop& s) { s.tree.put("deeper", json::array({deep})); }), lane_error);
  t.reload();
  EXPECT_EQ(*t->tree.find("deep"), deep);
}

TEST(lane_rows, row_of_any_size_that_a_lane_held_can_be_loaded) {
  twin_shop t;
  const std::string big(17 * 1024 * 1024, 'x');
  t.act([&](shop& s) { s.tree.put("big", big); });
  t.reload();
  EXPECT_EQ(t->tree.find("big")->get_ref<const std::string&>().size(), big.size());
}

}  // namespace
