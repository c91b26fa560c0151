#include <twinlane/runtime/metrics.hpp>

#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>

namespace twinlane {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

double value_of(const metrics& m, const std::string& series) {
  for (const auto& line : lines_of(m.text()))
    if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
  ADD_FAILURE() << "no series " << series;
  return -1;
}

TEST(metrics, histogram_counts_each_duration_at_its_bound) {
  metrics m;
  m.turn(20e-6);
  m.turn(50e-6);
  m.turn(51e-6);
  m.turn(30.0);
  EXPECT_EQ(value_of(m, R"(twinlane_turn_seconds_bucket{le="5e-05"})"), 2);
  EXPECT_EQ(value_of(m, R"(twinlane_turn_seconds_bucket{le="0.0001"})"), 3);
  EXPECT_EQ(value_of(m, R"(twinlane_turn_seconds_bucket{le="10"})"), 3);
  EXPECT_EQ(value_of(m, R"(twinlane_turn_seconds_bucket{le="+Inf"})"), 4);
  EXPECT_EQ(value_of(m, "twinlane_turn_seconds_count"), 4);
  EXPECT_NEAR(value_of(m, "twinlane_turn_seconds_sum"), 30.000121, 1e-9);
  EXPECT_THAT(lines_of(m.text()), Contains("# TYPE twinlane_turn_seconds histogram"));
}

TEST(metrics, batch_adds_up_to_the_same_as_single_turns_and_is_empty_afterwards) {
  metrics one, other;
  duration_batch cut;
  for (const double seconds : {1e-6, 60e-6, 0.2, 11.0}) {
    one.turn(seconds);
    cut.add(seconds);
  }
  other.turns(cut);
  other.turns(cut);
  for (const auto* series : {"twinlane_turn_seconds_count", R"(twinlane_turn_seconds_bucket{le="0.0001"})",
                             R"(twinlane_turn_seconds_bucket{le="0.25"})", "twinlane_turn_seconds_sum"})
    EXPECT_EQ(value_of(one, series), value_of(other, series)) << series;
}

TEST(metrics, threads_lose_no_count) {
  metrics m;
  auto& diffs = m.counter("twinlane_diffs_total", {{"kind", "sent"}});
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 1'000; ++i) {
        m.event_to_push(1e-3);
        m.slow_turn();
        ++diffs;
        m.command("customer", "issue_voucher", "ok");
      }
    });
  for (auto& t : threads) t.join();
  EXPECT_EQ(value_of(m, "twinlane_event_to_push_seconds_count"), 12'000);
  EXPECT_EQ(value_of(m, "twinlane_slow_turns_total"), 12'000);
  EXPECT_EQ(value_of(m, R"(twinlane_diffs_total{kind="sent"})"), 12'000);
  EXPECT_EQ(value_of(m, R"(twinlane_commands_total{type="customer",lane="issue_voucher",outcome="ok"})"), 12'000);
}

TEST(metrics, labels_are_escaped_and_types_follow_the_name) {
  metrics m;
  m.dead("o\"r\\d\ners", "bad_json", 3);
  m.diffs("sent", 2);
  m.websocket_closed(4408);
  m.gauge("twinlane_connections", {}, [] { return 7.0; });
  const auto lines = lines_of(m.text());
  EXPECT_THAT(lines, Contains(R"(twinlane_dead_letters_total{source="o\"r\\d\ners",reason="bad_json"} 3)"));
  EXPECT_THAT(lines, Contains(R"(twinlane_websocket_closes_total{code="4408"} 1)"));
  EXPECT_THAT(lines, Contains("# TYPE twinlane_dead_letters_total counter"));
  EXPECT_THAT(lines, Contains("# TYPE twinlane_connections gauge"));
  EXPECT_THAT(lines, Contains("twinlane_connections 7"));
}

TEST(metrics, collected_series_come_and_go) {
  metrics m;
  std::vector<std::string> types{"customer", "product"};
  m.collect([&](const metrics::emit& emit) {
    for (const auto& t : types) emit("twinlane_agents", {{"type", t}}, 5);
  });
  EXPECT_EQ(value_of(m, R"(twinlane_agents{type="product"})"), 5);
  types.pop_back();
  EXPECT_THAT(m.text(), Not(HasSubstr("product")));
  m.forget_callbacks();
  EXPECT_THAT(m.text(), Not(HasSubstr("twinlane_agents")));
}

TEST(metrics, label_sets_are_bounded) {
  metrics m;
  for (std::size_t i = 0; i < metrics::series_max + 100; ++i) m.command("customer", std::to_string(i), "no_such_lane");
  EXPECT_EQ(value_of(m, R"(twinlane_commands_total{type="other",lane="other",outcome="other"})"), 100);
}

TEST(metrics, process_figures_are_there) {
  metrics m;
  EXPECT_GT(value_of(m, "process_resident_memory_bytes"), 1e6);
  EXPECT_GT(value_of(m, "process_cpu_seconds_total"), 0);
}

}  // namespace
}  // namespace twinlane
