#include <gtest/gtest.h>

#include "world.hpp"

using namespace twin_test;

namespace {

class lane_property : public testing::TestWithParam<unsigned> {};

TEST_P(lane_property, folded_patches_equal_the_document_at_all_times) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> t;
  json folded = t.document();
  for (int i = 0; i < 600; ++i) {
    json patch;
    if (i % 10 == 9) {
      t.now_ms = make.clock();
      patch = t.tick();
    } else {
      std::vector<operation> ops(static_cast<std::size_t>(make.below(12)));
      for (auto& op : ops) op = make.next();
      const auto before = t.document();
      patch = t.run([&](turn& in) {
        for (const auto& op : ops) apply(t, in, op);
      });
      ASSERT_EQ(patch.is_null(), before == t.document()) << "turn " << i << ": a patch exactly when something changed";
    }
    if (!patch.is_null()) folded.merge_patch(patch);
    ASSERT_EQ(folded, t.document()) << "turn " << i << ", patch " << patch;
  }
}

TEST_P(lane_property, merged_paths_bring_a_receiver_to_the_present_state) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> t;
  json received = t.document();
  for (int i = 0; i < 400; ++i) {
    std::vector<operation> ops(static_cast<std::size_t>(1 + make.below(6)));
    for (auto& op : ops) op = make.next();
    run(t, ops);
    if (i % 13 == 0) {
      t.now_ms = make.clock();
      t.tick();
    }
    if (make.below(5) != 0) continue;
    received.merge_patch(t.marked());
    t.marks.clear();
    ASSERT_EQ(received, t.document()) << "turn " << i;
  }
}

// A twin that also goes through turns that fail must stay the equal of one that does not.
TEST_P(lane_property, undone_turn_leaves_no_trace) {
  SCOPED_TRACE(GetParam());
  operations make(GetParam());
  twin<world> good, bad;
  for (int i = 0; i < 400; ++i) {
    std::vector<operation> ops(static_cast<std::size_t>(1 + make.below(8)));
    for (auto& op : ops) op = make.next();
    if (make.below(2)) {
      const auto before = bad.document_text();
      const bool after_rules = make.below(2);
      EXPECT_THROW(bad.run([&](turn& in) {
        for (int n = 1 + make.below(12); n > 0; --n) apply(bad, in, make.next());
        if (after_rules) in.finish();
        if (after_rules && make.below(2)) apply(bad, in, make.next());
        if (make.below(3) == 0) fire_due(*bad, in);
        throw std::runtime_error("undo");
      }),
                   std::runtime_error);
      ASSERT_EQ(bad.document_text(), before) << "turn " << i;
    }
    good.now_ms = bad.now_ms = make.clock();
    run(good, ops);
    run(bad, ops);
    ASSERT_EQ(bad.last_text(), good.last_text()) << "turn " << i;
    if (i % 7 == 0) {
      ASSERT_EQ(bad.tick(), good.tick()) << "turn " << i;
    }
    ASSERT_EQ(bad.document_text(), good.document_text()) << "turn " << i;
    ASSERT_EQ(bad.rows(), good.rows()) << "turn " << i;
  }
}

TEST_P(lane_property, results_do_not_depend_on_how_events_are_split_into_turns) {
  SCOPED_TRACE(GetParam());
  std::string first;
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{1000}}) {
    operations make(GetParam());
    twin<world> t;
    std::vector<operation> ops(1500);
    for (auto& op : ops) op = make.next();
    json folded = t.document();
    for (std::size_t at = 0; at < ops.size(); at += size) {
      run(t, std::span(ops).subspan(at, std::min(size, ops.size() - at)));
      if (!t.last_text().empty()) folded.merge_patch(json::parse(t.last_text()));
    }
    if (first.empty()) first = t.document_text();
    EXPECT_EQ(t.document_text(), first) << "in turns of " << size;
    EXPECT_EQ(folded, t.document());
  }
}

INSTANTIATE_TEST_SUITE_P(seeds, lane_property, testing::Range(1u, 9u));

}  // namespace
