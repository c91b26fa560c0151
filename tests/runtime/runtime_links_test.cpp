#include <atomic>
#include <random>

#include <gmock/gmock.h>

#include "stage.hpp"

// Subscribers on real shards that refuse, pull, go and come back.
using namespace runtime_test;

namespace {

class runtime_links : public testing::TestWithParam<ground> {};
INSTANTIATE_TEST_SUITE_P(grounds, runtime_links, all_grounds, name_of_ground);

constexpr unsigned account_count = 3;

std::string uri_of(int n) { return "/account/" + std::to_string(n); }

view a_view(unsigned n) {
  if (n % 3 == 0) return {};
  if (n % 3 == 1) return {false, {"sum", "name"}};
  return {true, {}, std::make_shared<const field_set>(field_set::of({{"amounts", "1"}, {"name"}})), "r"};
}

class crowd {
 public:
  crowd(stage& s, unsigned seed) : on_(s), random_(seed) {}

  void step() {
    post();
    const auto n = below(static_cast<unsigned>(all_.size()) + 1);
    if (n == all_.size() && n < 9)
      return subscribe(uri_of(static_cast<int>(below(account_count))), a_view(below(3)), {}, {});
    if (n == all_.size()) return;
    if (below(4) == 0) come_back(n);
    pull(all_[n]);
  }
  void end() {
    choosy_ = false;
    for (auto& f : all_)
      ASSERT_TRUE(eventually([&] {
        pull(f);
        const auto said = on_.get(f.uri, f.what);
        return !ok(said) || f.by->state() == json::parse(std::get<0>(said).lanes());
      })) << f.uri
          << testing::PrintToString(f.by->said());
    for (const auto& f : all_) EXPECT_EQ(f.by->broken(), "");
  }

 private:
  struct followed {
    std::string uri;
    view what;
    std::shared_ptr<following> by;
    subscription at;
  };
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  void post() {
    std::vector<event> events;
    for (unsigned n = 1 + below(20); n > 0; --n) {
      const auto uri = uri_of(static_cast<int>(below(account_count)));
      const auto value = std::to_string(below(50));
      if (below(4) == 0)
        events.push_back({uri, "name", "", '"' + value + '"', below(3) == 0});
      else
        events.push_back({uri, "amounts", std::to_string(below(4)), value, below(3) == 0});
    }
    on_.post(events);
  }
  void subscribe(const std::string& uri, view what, std::optional<resume_point> from, const following* before) {
    followed f{uri, std::move(what), std::make_shared<following>(), {}};
    if (before) f.by->take_over(*before);
    f.by->refuses = [this, n = 0]() mutable { return choosy_ && ++n % 5 == 0; };
    f.at = std::get<0>(on_.on.subscribe({f.uri, f.what, false, std::move(from)}, f.by, 1));
    all_.push_back(std::move(f));
  }
  void come_back(unsigned n) {
    const auto f = all_[n];
    on_.on.unsubscribe(f.at);
    all_.erase(all_.begin() + n);
    const auto then = std::make_shared<following>();
    then->take_over(*f.by);
    subscribe(f.uri, f.what, then->at(), then.get());
  }
  void pull(const followed& f) {
    if (!f.by->waits()) return;
    f.by->has_room();
    on_.on.pull(f.at);
  }

  stage& on_;
  std::mt19937 random_;
  std::atomic<bool> choosy_{true};
  std::vector<followed> all_;
};

TEST_P(runtime_links, who_refuses_and_who_comes_back_ends_with_what_reading_gives) {
  for (unsigned seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    stage s(GetParam());
    crowd c(s, seed);
    for (int n = 0; n < 300; ++n) c.step();
    c.end();
    ASSERT_TRUE(s.on.stop(patience));
  }
}

TEST_P(runtime_links, resumes_after_a_clean_restart_where_agents_are_kept) {
  const twinlane::test::temp_dir folder;
  auto here = GetParam();
  here.folder = folder.path().string();
  const auto f = std::make_shared<following>(), back = std::make_shared<following>();
  {
    stage s(here);
    s.post({{"/account/1", "sum", "", "1"}});
    ASSERT_TRUE(s.drain());
    ASSERT_TRUE(ok(s.on.subscribe({"/account/1", {}, false}, f, 1)));
    ASSERT_TRUE(eventually([&] { return f->rev() == 1; }));
    ASSERT_TRUE(s.on.stop(patience));
  }
  back->take_over(*f);
  stage s(here);
  ASSERT_TRUE(ok(s.on.subscribe({"/account/1", {}, false, back->at()}, back, 1)));
  ASSERT_TRUE(eventually([&] { return !back->said().empty(); }));
  EXPECT_EQ(back->said().front(), here.keeps ? "resumed 1" : "snap 0 none");
  EXPECT_EQ(back->broken(), "");
}

}  // namespace
