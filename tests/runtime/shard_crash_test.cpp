#include <random>

#include <gmock/gmock.h>

#include "kept_lab.hpp"

// Whatever prefix of the commits survives an end, at whatever point: replayed, it comes to where it would have come.
namespace runtime_test {
namespace {

using rows_type = lab_store::rows_type;

/// One seeded history of events, commands and time, and the end that it must come to.
class history {
 public:
  explicit history(unsigned seed) : random_(seed) {
    for (const int i : {0, 3}) add({uri("account", i), "name", "", "\"a\""});
    for (int i = 1; i <= 4; ++i)
      add({uri("relay", i), "to", "", '"' + (i < 4 ? uri("relay", i + 1) : uri("relay", 9)) + '"'});
    for (int i = 0; i < 60; ++i) {
      switch (below(5)) {
        case 0:
          add({uri("account", below(3)), "notes", "", '"' + std::to_string(i) + '"'});
          break;
        case 1:
          add({uri("relay", 1 + below(4)), "inbox", "", std::to_string(i * 100)});
          break;
        case 2:
          add({uri("product", below(3)), "price", "", std::to_string(1 + below(50)), below(8) == 0});
          break;
        case 3:
          add({uri("fan", below(2)), "wish", std::to_string(below(3)), '"' + uri("product", below(3)) + '"',
               below(4) == 0});
          break;
        default:
          add({uri("clerk", below(2)), "papers", std::to_string(i), std::to_string(i)});
      }
    }
  }

  /// Runs all of it from the first record, which is what a source does that has kept no low mark.
  void run(kept_lab& l, std::size_t batch) {
    l->wake_all();
    l.offset = 0;
    for (std::size_t at = 0; at < events_.size(); at += batch) {
      l.post({events_.begin() + static_cast<std::ptrdiff_t>(at),
              events_.begin() + static_cast<std::ptrdiff_t>(std::min(at + batch, events_.size()))});
      if (at < 30 && at + batch >= 30) ask(l);
      take(l);
    }
    ask(l);
    l->now = 2'000'000;
    l->tick();
    while (take(l)) {}
  }

  /// What must come out the same.
  static json end_of(kept_lab& l) {
    json all;
    for (const auto& [type, n] : {std::pair{"account", 4}, {"relay", 10}, {"fan", 2}, {"product", 3}, {"clerk", 2}})
      for (int i = 0; i < n; ++i) {
        const auto f = l->subscribe(uri(type, i));
        EXPECT_TRUE(l->settle());
        auto state = f->state();
        // Between senders there is no order.
        if (state.count("inbox")) {
          std::vector<int> in;
          for (const auto& v : state["inbox"]) in.push_back(v);
          std::sort(in.begin(), in.end());
          state["inbox"] = in;
        }
        all[uri(type, i)] = state;
      }
    return all;
  }

  struct item {
    std::string text;
    std::size_t commits;  // made when it arrived
  };
  std::map<std::string, item> taken;  // sink items by id

 private:
  static std::string uri(const char* type, int i) { return '/' + std::string(type) + '/' + std::to_string(i); }
  int below(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
  void add(event e) { events_.push_back(std::move(e)); }
  void ask(kept_lab& l) {
    const auto added = l->command({uri("account", 3), "add", "5", {}, {}, "k1"});
    l->command({uri("account", 0), "alarm", "500", {}, {}, "k2"});
    EXPECT_TRUE(l->settle());
    EXPECT_TRUE(added->fine() && added->result().result == "5");
  }
  // As a sink does; and as a host does, that tells who waited.
  bool take(kept_lab& l) {
    const auto entries = l->sink.take(3, std::chrono::milliseconds(0));
    for (const auto& e : entries) {
      const auto [at, fresh] = taken.emplace(e.item.id, item{e.item.key + '=' + e.item.value, l->kept.history.size()});
      EXPECT_EQ(at->second.text, e.item.key + '=' + e.item.value) << "an id came with two contents";
      e.arrived();
    }
    for (const auto& name : std::exchange(l->waiting_for_room, {}))
      l->order(name, [&](shard& s) { s.refill(l->sink); });
    EXPECT_TRUE(l->settle());
    return !entries.empty();
  }

  std::mt19937 random_;
  std::vector<event> events_;
};

/// Whether the outbox is empty, as it is once all has arrived.
bool nothing_travels(const rows_type& rows) {
  return std::none_of(rows.begin(), rows.end(),
                      [](const auto& r) { return r.first[1] == "out" || r.first[1] == "owed"; });
}

void expect_same_end_from_every_prefix(unsigned seed) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  shard_options o;
  o.cut_records = 1 + seed % 7;
  o.fan_out_step = 1 + seed % 2;
  if (seed % 3 == 0) o.active_max = 1;
  kept_lab whole(o);
  whole->kept.remembers = true;
  history all(seed);
  all.run(whole, 7);
  const auto want = history::end_of(whole);
  ASSERT_TRUE(nothing_travels(whole->kept.rows));
  std::map<std::string, std::size_t> arrived;
  for (const auto& [id, i] : all.taken) EXPECT_TRUE(arrived.emplace(i.text, i.commits).second) << i.text << " twice";
  const auto prefixes = whole->kept.history;
  for (std::size_t n = 0; n < prefixes.size(); n += 1 + random() % 3) {
    SCOPED_TRACE("after commit " + std::to_string(n));
    kept_lab l(o);
    l.restart(prefixes[n]);
    history again(seed);
    again.run(l, 1 + random() % 9);
    EXPECT_EQ(history::end_of(l), want);
    EXPECT_TRUE(nothing_travels(l->kept.rows));
    // An id never means another item.
    for (const auto& [id, i] : again.taken) {
      const auto at = all.taken.find(id);
      EXPECT_TRUE(at == all.taken.end() || at->second.text == i.text || at->second.commits > n) << id;
    }
    // Only what had arrived before may be missing.
    std::set<std::string> came;
    for (const auto& [id, i] : again.taken) came.insert(i.text);
    for (const auto& [text, commits] : arrived) EXPECT_TRUE(came.count(text) || commits <= n) << text << " is lost";
    for (const auto& text : came) EXPECT_TRUE(arrived.count(text)) << text << " was never sent";
    if (testing::Test::HasFailure()) return;
  }
}

TEST(shard_crash, every_prefix_of_the_commits_comes_to_the_same_end) {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    expect_same_end_from_every_prefix(seed);
    if (testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace runtime_test
