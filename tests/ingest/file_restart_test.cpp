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
using testing::IsEmpty;

const generator_registry no_generators;

/// Records with numbers from `from` to before `to`; each kind begins otherwise.
std::string lines(int from, int to, const std::string& kind = "a") {
  std::string text;
  for (int i = from; i < to; ++i)
    text += "{\"kind\":\"" + kind + "\",\"customer_id\":1,\"id\":" + std::to_string(i) + "}\n";
  return text;
}

void write(const temporary_file& file, const std::string& text) {
  std::ofstream(file.path(), std::ios::binary) << text;
}

void pack(const temporary_file& file, const std::string& text) {
  auto* out = gzopen(file.path().c_str(), "wb");
  gzwrite(out, text.data(), static_cast<unsigned>(text.size()));
  gzclose(out);
}

/// Runs of a server, one after the other, on one store.
class server_runs {
 public:
  /// A run to the end of the file, or until so many records have come; answers partition:offset of what came.
  std::vector<std::string> run(const source_spec& spec, std::size_t count = 0) {
    begin();
    sources_options options;
    fake_clock time;
    if (count > 0) options.time = &time;
    sources s({spec}, *port, no_generators, options);
    s.start();
    if (count == 0) {
      EXPECT_TRUE(recording_port::eventually([&] { return s.status()[0].state == source_state::ended; }));
    }
    const auto settled = [&] { return recording_port::eventually([&] { return time.somebody_waits(); }); };
    while (count > 0 && settled() && port->count() < count) time.advance(milliseconds{1});
    s.stop(seconds{5});
    reached_end = s.ready();
    std::vector<std::string> came;
    for (const auto& r : port->records())
      came.push_back(std::to_string(r.partition) + ':' + std::to_string(r.offset) + '=' + r.key);
    return came;
  }
  /// A port that knows what the runs before have stored.
  void begin() {
    const auto earlier = std::exchange(port, std::make_unique<recording_port>());
    if (earlier) port->continue_from(*earlier);
  }

  std::unique_ptr<recording_port> port;
  bool reached_end = false;
};

source_spec loaded(const temporary_file& file, double rate = 0, bool loop = false) {
  auto spec = of_file("orders", file.path(), rate, loop);
  spec.load = true;
  return spec;
}

TEST(file_restart, what_was_read_is_not_read_again_and_nothing_lags) {
  const temporary_file file(lines(0, 3));
  server_runs runs;
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("0:0=0", "0:1=1", "0:2=2"));
  EXPECT_THAT(runs.run(loaded(file)), IsEmpty());
  EXPECT_TRUE(runs.reached_end);
  const auto p = runs.port->partition("orders", file.path(), 0);
  EXPECT_EQ(p->log_end, 3);
  EXPECT_EQ(p->low_mark(), 3);
}

TEST(file_restart, a_file_that_has_grown_goes_on_where_it_stood) {
  const temporary_file file("");
  server_runs runs;
  EXPECT_THAT(runs.run(loaded(file)), IsEmpty());
  write(file, lines(0, 2));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("0:0=0", "0:1=1"));
  write(file, lines(0, 3));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("0:2=2"));
  EXPECT_TRUE(runs.reached_end);
}

TEST(file_restart, another_file_of_the_name_is_read_from_its_start) {
  const temporary_file file(lines(0, 3));
  server_runs runs;
  runs.run(loaded(file));
  write(file, lines(0, 4, "b"));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("1:0=0", "1:1=1", "1:2=2", "1:3=3"));
  EXPECT_THAT(runs.run(loaded(file)), IsEmpty());
  write(file, lines(0, 5, "b"));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("1:4=4"));
  write(file, lines(0, 1, "c"));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("2:0=0"));
  write(file, lines(0, 4));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("0:3=3")) << "the first file is back, and has grown";
}

TEST(file_restart, files_that_differ_behind_their_first_record_are_told_apart) {
  const temporary_file file(lines(0, 3));
  server_runs runs;
  runs.run(loaded(file));
  write(file, lines(0, 1) + lines(5, 8));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("1:0=0", "1:1=5", "1:2=6", "1:3=7"));
}

TEST(file_restart, a_csv_of_the_same_columns_is_another_file) {
  const temporary_file file("id,customer_id\n0,1\n1,1\n", ".csv");
  auto spec = loaded(file);
  spec.format = record_format::csv;
  server_runs runs;
  runs.run(spec);
  write(file, "id,customer_id\n5,1\n6,1\n");
  EXPECT_THAT(runs.run(spec), ElementsAre("1:0=5", "1:1=6"));
}

TEST(file_restart, a_file_that_is_shorter_now_is_read_from_its_start) {
  constexpr int many = 5'000;  // more than the head that is compared
  const temporary_file file(lines(0, many));
  server_runs runs;
  EXPECT_EQ(runs.run(loaded(file)).size(), static_cast<std::size_t>(many));
  write(file, lines(0, many - 1));
  const auto again = runs.run(loaded(file));
  ASSERT_EQ(again.size(), static_cast<std::size_t>(many - 1));
  EXPECT_EQ(again.front(), "1:0=0");
  EXPECT_THAT(runs.run(loaded(file)), IsEmpty());
  write(file, lines(0, many + 1));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("1:4999=4999", "1:5000=5000")) << "the shorter one has grown";
}

TEST(file_restart, packed_files_are_known_by_what_is_in_them) {
  const temporary_file file("", ".gz");
  pack(file, lines(0, 3));
  server_runs runs;
  EXPECT_EQ(runs.run(loaded(file)).size(), 3u);
  pack(file, lines(0, 4));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("0:3=3"));
  pack(file, lines(0, 2, "b"));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("1:0=0", "1:1=1"));
}

TEST(file_restart, reading_goes_on_in_the_middle) {
  const temporary_file file(lines(0, 10));
  server_runs runs;
  EXPECT_EQ(runs.run(loaded(file, 1000), 4).size(), 4u);
  EXPECT_FALSE(runs.reached_end);
  EXPECT_THAT(runs.run(loaded(file, 1000), 2), ElementsAre("0:4=4", "0:5=5"));
  EXPECT_EQ(runs.run(loaded(file)).front(), "0:6=6");
  EXPECT_TRUE(runs.reached_end);
}

TEST(file_restart, a_loop_counts_on_over_runs) {
  const temporary_file file(lines(0, 3));
  server_runs runs;
  EXPECT_EQ(runs.run(loaded(file, 1000, true), 7).back(), "0:6=0");
  EXPECT_THAT(runs.run(loaded(file, 1000, true), 3), ElementsAre("0:7=1", "0:8=2", "0:9=0"));
  EXPECT_TRUE(runs.reached_end) << "the first pass was over long ago";
  write(file, lines(0, 2, "b"));
  EXPECT_THAT(runs.run(loaded(file, 1000, true), 3), ElementsAre("1:0=0", "1:1=1", "1:2=0"));
}

TEST(file_restart, a_loop_of_many_passes_is_not_read_over_and_over) {
  const temporary_file file(lines(0, 3));
  server_runs runs;
  runs.run(loaded(file, 1000, true), 1);
  runs.begin();
  runs.port->partition("orders", file.path(), 0)->stored_low_mark = 3'000'000'000'001;
  EXPECT_THAT(runs.run(loaded(file, 1000, true), 2), ElementsAre("0:3000000000001=1", "0:3000000000002=2"));
}

TEST(file_restart, a_file_of_which_nothing_was_stored_yet_is_still_told_apart) {
  const temporary_file file(lines(0, 3));
  server_runs runs;
  runs.run(loaded(file));
  const auto origin = runs.port->partition("orders", file.path(), 0)->origin;
  ASSERT_TRUE(origin);
  // A kill before the low mark is saved: shards may have watermarks, and the origin is there.
  runs.port = std::make_unique<recording_port>();
  runs.port->partition("orders", file.path(), 0)->origin = origin;
  write(file, lines(0, 2, "b"));
  EXPECT_THAT(runs.run(loaded(file)), ElementsAre("1:0=0", "1:1=1"));
}

TEST(file_restart, sources_that_wait_begin_although_nothing_is_left_to_read) {
  const temporary_file first(lines(0, 3)), second(lines(0, 2));
  server_runs runs;
  runs.run(of_file("first", first.path()));
  runs.begin();
  auto waiting = of_file("second", second.path());
  waiting.after = {"first"};
  sources s({of_file("first", first.path()), waiting}, *runs.port, no_generators);
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[1].state == source_state::ended; }));
  EXPECT_EQ(runs.port->count(), 2u);
}

TEST(file_restart, a_file_that_cannot_be_read_any_more_fails_and_holds_nobody_up) {
  const temporary_file file("", ".gz");
  pack(file, lines(0, 100'000));
  server_runs runs;
  runs.run(loaded(file));
  std::filesystem::resize_file(file.path(), std::filesystem::file_size(file.path()) / 2);
  runs.begin();
  sources s({of_file("orders", file.path())}, *runs.port, no_generators);
  s.start();
  ASSERT_TRUE(recording_port::eventually([&] { return s.status()[0].state == source_state::failed; }));
  EXPECT_THAT(s.status()[0].problem, testing::HasSubstr("cut off"));
  EXPECT_TRUE(recording_port::eventually([&] { return s.all_assigned(); }));
}

}  // namespace
}  // namespace twinlane::ingest
