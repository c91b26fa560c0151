#include <twinlane/runtime/dead_letters.hpp>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <twinlane/runtime/metrics.hpp>

#include "temp_dir.hpp"

namespace twinlane {
namespace {

using test::temp_dir;
using test::text_of;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

dead_letter letter(std::int64_t offset, std::string value = "{oops") {
  return {"orders", "orders-topic", 3, offset, dead_reason::bad_json, "cut off", "k1", std::move(value), 1700000000000};
}

std::vector<dead_letters::stored> all_of(const dead_letters& place) {
  std::vector<dead_letters::stored> found;
  place.for_each([&](const dead_letters::stored& s) {
    found.push_back(s);
    return true;
  });
  return found;
}

std::vector<std::int64_t> offsets_of(const dead_letters& place) {
  std::vector<std::int64_t> offsets;
  for (const auto& s : all_of(place)) offsets.push_back(s.letter.offset);
  return offsets;
}

std::vector<fs::path> files_in(const fs::path& dir) {
  std::vector<fs::path> files;
  for (const auto& e : fs::directory_iterator(dir)) files.push_back(e.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(dead_letters, letter_is_one_json_line_with_its_place_and_bytes) {
  temp_dir dir;
  dead_letters place(dir.path() / "dead");
  ASSERT_TRUE(place.append(letter(7)));
  const auto text = text_of(dir.path() / "dead" / "00000001.ndjson");
  EXPECT_EQ(text, R"({"source":"orders","topic":"orders-topic","partition":3,"offset":7,"reason":"bad_json",)"
                  R"("detail":"cut off","at":1700000000000,"key":"k1","value":"{oops"})"
                  "\n");
  const auto back = all_of(place);
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].letter.value, "{oops");
  EXPECT_EQ(back[0].letter.reason, dead_reason::bad_json);
  EXPECT_FALSE(back[0].cut());
}

TEST(dead_letters, letter_without_a_time_gets_the_present_one) {
  temp_dir dir;
  dead_letters place(dir.path());
  auto l = letter(1);
  l.at_ms = 0;
  place.append(l);
  EXPECT_GT(all_of(place).at(0).letter.at_ms, 1'700'000'000'000);
}

TEST(dead_letters, every_byte_string_comes_back_as_it_was) {
  temp_dir dir;
  dead_letters place(dir.path());
  std::vector<std::string> values{"",
                                  std::string(1, '\0'),
                                  "\n",
                                  "\"\\",
                                  "größe",
                                  "\xff",
                                  "\xff\xfe",
                                  "a\xff"
                                  "bc",
                                  "\xed\xa0\x80",
                                  "line\r\nline"};
  std::string every_byte;
  for (int i = 0; i < 256; ++i) every_byte += static_cast<char>(i);
  values.push_back(every_byte);
  std::vector<dead_letter> letters;
  for (std::size_t i = 0; i < values.size(); ++i) letters.push_back(letter(static_cast<std::int64_t>(i), values[i]));
  for (auto& l : letters) l.key = l.value;
  ASSERT_TRUE(place.append(letters));
  const auto back = all_of(place);
  ASSERT_EQ(back.size(), values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_EQ(back[i].letter.value, values[i]) << i;
    EXPECT_EQ(back[i].letter.key, values[i]) << i;
  }
  EXPECT_THAT(text_of(dir.path() / "00000001.ndjson"), HasSubstr(R"("value":"/w==","value_encoding":"base64")"));
}

TEST(dead_letters, long_bytes_are_cut_and_keep_their_size) {
  temp_dir dir;
  dead_letters place(dir.path(), {.bytes_max = 10});
  place.append(letter(1, std::string(25, 'x')));
  place.append(letter(2, "123456789ä and more"));  // the bound falls within a character
  place.append(letter(3, std::string(25, '\xff')));
  const auto back = all_of(place);
  ASSERT_EQ(back.size(), 3u);
  EXPECT_EQ(back[0].letter.value, std::string(10, 'x'));
  EXPECT_EQ(back[0].value_bytes, 25u);
  EXPECT_TRUE(back[0].cut());
  EXPECT_EQ(back[1].letter.value, "123456789");
  EXPECT_EQ(back[2].letter.value, std::string(10, '\xff'));
  EXPECT_EQ(back[2].value_bytes, 25u);
}

TEST(dead_letters, repeat_is_shown_once_and_another_record_with_its_number_too) {
  temp_dir dir;
  dead_letters place(dir.path());
  place.append(letter(1));
  place.append(letter(2));
  place.append(letter(1));
  place.append(letter(1, "{other run"));
  auto other = letter(1);
  other.partition = 4;
  place.append(other);
  EXPECT_THAT(offsets_of(place), ElementsAre(1, 2, 1, 1));
}

TEST(dead_letters, reader_may_stop_early) {
  temp_dir dir;
  dead_letters place(dir.path());
  place.append(std::vector{letter(1), letter(2), letter(3)});
  int shown = 0;
  place.for_each([&](const auto&) { return ++shown < 2; });
  EXPECT_EQ(shown, 2);
}

TEST(dead_letters, torn_last_line_is_skipped_and_what_follows_is_whole) {
  temp_dir dir;
  { dead_letters(dir.path()).append(std::vector{letter(1), letter(2)}); }
  const auto file = dir.path() / "00000001.ndjson";
  const auto whole = text_of(file);
  for (std::size_t lost = 1; lost < whole.size() / 2; ++lost) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << whole.substr(0, whole.size() - lost);
    dead_letters place(dir.path());
    EXPECT_THAT(offsets_of(place), ElementsAre(1)) << lost;
    ASSERT_TRUE(place.append(letter(9)));
    EXPECT_THAT(offsets_of(place), ElementsAre(1, 9)) << lost;
  }
}

std::vector<std::string> ids_of(const dead_letters& place) {
  std::vector<std::string> ids;
  for (const auto& s : all_of(place)) ids.push_back(s.id);
  return ids;
}

TEST(dead_letters, letter_that_is_done_is_gone_until_it_comes_again) {
  temp_dir dir;
  const dead_letters_options small{.segment_bytes_max = 300};
  {
    dead_letters place(dir.path(), small);
    for (int i = 1; i <= 5; ++i) ASSERT_TRUE(place.append(letter(i)));
    ASSERT_TRUE(place.append(letter(2)));  // a repeat, which is done too
    const auto ids = ids_of(place);
    ASSERT_GT(files_in(dir.path()).size(), 1u);
    ASSERT_TRUE(place.mark_done(std::vector{ids[1], ids[3], std::string("99:1")}));
    EXPECT_THAT(offsets_of(place), ElementsAre(1, 3, 5));
  }
  dead_letters place(dir.path(), small);
  EXPECT_THAT(offsets_of(place), ElementsAre(1, 3, 5));
  ASSERT_TRUE(place.append(letter(4)));
  ASSERT_TRUE(place.append(letter(5)));
  EXPECT_THAT(offsets_of(place), ElementsAre(1, 3, 5, 4));
  const auto ids = ids_of(place);
  EXPECT_EQ(std::set(ids.begin(), ids.end()).size(), 4u);
  ASSERT_TRUE(place.mark_done(ids));
  EXPECT_THAT(offsets_of(place), ElementsAre());
}

TEST(dead_letters, every_reason_comes_back) {
  temp_dir dir;
  dead_letters place(dir.path());
  const auto last = static_cast<int>(dead_reason::undeliverable);
  for (int reason = 0; reason <= last; ++reason) {
    auto l = letter(reason);
    l.reason = static_cast<dead_reason>(reason);
    ASSERT_TRUE(place.append(l));
  }
  int reason = 0;
  for (const auto& s : all_of(place)) EXPECT_EQ(static_cast<int>(s.letter.reason), reason++);
  EXPECT_EQ(reason, last + 1);
}

TEST(dead_letters, letter_of_an_agent_keeps_whose_it_is_and_when_it_happened) {
  temp_dir dir;
  dead_letters place(dir.path());
  auto l = letter(1);
  l.uri = "/customer/1";
  l.time_ms = 42;
  ASSERT_TRUE(place.append(l));
  EXPECT_EQ(all_of(place).at(0).letter.uri, "/customer/1");
  EXPECT_EQ(all_of(place).at(0).letter.time_ms, 42);
}

TEST(dead_letters, can_be_read_beside_their_writer_without_a_trace) {
  temp_dir dir;
  dead_letters place(dir.path() / "dead");
  place.append(letter(1));
  const auto before = files_in(dir.path() / "dead");
  int seen = 0;
  dead_letters::for_each_in(dir.path() / "dead", [&](const dead_letters::stored&) { return ++seen > 0; });
  dead_letters::for_each_in(dir.path() / "none", [&](const dead_letters::stored&) { return ++seen > 0; });
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(files_in(dir.path() / "dead"), before);
  EXPECT_FALSE(fs::exists(dir.path() / "none"));
}

TEST(dead_letters, line_that_is_being_written_is_not_shown) {
  temp_dir dir;
  dead_letters place(dir.path());
  place.append(letter(1));
  std::ofstream(dir.path() / "00000001.ndjson", std::ios::app) << R"({"source":"orders","topic":"t")";
  EXPECT_THAT(offsets_of(place), ElementsAre(1));
}

TEST(dead_letters, foreign_lines_and_files_do_no_harm) {
  temp_dir dir;
  dir.write("notes.txt", "hello");
  dir.write("00000001.ndjson", "not json\n{}\n[]\n{\"source\":1}\n");
  fs::create_directory(dir.path() / "00000000.ndjson");
  dead_letters place(dir.path());
  place.append(letter(5));
  EXPECT_THAT(offsets_of(place), ElementsAre(5));
  EXPECT_EQ(text_of(dir.path() / "notes.txt"), "hello");
}

TEST(dead_letters, bound_drops_the_oldest_and_counts_them) {
  temp_dir dir;
  auto figures = std::make_shared<metrics>();
  const dead_letters_options bounds{.total_bytes_max = 20'000, .segment_bytes_max = 4'000, .figures = figures};
  {
    dead_letters place(dir.path(), bounds);
    for (int i = 0; i < 300; ++i) ASSERT_TRUE(place.append(letter(i)));
    EXPECT_LE(place.bytes(), 20'000u);
    std::uint64_t on_disk = 0;
    for (const auto& f : files_in(dir.path())) on_disk += fs::file_size(f);
    EXPECT_EQ(on_disk, place.bytes());
    const auto kept = offsets_of(place);
    EXPECT_EQ(kept.back(), 299);
    EXPECT_EQ(kept.size() + place.dropped(), 300u);
    EXPECT_EQ(figures->counter("twinlane_dead_letters_dropped_total"), place.dropped());
    EXPECT_EQ(kept.front(), static_cast<std::int64_t>(place.dropped()));
  }
  dead_letters smaller(dir.path(), {.total_bytes_max = 8'000, .segment_bytes_max = 4'000});
  EXPECT_LE(smaller.bytes(), 8'000u);
  EXPECT_EQ(offsets_of(smaller).back(), 299);
}

TEST(dead_letters, batch_larger_than_a_segment_is_split_between_lines) {
  temp_dir dir;
  dead_letters place(dir.path(), {.total_bytes_max = 1'000'000, .segment_bytes_max = 2'000});
  std::vector<dead_letter> letters;
  for (int i = 0; i < 100; ++i) letters.push_back(letter(i));
  letters.push_back(letter(100, std::string(5'000, 'x')));
  ASSERT_TRUE(place.append(letters));
  EXPECT_EQ(offsets_of(place).size(), 101u);
  EXPECT_GT(files_in(dir.path()).size(), 5u);
  for (const auto& f : files_in(dir.path())) EXPECT_EQ(text_of(f).back(), '\n');
}

TEST(dead_letters, concurrent_callers_lose_nothing) {
  temp_dir dir;
  constexpr int threads = 8, each = 100;
  {
    dead_letters place(dir.path(), {.segment_bytes_max = 8'000});
    std::vector<std::thread> callers;
    for (int t = 0; t < threads; ++t)
      callers.emplace_back([&, t] {
        for (int i = 0; i < each; ++i) EXPECT_TRUE(place.append(letter(t * each + i)));
      });
    for (auto& c : callers) c.join();
  }
  const auto found = offsets_of(dead_letters(dir.path()));
  EXPECT_EQ(std::set(found.begin(), found.end()).size(), static_cast<std::size_t>(threads * each));
}

/// Makes writes beyond a file size fail, as a full disk does.
class file_size_limit {
 public:
  explicit file_size_limit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit low{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &low);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST(dead_letters, full_disk_is_counted_and_the_next_letter_is_tried_again) {
  temp_dir dir;
  auto figures = std::make_shared<metrics>();
  dead_letters place(dir.path(), {.figures = figures});
  ASSERT_TRUE(place.append(letter(1)));
  {
    const file_size_limit full(place.bytes() + 20);
    EXPECT_FALSE(place.append(letter(2)));
    EXPECT_FALSE(place.append(letter(3)));
  }
  EXPECT_EQ(figures->counter("twinlane_dead_letter_write_errors_total"), 2u);
  EXPECT_TRUE(place.append(letter(4)));
  EXPECT_THAT(offsets_of(place), ElementsAre(1, 4));
}

TEST(dead_letters, directory_that_cannot_be_made_is_an_error) {
  temp_dir dir;
  dir.write("file", "x");
  EXPECT_THROW(dead_letters(dir.path() / "file" / "dead"), std::system_error);
}

}  // namespace
}  // namespace twinlane
