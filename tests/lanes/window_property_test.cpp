#include <gtest/gtest.h>

#include <span>

#include "window_model.hpp"

using namespace twin_test;

namespace {

class window_property : public testing::TestWithParam<unsigned> {
 protected:
  int below(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  // The samples in turns of up to 20; after each, f().
  template <class F>
  void feed(twin<sampled>& t, const std::vector<sample>& all, F&& f) {
    for (std::size_t at = 0; at < all.size();) {
      const auto n = std::min<std::size_t>(static_cast<std::size_t>(below(20)), all.size() - at);
      const auto patch = t.act([&](sampled& a) {
        for (const auto& s : std::span(all).subspan(at, n)) a.feed(s);
      });
      at += n;
      f(patch);
    }
  }
  void feed(twin<sampled>& t, const std::vector<sample>& all) {
    feed(t, all, [](const json&) {});
  }

  std::mt19937 random_{GetParam()};
};

void expect_like_model(const twin<sampled>& t, const std::vector<sample>& all, bool closed) {
  const auto document = t.document();
  const auto small = cut(all, model_size_ms, model_size_ms);
  EXPECT_EQ(with_sorted_lists(document["tumbling"]), expected(small, closed));
  EXPECT_EQ(with_sorted_lists(document["hopping"]), expected(cut(all, model_wide_ms, model_size_ms), closed));
  EXPECT_EQ(with_sorted_lists(document["session"]), expected(sessions(all, model_gap_ms), closed));
  EXPECT_EQ(t->tumbling_lane.late_count() + t->hopping_lane.late_count() + t->session_lane.late_count(), 0u);
  EXPECT_EQ(document["last"].size(), std::min<std::size_t>(3, small.size()));
  auto w = small.rbegin();
  for (std::size_t i = 0; i < document["last"].size(); ++i, ++w) {
    ASSERT_TRUE(document["last"].contains(std::to_string(w->first)));
    EXPECT_EQ(document["last"][std::to_string(w->first)]["value"]["n"], w->second.samples.size());
  }
}

TEST_P(window_property, order_of_arrival_within_the_grace_does_not_show) {
  SCOPED_TRACE(GetParam());
  for (int round = 0; round < 6; ++round) {
    const auto all = random_samples(random_, static_cast<std::size_t>(1 + below(120)));
    twin<sampled> t;
    feed(t, shuffled(all, random_, model_grace_ms));
    const auto end = all.back().time_ms + 100'000;
    t.act([&](sampled& a) { a.close_all(end); });
    expect_like_model(t, all, true);
    // Each event is in one minute and in one session, and the coarser lanes have them all once.
    const auto coarse = cut(all, 10 * model_size_ms, 10 * model_size_ms);
    EXPECT_EQ(with_sorted_lists(t.document()["coarse"]), expected(coarse, true));
    std::uint64_t total = 0;
    for (const auto& e : t->session_total) total += e.value.value.n.shown();
    EXPECT_EQ(total, all.size());
  }
}

TEST_P(window_property, windows_close_once_each_in_order_of_their_ends) {
  SCOPED_TRACE(GetParam());
  const auto all = random_samples(random_, 150);
  twin<sampled> t;
  feed(t, shuffled(all, random_, model_grace_ms));
  t.act([&](sampled& a) { a.close_all(all.back().time_ms + 100'000); });
  for (const auto& [lane, closed] : t->told) {
    std::vector<std::int64_t> ends, starts;
    std::size_t samples = 0;
    for (const auto& [start, end, n] : closed) {
      ends.push_back(end);
      starts.push_back(start);
      samples += static_cast<std::size_t>(n);
    }
    EXPECT_TRUE(std::is_sorted(ends.begin(), ends.end())) << lane;
    std::sort(starts.begin(), starts.end());
    EXPECT_EQ(std::unique(starts.begin(), starts.end()), starts.end()) << lane;
    EXPECT_GE(samples, all.size()) << lane;
  }
  EXPECT_EQ(t->told.size(), 3u);
}

TEST_P(window_property, folded_patches_equal_the_document_and_marked_paths_bring_a_receiver_there) {
  SCOPED_TRACE(GetParam());
  twin<sampled> t;
  json folded = t.document(), received = folded;
  feed(t, shuffled(random_samples(random_, 300), random_, 3 * model_grace_ms), [&](const json& patch) {
    if (!patch.is_null()) folded.merge_patch(patch);
    ASSERT_EQ(folded, t.document());
    if (below(4)) return;
    received.merge_patch(t.marked());
    t.marks.clear();
    ASSERT_EQ(received, t.document());
  });
}

TEST_P(window_property, agents_that_come_back_and_turns_that_fail_do_not_show) {
  SCOPED_TRACE(GetParam());
  const auto all = shuffled(random_samples(random_, 300), random_, 3 * model_grace_ms);
  const auto never = random_samples(random_, 30);
  twin<sampled> live, other;
  for (std::size_t at = 0; at < all.size(); at += 7) {
    const auto few = std::span(all).subspan(at, std::min<std::size_t>(7, all.size() - at));
    live.act([&](sampled& a) { std::for_each(few.begin(), few.end(), [&](const sample& s) { a.feed(s); }); });
    if (below(3) == 0) {
      const auto before = other.document_text();
      EXPECT_THROW(other.act([&](sampled& a) {
        for (int i = below(30); i >= 0; --i) a.feed(never[static_cast<std::size_t>(i)]);
        a.feed({all[at].time_ms + below(2000), 1, 1, "z"});
        throw std::runtime_error("undo");
      }),
                   std::runtime_error);
      ASSERT_EQ(other.document_text(), before);
    }
    if (at > 0 && below(3) == 0) other.reload();
    other.act([&](sampled& a) { std::for_each(few.begin(), few.end(), [&](const sample& s) { a.feed(s); }); });
    ASSERT_EQ(other.document_text(), live.document_text()) << "at " << at;
    ASSERT_EQ(other.rows().at({"", ""}), live.rows().at({"", ""}));
  }
  EXPECT_GT(live->tumbling_lane.late_count(), 0u) << "nothing was late, so that not all was tried";
}

// Later than the grace: what counts is whether a window has closed.
TEST_P(window_property, events_are_late_exactly_when_their_windows_have_closed) {
  SCOPED_TRACE(GetParam());
  const auto all = shuffled(random_samples(random_, 300), random_, 4 * model_grace_ms);
  twin<sampled> t;
  std::vector<sample> taken;
  std::int64_t watermark = -100'000;
  std::uint64_t late = 0;
  for (const auto& s : all) {
    const auto start = t->tumbling_lane.watermark_ms();
    ASSERT_TRUE(!start || *start == watermark);
    const auto end = cut({s}, model_size_ms, model_size_ms).begin()->second.end_ms;
    if (watermark >= end + model_grace_ms) {
      ++late;
    } else {
      taken.push_back(s);
      watermark = std::max(watermark, s.time_ms);
    }
    t.act([&](sampled& a) { a.feed(s); });
  }
  EXPECT_EQ(t->tumbling_lane.late_count(), late);
  auto windows = expected(cut(taken, model_size_ms, model_size_ms), false);
  for (auto& [start, w] : windows.items()) w["closed"] = w["end"].get<std::int64_t>() + model_grace_ms <= watermark;
  EXPECT_EQ(with_sorted_lists(t.document()["tumbling"]), windows);
}

INSTANTIATE_TEST_SUITE_P(seeds, window_property, testing::Range(1u, 13u));

}  // namespace
