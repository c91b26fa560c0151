#include <twinlane/runtime/app/sink_report.hpp>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <twinlane/ingest/sinks.hpp>

namespace twinlane::app {
namespace {

using testing::HasSubstr;

ingest::sinks two_sinks() {
  ingest::webhook_spec crm;
  crm.url = "http://127.0.0.1:1/";
  return ingest::sinks({{"offers", ingest::kafka_sink_spec{"b:9092", "offers", {}}}, {"crm", crm}}, {});
}

TEST(sink_report, every_sink_is_shown_with_what_waits_for_it) {
  const auto all = two_sinks();
  sink_queue::entry e{{"1", "/c/1", "", "1", 0}, [] {}};
  ASSERT_TRUE(all.queue("crm")->offer(e));
  const auto items = nlohmann::json::parse(sinks_document(all)).at("items");
  ASSERT_EQ(items.size(), 2u);
  EXPECT_EQ(items[0], (nlohmann::json{{"sink", "offers"},
                                      {"kind", "kafka"},
                                      {"state", "starting"},
                                      {"problem", ""},
                                      {"waiting", 0},
                                      {"sent", 0},
                                      {"retried", 0},
                                      {"dead", 0}}));
  EXPECT_EQ(items[1].at("sink"), "crm");
  EXPECT_EQ(items[1].at("kind"), "webhook");
  EXPECT_EQ(items[1].at("waiting"), 1);
}

TEST(sink_report, figures_are_counters_by_outcome_and_a_gauge) {
  const auto all = two_sinks();
  metrics figures;
  figures.collect([&](const metrics::emit& emit) { emit_sinks(all, emit); });
  const auto text = figures.text();
  EXPECT_THAT(text, HasSubstr("# TYPE twinlane_sink_items_total counter"));
  for (const auto* outcome : {"sent", "retried", "dead"})
    EXPECT_THAT(text, HasSubstr("twinlane_sink_items_total{sink=\"crm\",outcome=\"" + std::string(outcome) + "\"} 0"));
  EXPECT_THAT(text, HasSubstr("twinlane_sink_waiting{sink=\"offers\"} 0"));
  EXPECT_THAT(text, HasSubstr("# HELP twinlane_sink_waiting Items that have not arrived"));
}

}  // namespace
}  // namespace twinlane::app
