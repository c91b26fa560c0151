#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <twinlane/agents/agent_loader.hpp>
#include <twinlane/agents/json_agent.hpp>
#include <twinlane/lanes/reduce.hpp>

#include "../lanes/twin.hpp"

// Rows that one version of a type has written, read by another.
using namespace twin_test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

struct line_then {
  std::string sku;
  int price = 0;
  int gone = 0;
};
BOOST_DESCRIBE_STRUCT(line_then, (), (sku, price, gone))

struct line_now {
  std::string sku;
  std::string price = "none";  // retyped
  int pieces = 1;              // gained
};
BOOST_DESCRIBE_STRUCT(line_now, (), (sku, price, pieces))

struct line_wide {
  std::optional<std::string> sku;
  double price = 0;
  std::int64_t gone = 0;
};
BOOST_DESCRIBE_STRUCT(line_wide, (), (sku, price, gone))

struct shop_wide final : agent {
  using agent::agent;
  map_lane<std::string, line_wide> lines{*this, "lines"};
};

struct shop_then final : agent {
  using agent::agent;
  value_lane<line_then> best{*this, "best", keep_for(std::chrono::milliseconds{1000})};
  map_lane<std::string, line_then> lines{*this, "lines", keep_last(3)};
  log_lane<int> diary{*this, "diary", keep_last(3)};
  join_value_lane<int, int> joined{*this, "joined"};
  value_lane<int> old{*this, "old"};
  timer alarm{*this, "alarm", &shop_then::ring};
  void ring() {}
};

struct shop_now final : agent {
  using agent::agent;
  value_lane<line_now> best{*this, "best", keep_for(std::chrono::milliseconds{1000})};
  map_lane<std::string, line_now> lines{*this, "lines", keep_last(3)};
  log_lane<int> diary{*this, "diary", keep_last(3)};
  log_lane<int> journal{*this, "journal", keep_last(3)};
  map_lane<std::string, int> olds{*this, "olds"};
  join_value_lane<int, std::string> joined{*this, "joined"};
  value_lane<int> quiet{*this, "quiet", transient};
  timer alarm{*this, "alarm", &shop_now::ring};
  void ring() {}
};

using hook = std::function<void(stored_row&)>;

std::shared_ptr<const agent_type> shop(hook migrate, std::uint32_t version = 2) {
  return make_agent_type<shop_now>("shop", "/thing/:id", {.version = version, .migrate = std::move(migrate)});
}

// What the tests' agents need in any case.
void retype(stored_row& row) {
  if ((row.lane == "best" || row.lane == "lines") && row.value["price"].is_number())
    row.value["price"] = row.value["price"].dump();
}

struct loaded {
  std::shared_ptr<const agent_type> type;
  std::unique_ptr<agent> self;
  agent_loader loader;
  decode_status status;
  row_map rows;
  shop_now* operator->() const { return static_cast<shop_now*>(self.get()); }
  json document() const {
    std::string text;
    encode_document(text, *self, ~std::uint64_t{0});
    return json::parse(text);
  }
};

// Reads rows, and replaces those that are migrated, as a shard does.
std::unique_ptr<loaded> load(const std::shared_ptr<const agent_type>& type, row_map rows) {
  auto l = std::make_unique<loaded>();
  l->rows = std::move(rows);
  l->type = type;
  l->self = type->make("/thing/1");
  l->loader.begin(*l->self);
  for (const auto& [place, value] : l->rows)
    if (auto s = l->loader.add(place.first, place.second, value); !s && l->status) l->status = s;
  if (auto s = l->loader.finish(); !s && l->status) l->status = s;
  if (!l->status || !l->loader.migrated()) return l;
  row_collector changed;
  l->loader.save_migrated(changed);
  changed.commit(l->rows);
  auto& header = l->rows[{"", ""}];
  header.clear();
  append_header(header, *l->self, l->loader.birth(), l->loader.rev());
  return l;
}

row_map rows_then() {
  return {{{"", ""}, "1 9 5 t5:alarm500"},
          {{"best", ""}, R"(700 {"sku":"b","price":1,"gone":2})"},
          {{"lines", "a"}, R"(10 3 {"sku":"a","price":30,"gone":0})"},
          {{"lines", "z"}, R"(20 1 {"sku":"z","price":10,"gone":0})"},
          {{"diary", "4"}, "30 4"},
          {{"diary", "5"}, "31 5"}};
}

TEST(schema_change, the_rows_of_these_tests_are_those_that_lanes_write) {
  const auto type = make_agent_type<shop_then>("shop", "/thing/:id");
  const auto l = load(type, rows_then());
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_FALSE(l->loader.migrated());
  EXPECT_EQ(l->document()["lines"]["a"]["price"], 30);
}

TEST(schema_change, fields_may_come_and_go_without_a_hook) {
  auto rows = rows_then();
  for (auto& [place, text] : rows)
    if (const auto at = text.find("\"price\""); at != text.npos) text.erase(at, text.find(',', at) + 1 - at);
  const auto type = make_agent_type<shop_now>("shop", "/thing/:id");
  const auto l = load(type, rows);
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->document()["best"], json::parse(R"({"sku":"b","price":"none","pieces":1})"));
  EXPECT_EQ(l->rows, rows);
}

TEST(schema_change, fields_may_take_more_than_before_without_a_hook) {
  const auto l = load(make_agent_type<shop_wide>("shop", "/thing/:id"), rows_then());
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->document()["lines"]["a"], json::parse(R"({"sku":"a","price":30.0,"gone":0})"));
}

TEST(schema_change, retyped_field_without_a_hook_is_named) {
  for (const auto& type : {make_agent_type<shop_now>("shop", "/thing/:id"), shop(nullptr)}) {
    const auto l = load(type, rows_then());
    EXPECT_THAT(l->status.detail, AllOf(StartsWith("lane 'best': "), HasSubstr("field 'price': expected")));
  }
}

TEST(schema_change, hook_retypes_and_rows_keep_their_times_and_order) {
  const auto l = load(shop(retype), rows_then());
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->document()["lines"]["z"], json::parse(R"({"sku":"z","price":"10","pieces":1})"));
  EXPECT_EQ((*l)->best.next_expiry(), 1700);
  EXPECT_EQ(l->rows.at({"lines", "a"}).substr(0, 5), "10 3 ");
  EXPECT_EQ(l->rows.at({"diary", "4"}), "30 4") << "it is as it was";
  EXPECT_EQ(l->rows.at({"", ""}), "1 9 6 v2 t5:alarm500");
  // What was written first leaves first.
  twin<shop_now> t(shop(retype));
  t.load(l->rows);
  for (const char* key : {"m", "n"}) t.put("lines", key, R"({"sku":"x"})");
  EXPECT_TRUE(t->lines.contains("a"));
  EXPECT_FALSE(t->lines.contains("z"));
}

TEST(schema_change, migrated_rows_are_those_of_the_new_version) {
  int calls = 0;
  const auto type = shop([&](stored_row& row) {
    ++calls;
    EXPECT_EQ(row.version, 1u);
    EXPECT_EQ(row.uri, "/thing/1");
    retype(row);
  });
  const auto first = load(type, rows_then());
  EXPECT_EQ(calls, 5) << "a row of a lane each";
  const auto second = load(type, first->rows);
  EXPECT_EQ(calls, 5);
  EXPECT_FALSE(second->loader.migrated());
  EXPECT_EQ(second->loader.rev(), first->loader.rev());
  EXPECT_EQ(second->document(), first->document());
}

TEST(schema_change, rows_may_come_before_the_header) {
  const auto type = shop(retype);
  auto now = load(type, rows_then());
  for (const auto& rows : {rows_then(), now->rows}) {
    loaded l;
    l.self = type->make("/thing/1");
    l.loader.begin(*l.self);
    for (auto r = rows.rbegin(); r != rows.rend(); ++r)
      ASSERT_TRUE(l.loader.add(r->first.first, r->first.second, r->second));
    const auto status = l.loader.finish();
    ASSERT_TRUE(status) << status.detail;
    EXPECT_EQ(l.document(), now->document());
  }
}

TEST(schema_change, newer_version_is_refused_and_says_so) {
  auto rows = rows_then();
  rows[{"", ""}] = "1 9 5 v3";
  for (const auto& type : {shop(retype), make_agent_type<shop_now>("shop", "/thing/:id")}) {
    const auto l = load(type, rows);
    EXPECT_EQ(l->status.detail, "version 3 of type 'shop' has written them, and this program has version " +
                                    std::to_string(type->options().version));
    EXPECT_FALSE(l->loader.migrated());
  }
}

TEST(schema_change, renamed_lane_takes_its_rows_along) {
  const auto l = load(shop([](stored_row& row) {
                        retype(row);
                        if (row.lane == "diary") row.lane = "journal";
                      }),
                      rows_then());
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->document()["journal"], json::parse(R"({"4":4,"5":5})"));
  EXPECT_EQ(l->document()["diary"], json::object());
  EXPECT_EQ(l->rows.count({"diary", "4"}), 0u);
  EXPECT_EQ(l->rows.at({"journal", "5"}), "31 5");
  twin<shop_now> t(shop(retype));
  t.load(l->rows);
  EXPECT_TRUE(t.put("journal", "", "6")["journal"].contains("6"));
}

TEST(schema_change, misspelled_lane_is_an_error_and_no_loss) {
  const auto l = load(shop([](stored_row& row) {
                        retype(row);
                        if (row.lane == "diary") row.lane = "jurnal";
                      }),
                      rows_then());
  EXPECT_EQ(l->status.detail, "lane 'diary', key '4': migrate moved it to lane 'jurnal', which the type does not have");
}

TEST(schema_change, dropped_row_goes_and_a_log_does_not_give_its_number_again) {
  const auto l = load(shop([](stored_row& row) {
                        retype(row);
                        if (row.key == "5" || row.key == "a") row.drop();
                      }),
                      rows_then());
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->rows.count({"diary", "5"}) + l->rows.count({"lines", "a"}), 0u);
  EXPECT_EQ(l->loader.skipped(), 0u);
  twin<shop_now> t(shop(retype));
  t.load(l->rows);
  EXPECT_TRUE(t.put("diary", "", "6")["diary"].contains("6"));
}

TEST(schema_change, keys_may_change_places) {
  const auto l = load(shop([](stored_row& row) {
                        retype(row);
                        if (row.lane == "lines") row.key = row.key == "a" ? "z" : "a";
                      }),
                      rows_then());
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ((*l)->lines.find("z")->sku, "a");
  EXPECT_EQ(load(shop(retype), l->rows)->document(), l->document());
  EXPECT_THAT(l->rows.at({"lines", "z"}), StartsWith("10 3 "));
}

TEST(schema_change, two_rows_in_one_place_are_an_error) {
  const auto l = load(shop([](stored_row& row) {
                        retype(row);
                        if (row.lane == "lines") row.key = "same";
                      }),
                      rows_then());
  EXPECT_THAT(l->status.detail, StartsWith("lane 'lines', key 'same': migrated from version 1: "));
}

TEST(schema_change, lanes_that_become_one_map_are_in_the_order_of_their_times) {
  row_map rows{{{"", ""}, "1 9 5"}, {{"old", ""}, "15 1"}, {{"lines", "a"}, "10 7 2"}, {{"lines", "z"}, "20 1 3"}};
  const auto l = load(shop([](stored_row& row) {
                        if (row.lane == "old") row.key = "single";
                        row.lane = "olds";
                      }),
                      rows);
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->rows.at({"olds", "a"}), "10 1 2");
  EXPECT_EQ(l->rows.at({"olds", "single"}), "15 2 1");
  EXPECT_EQ(l->rows.at({"olds", "z"}), "20 3 3");
  EXPECT_EQ(l->rows.size(), 4u);
}

TEST(schema_change, joins_keep_whom_they_follow) {
  row_map rows{{{"", ""}, "1 9 5"},
               {{"joined", "1"}, "7 2:L1 10:/product/1 5:price 30"},
               {{"joined", "2"}, "0 0: 10:/product/2 5:price "}};
  const auto l = load(shop([](stored_row& row) {
                        EXPECT_EQ(row.value.is_null(), row.key == "2");
                        if (!row.value.is_null()) row.value = row.value.dump();
                      }),
                      rows);
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->document()["joined"], json::parse(R"({"1":"30"})"));
  EXPECT_EQ(l->rows.at({"joined", "1"}), R"(7 2:L1 10:/product/1 5:price "30")");
  EXPECT_EQ(l->rows.at({"joined", "2"}), rows.at({"joined", "2"}));
  std::vector<join_effect> joins;
  (*l)->joined.collect_joins(joins);
  ASSERT_EQ(joins.size(), 2u);
  EXPECT_EQ(joins[0].at, (agent_place{"L1", 7}));
  const auto into_map = load(shop([](stored_row& row) { row.lane = "olds"; }), rows);
  EXPECT_THAT(into_map->status.detail, HasSubstr("rows of join lanes and of other lanes"));
}

TEST(schema_change, lane_that_is_gone_keeps_its_rows_in_the_store_and_one_that_is_transient_does_not) {
  row_map rows{{{"", ""}, "1 9 5"}, {{"old", ""}, "15 1"}, {{"quiet", ""}, "15 2"}, {{"odd", "x"}, "no lane's"}};
  const auto l = load(shop(retype), rows);
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->loader.skipped(), 3u);
  EXPECT_EQ(l->rows.at({"old", ""}), "15 1");
  EXPECT_EQ(l->rows.at({"odd", "x"}), "no lane's");
  EXPECT_EQ(l->rows.count({"quiet", ""}), 0u);
}

TEST(schema_change, hook_that_throws_leaves_the_agent_unread) {
  const auto l = load(shop([](stored_row& row) {
                        retype(row);
                        if (row.key == "z") throw std::runtime_error("no idea");
                      }),
                      rows_then());
  EXPECT_EQ(l->status.detail, "lane 'lines', key 'z': migrating it from version 1 threw: no idea");
  const auto bad_text = load(shop([](stored_row& row) { row.value = "\xff"; }), rows_then());
  EXPECT_THAT(bad_text->status.detail, HasSubstr("migrating it from version 1 threw: "));
}

TEST(schema_change, higher_version_without_a_hook_writes_the_version_and_raises_rev) {
  row_map rows{{{"", ""}, "1 9 5"}, {{"diary", "4"}, "30 4"}};
  const auto l = load(shop(nullptr, 4), rows);
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->rows.at({"", ""}), "1 9 6 v4");
  EXPECT_EQ(l->rows.at({"diary", "4"}), "30 4");
  const auto only_header = load(shop(nullptr, 4), {{{"", ""}, "1 9 5 v3"}});
  EXPECT_EQ(only_header->rows.at({"", ""}), "1 9 6 v4");
}

TEST(schema_change, kind_of_a_lane_of_an_agent_without_cpp_is_named_when_it_has_changed) {
  const auto type_with = [](lane_kind kind) {
    json_type_spec spec;
    spec.name = "thing";
    spec.route = "/thing/:id";
    spec.lanes.push_back({"it", kind, {}, false, false});
    return make_json_agent_type(spec);
  };
  constexpr std::array kinds{lane_kind::value, lane_kind::map, lane_kind::log};
  for (const auto then : kinds) {
    twin<agent> t(type_with(then));
    t.put("it", then == lane_kind::map ? "7" : "", "5");
    for (const auto now : kinds) {
      const auto l = load(type_with(now), t.rows());
      if (then == now) {
        EXPECT_TRUE(l->status) << l->status.detail;
        continue;
      }
      EXPECT_THAT(l->status.detail,
                  AllOf(StartsWith("lane 'it'"), HasSubstr("a " + std::string(name_of(then)) + " lane has written"),
                        HasSubstr("is a " + std::string(name_of(now)) + " lane now. Give")));
    }
  }
}

TEST(schema_change, log_becomes_a_map_when_the_version_rises) {
  row_map rows{{{"", ""}, "1 9 5"}, {{"diary", "4"}, "30 4"}, {{"diary", "5"}, "31 5"}};
  const auto l = load(shop([](stored_row& row) { row.lane = "olds"; }), rows);
  ASSERT_TRUE(l->status) << l->status.detail;
  EXPECT_EQ(l->rows.at({"olds", "5"}), "31 5 5");
  const auto value =
      load(shop([](stored_row& row) { row.lane = "olds"; }), {{{"", ""}, "1 9 5"}, {{"old", ""}, "1 2"}});
  EXPECT_THAT(value->status.detail, StartsWith("lane 'olds': a value lane has written the row"));
}

struct counted final : agent {
  using agent::agent;
  window_lane<reduce::mean> per_hour{*this, "per_hour", tumbling(hours{1})};
};

TEST(schema_change, windows_go_on_when_the_version_rises) {
  twin<counted> t(make_agent_type<counted>("thing", "/thing/:id"));
  t.act([](counted& c) { c.per_hour.add_at(5, 1.0); });
  t.act([](counted& c) { c.per_hour.add_at(6, 4.0); });
  type_options later;
  later.version = 2;
  const auto l = load(make_agent_type<counted>("thing", "/thing/:id", later), t.rows());
  ASSERT_TRUE(l->status) << l->status.detail;
  const auto now = l->rows.at({"per_hour", "0"}), before = t.rows().at({"per_hour", "0"});
  const auto json_at = before.find('{');
  EXPECT_EQ(now.substr(0, json_at), before.substr(0, json_at));
  EXPECT_EQ(nlohmann::json::parse(now.substr(json_at)), nlohmann::json::parse(before.substr(json_at)));
  EXPECT_EQ(l->rows.at({"", ""}).substr(0, 8), "1 9 3 v2");
}

TEST(schema_change, type_with_a_hook_has_a_version_above_one) {
  EXPECT_THROW(shop(retype, 1), std::invalid_argument);
  EXPECT_THROW(shop(nullptr, 0), std::invalid_argument);
}

}  // namespace
