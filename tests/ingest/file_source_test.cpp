#include <twinlane/ingest/sources.hpp>

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "fake_clock.hpp"
#include "file_entry.hpp"
#include "recording_port.hpp"
#include "temporary_file.hpp"

namespace twinlane::ingest {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;

const generator_registry no_generators;

std::string lines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += "{\"customer_id\":" + std::to_string(i % 10) + ",\"id\":" + std::to_string(i) + "}\n";
  return text;
}

bool ends(const sources& s) {
  return recording_port::eventually([&] { return s.status()[0].state == source_state::ended; });
}

TEST(file_source, reads_all_records_in_order_and_ends) {
  const temporary_file file(lines(25'000));
  recording_port port;
  sources s({of_file("orders", file.path())}, port, no_generators);
  s.start();
  ASSERT_TRUE(ends(s));
  const auto all = port.records();
  ASSERT_EQ(all.size(), 25'000u);
  for (std::size_t i = 0; i < all.size(); ++i) {
    ASSERT_EQ(all[i].offset, static_cast<std::int64_t>(i));
    ASSERT_EQ(all[i].key, std::to_string(i));
  }
  const auto p = port.partition("orders", file.path(), 0);
  EXPECT_EQ(p->low_mark(), 25'000);
  EXPECT_EQ(p->log_end, 25'000);
  EXPECT_TRUE(p->assigned);
  EXPECT_TRUE(s.ready());
}

TEST(file_source, a_packed_csv_with_a_header_becomes_records) {
  const temporary_file file("", ".csv.gz");
  auto* out = gzopen(file.path().c_str(), "wb");
  gzputs(out,
         "\xEF\xBB\xBF"
         "customer_id,id,note\r\n1,2,\"a\r\nb\"\r\n3,4\r\n5,6,c\r\n");
  gzclose(out);
  auto spec = of_file("orders", file.path());
  spec.format = record_format::csv;
  recording_port port;
  sources s({spec}, port, no_generators);
  s.start();
  ASSERT_TRUE(ends(s));
  EXPECT_THAT(port.values(), ElementsAre(R"({"customer_id":"1","id":"2","note":"a\u000d\u000ab"})",
                                         R"({"customer_id":"5","id":"6","note":"c"})"));
  ASSERT_EQ(port.dead().size(), 1u);
  EXPECT_EQ(port.dead()[0].offset, 1);
  EXPECT_EQ(port.dead()[0].value, "3,4") << "the original bytes";
  EXPECT_THAT(port.dead()[0].detail, HasSubstr("2 fields"));
}

TEST(file_source, records_come_at_their_rate) {
  const temporary_file file(lines(10));
  fake_clock time;
  recording_port port;
  sources_options options;
  options.time = &time;
  sources s({of_file("orders", file.path(), 100)}, port, no_generators, options);
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return port.count() == 1; })) << "the first is due at once";
  ASSERT_TRUE(time.advance(milliseconds{9}));
  ASSERT_TRUE(time.somebody_waits());
  EXPECT_EQ(port.count(), 1u);
  ASSERT_TRUE(time.advance(milliseconds{1}));
  ASSERT_TRUE(recording_port::eventually([&] { return port.count() == 2; }));
  ASSERT_TRUE(time.advance(milliseconds{35}));
  ASSERT_TRUE(recording_port::eventually([&] { return port.count() == 5 && time.somebody_waits(); }));
  EXPECT_EQ(port.records()[4].time_ms, time.wall_ms()) << "the record's own time is when it was read";
  while (port.count() < 10) ASSERT_TRUE(time.advance(milliseconds{10}));
}

TEST(file_source, a_loop_counts_offsets_on) {
  const temporary_file file("id,customer_id\n0,1\n1,1\n2,1\n", ".csv");
  auto spec = of_file("orders", file.path(), 1000, true);
  spec.format = record_format::csv;
  fake_clock time;
  recording_port port;
  sources_options options;
  options.time = &time;
  sources s({spec}, port, no_generators, options);
  s.start();
  while (port.count() < 10) ASSERT_TRUE(time.advance(milliseconds{1}));
  const auto all = port.records();
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(all[i].offset, static_cast<std::int64_t>(i));
    EXPECT_EQ(all[i].key, std::to_string(i % 3));
  }
  s.stop(seconds{2});
  EXPECT_EQ(s.status()[0].state, source_state::stopped);
}

TEST(file_source, a_loop_over_nothing_is_an_error_and_no_busy_loop) {
  const temporary_file file("\n\n");
  recording_port port;
  sources s({of_file("orders", file.path(), 0, true)}, port, no_generators);
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[0].state == source_state::failed; }));
  EXPECT_THAT(s.status()[0].problem, HasSubstr("holds no records"));
}

TEST(file_source, reading_goes_on_at_the_stored_low_mark) {
  const temporary_file file(lines(100));
  recording_port port;
  port.partition("orders", file.path(), 0)->stored_low_mark = 97;
  sources s({of_file("orders", file.path())}, port, no_generators);
  s.start();
  ASSERT_TRUE(ends(s));
  ASSERT_EQ(port.count(), 3u);
  EXPECT_EQ(port.records()[0].offset, 97);
}

TEST(file_source, what_is_in_flight_stays_bounded) {
  const temporary_file file(lines(50'000));
  recording_port port;
  port.hold();
  sources_options options;
  options.flow.partition_records = 5'000;
  sources s({of_file("orders", file.path())}, port, no_generators, options);
  s.start();
  const auto p = port.partition("orders", file.path(), 0);
  ASSERT_TRUE(recording_port::eventually([&] { return p->paused.load(); }));
  EXPECT_LE(p->in_flight_records(), 15'000) << "the mark and one batch";
  EXPECT_FALSE(s.status()[0].state == source_state::ended);
  port.let_go();
  ASSERT_TRUE(ends(s));
  EXPECT_EQ(port.count(), 50'000u);
}

TEST(file_source, bad_lines_are_dead_letters_and_their_neighbours_arrive) {
  const temporary_file file("{\"customer_id\":1,\"id\":1}\nnot JSON\n" + std::string(17 * 1024 * 1024, 'x') +
                            "\n{\"customer_id\":1}\n{\"customer_id\":1,\"id\":2}\n");
  recording_port port;
  sources s({of_file("orders", file.path())}, port, no_generators);
  s.start();
  ASSERT_TRUE(ends(s));
  EXPECT_EQ(port.count(), 2u);
  const auto dead = port.dead();
  ASSERT_EQ(dead.size(), 3u);
  EXPECT_EQ(dead[0].reason, dead_reason::bad_json);
  EXPECT_EQ(dead[1].reason, dead_reason::too_large);
  EXPECT_EQ(dead[1].value.size(), 64u * 1024u);
  EXPECT_THAT(dead[1].detail, HasSubstr(std::to_string(17 * 1024 * 1024)));
  EXPECT_EQ(dead[2].reason, dead_reason::missing_field);
  const auto p = port.partition("orders", file.path(), 0);
  EXPECT_EQ(p->low_mark(), 5);
  EXPECT_EQ(p->dead, 3u);
}

TEST(file_source, a_file_that_cannot_be_opened_is_a_start_up_error) {
  recording_port port;
  sources s({of_file("orders", "/no/such/file.ndjson")}, port, no_generators);
  EXPECT_THROW(s.start(), source_error);
}

TEST(file_source, a_csv_without_a_header_or_with_a_bad_one_is_a_start_up_error) {
  for (const auto* text : {"", "id,id\n1,2\n", "id,\n1,2\n"}) {
    const temporary_file file(text, ".csv");
    auto spec = of_file("orders", file.path());
    spec.format = record_format::csv;
    recording_port port;
    sources s({spec}, port, no_generators);
    EXPECT_THROW(s.start(), source_error) << text;
  }
}

TEST(file_source, stop_comes_at_once_while_a_source_waits) {
  const temporary_file file(lines(10));
  recording_port port;
  sources s({of_file("orders", file.path(), 0.01)}, port, no_generators);
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return port.count() == 1; }));
  const auto began = std::chrono::steady_clock::now();
  s.stop(seconds{10});
  EXPECT_LT(std::chrono::steady_clock::now() - began, seconds{2});
}

}  // namespace
}  // namespace twinlane::ingest
