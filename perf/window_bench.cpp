// What one core adds to window lanes: counts, means and sums, in turns of one event and of a hundred.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include <twinlane/agents/agent.hpp>
#include <twinlane/agents/turn.hpp>
#include <twinlane/lanes/reduce.hpp>

namespace {

using namespace twinlane;

struct stats {
  reduce::count n;
  reduce::mean mean;
  reduce::sum<int> sum;
  void add(int x) {
    n.add();
    mean.add(x);
    sum.add(x);
  }
};
BOOST_DESCRIBE_STRUCT(stats, (), (n, mean, sum))

struct tumbled final : agent {
  using agent::agent;
  window_lane<stats> lane{*this, "lane", tumbling(minutes{1}), grace(minutes{5}), keep_last(60)};
};
struct hopped final : agent {
  using agent::agent;
  window_lane<stats> lane{*this, "lane", hopping(minutes{5}, minutes{1}), grace(minutes{5}), keep_last(60)};
};
struct visited final : agent {
  using agent::agent;
  window_lane<stats> lane{*this, "lane", session(seconds{30}), grace(minutes{5}), keep_last(60)};
};

// Events a second apart, with one of 30 s later now and then, so that sessions end.
template <class Agent>
void measure(const char* what, std::size_t a_turn) {
  constexpr std::size_t count = 200'000;
  const auto type = make_agent_type<Agent>("thing", "/thing/:id");
  turn t(*type);
  std::string patch;
  double best = 1e9;
  for (int run = 0; run < 3; ++run) {
    const auto self = type->make("/thing/1");
    auto& lane = static_cast<Agent&>(*self).lane;
    std::int64_t now_ms = 1'700'000'000'000;
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < count;) {
      t.begin(*self, now_ms, i == 0);
      for (std::size_t n = 0; n < a_turn && i < count; ++n, ++i) {
        now_ms += i % 100 == 0 ? 40'000 : 1'000;
        lane.add_at(now_ms, static_cast<int>(i % 5));
      }
      patch.clear();
      if (t.finish()) t.encode_patch(patch, ~std::uint64_t{0});
      t.end();
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    best = std::min(best, took.count());
  }
  std::printf("%-34s %7.2f M/s  %6.1f ns\n", what, static_cast<double>(count) / best / 1e6,
              best / static_cast<double>(count) * 1e9);
}

}  // namespace

int main() {
  measure<tumbled>("tumbling, an event a turn and diff", 1);
  measure<tumbled>("tumbling, 100 a turn", 100);
  measure<hopped>("hopping, 5 windows, 1 a turn", 1);
  measure<hopped>("hopping, 5 windows, 100 a turn", 100);
  measure<visited>("session, an event a turn and diff", 1);
  measure<visited>("session, 100 a turn", 100);
}
