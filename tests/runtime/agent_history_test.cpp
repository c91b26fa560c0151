#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <twinlane/runtime/agent_history.hpp>

using namespace twinlane;

namespace {

constexpr agent_history::limits wide{1 << 20, 60'000};

struct history {
  explicit history(agent_history::limits l = wide, std::size_t all_max = 1 << 20) : all{all_max}, of(0, l, all) {}
  void add(const std::string& path, std::int64_t at_ms = 0) {
    of.add(++rev, at_ms, [&](dirty_paths::node& n) { n.child(path).mark(); });
  }
  std::vector<std::string> since(std::uint64_t from) {
    dirty_paths paths;
    of.collect(from, paths);
    std::vector<std::string> names;
    for (const auto& [name, below] : paths.root().children()) names.push_back(name);
    return names;
  }
  bool reaches(std::uint64_t from) const { return of.first() <= from; }

  std::uint64_t rev = 0;
  history_budget all;
  agent_history of;
};
using names = std::vector<std::string>;

// Revs that end a segment, all of the same path.
void fill(history& h, const std::string& path, std::int64_t at_ms) {
  for (std::uint64_t n = 0; n < agent_history::segment_revs; ++n) h.add(path, at_ms);
}

TEST(agent_history, tells_what_changed_since_a_rev_by_segments) {
  history h;
  h.add("a");
  fill(h, "b", 0);
  const auto first = h.rev;
  h.add("c", agent_history::segment_ms);
  EXPECT_EQ(h.since(0), (names{"a", "b", "c"}));
  EXPECT_EQ(h.since(1), (names{"a", "b", "c"})) << "the whole of the segment";
  EXPECT_EQ(h.since(first), names{"c"});
  EXPECT_EQ(h.since(first + 1), names{});
  EXPECT_EQ(h.of.start_of(1), 0u);
  EXPECT_EQ(h.of.start_of(first), first);
}

TEST(agent_history, marked_places_and_what_lies_below_them_stay_marked_when_segments_are_united) {
  history h({2'000, 60'000});
  for (int i = 0; i < 2'000; ++i)
    h.of.add(++h.rev, i * 10, [&](dirty_paths::node& n) {
      auto& place = n.child("place");
      if (i == 3) place.mark();
      place.child(i % 2 ? "odd" : "even").mark();
    });
  ASSERT_TRUE(h.reaches(3)) << "equal paths take no more room";
  EXPECT_LE(h.of.bytes(), 2'000u);
  dirty_paths paths;
  h.of.collect(3, paths);
  const auto* place = paths.root().find("place");
  EXPECT_TRUE(place->marked());
  EXPECT_EQ(place->children().size(), 2u);
}

TEST(agent_history, same_paths_again_allocate_nothing_within_a_segment) {
  history h;
  h.add("a");
  const auto once = h.of.bytes();
  for (int i = 0; i < 40; ++i) h.add("a");
  EXPECT_EQ(h.of.bytes(), once);
  EXPECT_EQ(h.of.segments(), 1u);
}

TEST(agent_history, a_segment_ends_when_it_has_its_time_and_its_revs_or_is_large) {
  history h({8'000, 60'000});
  fill(h, "a", 0);
  h.add("a");
  EXPECT_EQ(h.of.segments(), 1u) << "before its time";
  h.add("a", agent_history::segment_ms);
  EXPECT_EQ(h.of.segments(), 2u);
  h.add("a", 10 * agent_history::segment_ms);
  EXPECT_EQ(h.of.segments(), 2u) << "before its revs";
  for (int n = 0; n < 10; ++n) h.add(std::to_string(n), 10 * agent_history::segment_ms);
  EXPECT_EQ(h.of.segments(), 3u) << "an eighth of the bound";
}

TEST(agent_history, bytes_stay_within_the_bound_and_the_newest_half_of_it_is_kept) {
  constexpr std::size_t bound = 20'000;
  history h({bound, 1'000'000'000});
  std::size_t least = bound;
  for (int i = 0; i < 5'000; ++i) {
    h.add("key " + std::to_string(i), i * 100);
    ASSERT_LE(h.of.bytes(), bound);
    if (i > 500) least = std::min(least, h.of.bytes());
    ASSERT_TRUE(h.reaches(h.rev - std::min<std::uint64_t>(h.rev, 10)));
  }
  EXPECT_GE(least, bound / 3);
  EXPECT_FALSE(h.reaches(0));
}

TEST(agent_history, a_turn_over_the_bound_leaves_nothing_to_resume_from_but_itself) {
  history h({2'000, 60'000});
  h.add("a");
  h.of.add(++h.rev, 0, [](dirty_paths::node& n) {
    for (int i = 0; i < 100; ++i) n.child(std::to_string(i)).mark();
  });
  EXPECT_TRUE(h.of.empty());
  EXPECT_EQ(h.of.bytes(), 0u);
  EXPECT_FALSE(h.reaches(1));
  EXPECT_TRUE(h.reaches(2));
  h.add("b");
  EXPECT_EQ(h.since(2), names{"b"});
}

TEST(agent_history, what_is_older_than_the_age_goes) {
  history h;
  fill(h, "a", 0);
  h.add("b", 50'000);
  h.of.expire(59'999);
  EXPECT_TRUE(h.reaches(0));
  h.of.expire(60'000);
  EXPECT_FALSE(h.reaches(0));
  EXPECT_EQ(h.since(h.rev - 1), names{"b"});
  h.of.expire(110'000);
  EXPECT_TRUE(h.of.empty());
  EXPECT_TRUE(h.reaches(h.rev)) << "who has the last rev has missed nothing";
}

TEST(agent_history, over_the_bound_of_all_one_gives_up_of_its_own) {
  history_budget all{3'000};
  std::uint64_t rev = 0;
  const auto add = [](agent_history& h, std::uint64_t to) {
    h.add(to, static_cast<std::int64_t>(to) * 1'000, [&](dirty_paths::node& n) { n.child(std::to_string(to)).mark(); });
  };
  {
    constexpr agent_history::limits small{8'000, 60'000'000};
    agent_history quiet(0, small, all);
    add(quiet, 1);
    const auto kept = quiet.bytes();
    agent_history busy(0, small, all);
    while (rev < 100) add(busy, ++rev);
    EXPECT_LE(all.bytes, all.bytes_max);
    EXPECT_EQ(all.bytes, kept + busy.bytes());
    EXPECT_EQ(quiet.bytes(), kept);
    EXPECT_LE(busy.first(), 95u) << "and the newest of it stays";
    EXPECT_GT(busy.first(), 0u);
  }
  EXPECT_EQ(all.bytes, 0u);
}

TEST(agent_history, another_life_begins_with_nothing) {
  history h;
  h.add("a");
  h.of.restart(0);
  EXPECT_TRUE(h.of.empty());
  EXPECT_EQ(h.all.bytes, 0u);
  EXPECT_EQ(h.of.last(), 0u);
}

}  // namespace
