#include <gtest/gtest.h>

#include <charconv>

#include "world.hpp"

using namespace twin_test;

namespace {

std::vector<operation> some(operations& make, int most) {
  std::vector<operation> ops(static_cast<std::size_t>(1 + make.below(most)));
  for (auto& op : ops) op = make.next();
  return ops;
}

// A turn that fails at some point, and must not show in rows either.
void fail_turn(twin<world>& t, operations& make) {
  const auto ops = some(make, 8);
  const bool after_rules = make.below(2);
  EXPECT_THROW(t.run([&](turn& in) {
    for (const auto& op : ops) apply(t, in, op);
    if (after_rules) in.finish();
    throw std::runtime_error("undo");
  }),
               std::runtime_error);
}

void empty_transient_lanes(twin<world>& t) {
  t.act([](world& w) {
    w.ping.clear();
    w.glance.clear();
  });
}

// When the oldest entry of a lane leaves, from its rows alone.
std::int64_t expiry_of(const row_map& rows, const lane_info& lane) {
  auto due = lane_base::never;
  for (const auto& [place, value] : rows) {
    std::int64_t time_ms = 0;
    if (place.first != lane.name) continue;
    std::from_chars(value.data(), value.data() + value.size(), time_ms);
    due = std::min(due, time_ms + lane.keep.age_ms);
  }
  return due;
}

std::vector<join_effect> joins_of(const twin<world>& t) {
  std::vector<join_effect> all;
  t->joined.collect_joins(all);
  t->shelves.collect_joins(all);
  return all;
}

// `loaded` has just come from its rows; `live` has been in memory all the time.
void expect_equal(const twin<world>& loaded, const twin<world>& live) {
  ASSERT_EQ(loaded.document_text(), live.document_text());
  ASSERT_EQ(loaded.rev(), live.rev());
  for (std::size_t i = 0; i < live.type().timers().size(); ++i)
    ASSERT_EQ(loaded->timer_at(i).due_ms(), live->timer_at(i).due_ms());
  for (std::size_t i = 0; i < live.type().lanes().size(); ++i) {
    const auto& info = live.type().lanes()[i];
    if (!info.keep.age_ms) continue;
    ASSERT_EQ(loaded->lane_at(i).next_expiry(), expiry_of(loaded.rows(), info)) << info.name;
    // A live lane keeps a lower bound, exact after it has looked.
    ASSERT_GE(loaded->lane_at(i).next_expiry(), live->lane_at(i).next_expiry()) << info.name;
  }
  const auto is = joins_of(loaded), was = joins_of(live);
  ASSERT_EQ(is.size(), was.size());
  for (std::size_t i = 0; i < is.size(); ++i) {
    ASSERT_EQ(is[i].key, was[i].key);
    ASSERT_EQ(is[i].uri, was[i].uri);
    ASSERT_EQ(is[i].from_lane, was[i].from_lane);
    ASSERT_EQ(is[i].at, was[i].at);
  }
}

// Order numbers are counted anew by a loaded agent, so that values may differ where keys may not.
void expect_same_keys(const row_map& a, const row_map& b) {
  ASSERT_EQ(a.size(), b.size());
  for (auto i = a.begin(), j = b.begin(); i != a.end(); ++i, ++j) ASSERT_EQ(i->first, j->first);
}

class lane_rows_property : public testing::TestWithParam<unsigned> {};

TEST_P(lane_rows_property, agent_loaded_from_its_rows_goes_on_as_if_it_had_stayed) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> live, often(live.shared_type());
  int loads = 0;
  for (int i = 0; i < 500; ++i) {
    SCOPED_TRACE("turn " + std::to_string(i));
    live.now_ms = often.now_ms = make.clock();
    const auto ops = some(make, 8);
    if (make.below(4) == 0) fail_turn(make.below(2) ? live : often, make);
    run(live, ops);
    run(often, ops);
    ASSERT_EQ(often.last_text(), live.last_text());
    if (make.below(6) == 0) {
      ASSERT_EQ(often.tick(), live.tick());
    }
    ASSERT_EQ(often.document_text(), live.document_text());
    ASSERT_NO_FATAL_FAILURE(expect_same_keys(often.rows(), live.rows()));
    if (live.rows().empty()) continue;  // nothing has been written yet
    ASSERT_EQ(often.rows().at({"", ""}), live.rows().at({"", ""}));
    if (make.below(8) != 0) continue;
    empty_transient_lanes(live);
    empty_transient_lanes(often);
    twin<world> once(live.shared_type());
    once.load(live.rows());
    ASSERT_NO_FATAL_FAILURE(expect_equal(once, live));
    often.reload();
    ASSERT_NO_FATAL_FAILURE(expect_equal(often, live));
    ++loads;
  }
  EXPECT_GT(loads, 20);
}

TEST_P(lane_rows_property, agent_as_it_came_back_is_not_one_that_has_changed) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> t;
  for (int i = 0; i < 50; ++i) {
    t.now_ms = make.clock();
    run(t, some(make, 20));
    empty_transient_lanes(t);
    const auto before = t.rows();
    t.reload();
    t.act([](world&) {});
    ASSERT_EQ(t.last_text(), "");
    ASSERT_EQ(t.rows(), before);
  }
}

TEST_P(lane_rows_property, transient_lanes_are_in_no_row) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> t;
  for (int i = 0; i < 100; ++i) {
    run(t, some(make, 8));
    for (const auto& [place, value] : t.rows()) {
      ASSERT_NE(place.first, "ping");
      ASSERT_NE(place.first, "glance");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, lane_rows_property, testing::Range(1u, 13u));

}  // namespace
