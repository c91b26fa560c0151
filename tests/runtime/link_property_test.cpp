#include <random>
#include <set>

#include <gmock/gmock.h>

#include "cabinet.hpp"
#include "lab.hpp"

// Random changes of agents with lanes of all kinds; subscribers with random views refuse, pull, go and come back;
// agents leave memory, are removed, the whole is stopped and started, and killed. Whoever is not behind has what
// reading gives.
namespace runtime_test {
namespace {

constexpr int cabinets = 3;

std::string uri_of(int n) { return "/cabinet/" + std::to_string(n); }

/// Says in its lineage which start it is, as a runtime does.
class started_lab final : public lab {
 public:
  started_lab(shard_options o, unsigned start)
      : lab({make_agent_type<cabinet>("cabinet", "/cabinet/:id")}, 2, o, true), start_(start) {}
  std::string lineage_of(std::uint64_t birth) const override {
    return std::to_string(start_) + '-' + std::to_string(birth);
  }

 private:
  unsigned start_;
};

struct tally {
  int compared = 0, resumed = 0, not_resumed = 0, merged = 0, refused = 0;
};

class random_links {
 public:
  random_links(unsigned seed, tally& t) : make_(seed), options_(options_of(seed)), tally_(t) { start({}); }

  void run(int steps) {
    for (; steps > 0 && !testing::Test::HasFailure(); --steps) {
      step();
      ASSERT_TRUE(lab_->settle());
      check();
    }
    while (!away_.empty()) come_back();
    ASSERT_TRUE(lab_->settle());
    for (auto& f : here_) {
      f.by->refuses = nullptr;
      pull(f);
    }
    check();
    for (const auto& f : here_) {
      EXPECT_FALSE(f.by->waits());
      count_merged(f);
    }
    count();
  }

 private:
  struct followed {
    std::string uri;
    view what;
    std::shared_ptr<following> by;
    std::uint64_t id = 0;
  };

  static shard_options options_of(unsigned seed) {
    shard_options o;
    o.cut_records = 1 + seed % 7;
    if (seed % 3 == 1) o.active_max = 1;
    if (seed % 3 == 2) o.idle_ms = 300;
    if (seed % 4 == 0) o.history_bytes_max = 4'000;
    if (seed % 5 == 0) o.history_age_ms = 700;
    return o;
  }
  int below(int n) { return make_.below(n); }

  void step() {
    switch (below(16)) {
      case 0:
      case 1:
        return follow();
      case 2:
      case 3:
        return go();
      case 4:
      case 5:
        return come_back();
      case 6:
      case 7:
      case 8:
        return pull_one();
      case 9:
        lab_->now += below(500);
        return lab_->tick();
      case 10:
        if (below(6) == 0) restart();
        return;
      case 11:
        if (below(6) == 0) lab_->remove(uri_of(below(cabinets)));
        return;
      default:
        post();
    }
  }

  void post() {
    std::vector<event> events;
    for (int n = 1 + below(8); n > 0; --n) events.push_back(an_event());
    lab_->post(lab_->source, events, offset_);
  }
  event an_event() {
    event e{uri_of(below(cabinets)), "", "", "", below(4) == 0, lab_->now - below(100)};
    switch (below(8)) {
      case 0:
        e.lane = "owner", e.value = make_.a_person().dump();
        break;
      case 1:
        e.lane = "any", e.value = make_.anything().dump();
        break;
      case 2:
        e.lane = "people", e.key = make_.letter(), e.value = make_.a_person().dump();
        break;
      case 3:
        e.lane = "things", e.key = make_.letter(), e.value = make_.anything().dump();
        break;
      case 4:
        e.lane = "guests", e.value = make_.a_person().dump(), e.remove = false;
        break;
      case 5:
        e.lane = "whisper", e.value = std::to_string(below(3));
        break;
      case 6:
        e.lane = "follows", e.key = make_.letter(), e.value = std::to_string(below(cabinets));
        break;
      default:
        e.lane = "counts", e.key = make_.letter(), e.value = std::to_string(below(3));
    }
    return e;
  }

  view a_view() {
    view v;
    if (below(3) == 0) v = {false, {"owner", below(2) ? "any" : "people", below(2) ? "things" : "spans"}};
    if (below(3) > 0) {
      field_set s;
      for (int n = 1 + below(4); n > 0; --n) s.add(make_.a_path());
      v.fields = std::make_shared<const field_set>(std::move(s));
    }
    if (below(3) == 0) v.rights = "r" + std::to_string(below(2));
    return v;
  }
  std::shared_ptr<following> a_follower() {
    auto f = std::make_shared<following>();
    const int one_in = below(3) == 0 ? 2 + below(4) : 0;
    if (one_in) f->refuses = [this, one_in] { return below(one_in) == 0 && ++tally_.refused; };
    return f;
  }
  void subscribe(followed f, const std::optional<resume_point>& from = {}) {
    lab_->subscribe(f.uri, f.by, f.what, false, from);
    f.id = lab_->last_link();
    here_.push_back(std::move(f));
  }
  void follow() {
    if (here_.size() < 12) subscribe({uri_of(below(cabinets)), a_view(), a_follower()});
  }
  void go() {
    if (here_.empty()) return;
    const auto at = here_.begin() + below(static_cast<int>(here_.size()));
    lab_->unsubscribe(at->uri, at->id);
    count_merged(*at);
    away_.push_back(std::move(*at));
    here_.erase(at);
  }
  // Now and then with other rights, which must not do.
  void come_back() {
    if (away_.empty()) return;
    const auto at = away_.begin() + below(static_cast<int>(away_.size()));
    followed f{at->uri, at->what, a_follower()};
    if (below(8) == 0) f.what.rights += "x";
    f.by->take_over(*at->by);
    const auto from = at->by->at();
    away_.erase(at);
    subscribe(std::move(f), from);
  }
  void pull_one() {
    const auto waiting = std::find_if(here_.begin(), here_.end(), [](const followed& f) { return f.by->waits(); });
    if (waiting != here_.end()) pull(*waiting);
  }
  void pull(const followed& f) {
    if (!f.by->waits()) return;
    f.by->has_room();
    lab_->pull(f.uri, f.id);
    ASSERT_TRUE(lab_->settle());
  }

  void start(lab_store::rows_type rows) {
    const auto source = lab_ ? lab_->source : nullptr;
    const auto now = lab_ ? lab_->now : 1'000'000;
    const auto births = lab_ ? lab_->births : 0;
    count();
    lab_ = std::make_unique<started_lab>(options_, starts_);
    lab_->kept.rows = std::move(rows);
    lab_->now = now;
    lab_->births = births;
    if (source) lab_->source = source;
    lab_->wake_all();
  }
  void restart() {
    for (const auto& f : here_) count_merged(f);
    std::move(here_.begin(), here_.end(), std::back_inserter(away_));
    here_.clear();
    auto rows = lab_->kept.rows;
    if (below(2)) {
      for (const char* name : {"0", "1"}) lab_->order(name, [](shard& s) { s.stop_agents(); });
      ASSERT_TRUE(lab_->settle());
      rows = lab_->kept.rows;
    } else {  // killed: what was committed last is lost
      ++starts_;
      rows = before_;
    }
    start(std::move(rows));
  }
  void count_merged(const followed& f) {
    for (const auto& s : f.by->said()) tally_.merged += s.starts_with("merged");
  }
  void count() {
    if (!lab_) return;
    tally_.resumed += lab_->resumed;
    tally_.not_resumed += lab_->not_resumed;
  }

  void check() {
    std::map<std::string, json> now;
    for (int n = 0; n < cabinets; ++n) now[uri_of(n)] = get(uri_of(n));
    for (const auto& f : here_) {
      ASSERT_EQ(f.by->broken(), "") << f.uri;
      if (f.by->waits()) continue;
      ++tally_.compared;
      const auto& all = now[f.uri];
      ASSERT_EQ(f.by->state(), all.is_null() ? json::object() : seen(f.what, all))
          << f.uri << testing::PrintToString(f.by->said());
    }
    if (below(4) == 0) before_ = lab_->kept.rows;
  }
  /// What a GET gives; it brings the agent into memory, where it may be for no longer than that.
  json get(const std::string& uri) {
    json all;
    lab_->on(uri).request([&](shard& s) {
      if (const auto* e = s.find_agent(uri); e && e->self) all = lab_->document(uri);
    });
    EXPECT_TRUE(lab_->settle());
    return all;
  }
  static json seen(const view& what, json all) {
    if (!what.all)
      for (auto it = all.begin(); it != all.end();)
        it = std::count(what.lanes.begin(), what.lanes.end(), it.key()) ? std::next(it) : all.erase(it);
    return what.fields ? *shown(all, *what.fields) : all;
  }

  cabinet_maker make_;
  const shard_options options_;
  tally& tally_;
  unsigned starts_ = 1;
  std::int64_t offset_ = 0;
  lab_store::rows_type before_;
  std::vector<followed> here_, away_;
  std::unique_ptr<started_lab> lab_;
};

TEST(link_property, whoever_is_not_behind_has_what_reading_gives_whatever_was_refused_or_missed) {
  tally t;
  for (unsigned seed = 1; seed <= 25; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_links links(seed, t);
    links.run(150);
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(t.compared, 5'000);
  EXPECT_GT(t.resumed, 100);
  EXPECT_GT(t.not_resumed, 100);
  EXPECT_GT(t.merged, 100);
  EXPECT_GT(t.refused, 100);
}

}  // namespace
}  // namespace runtime_test
