#include <twinlane/runtime/log.hpp>

#include <algorithm>
#include <chrono>
#include <thread>

#include <gmock/gmock.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

namespace twinlane {
namespace {

using testing::EndsWith;
using testing::MatchesRegex;

/// What f writes to standard error.
template <class F>
std::string logged(F&& f) {
  testing::internal::CaptureStderr();
  f();
  return testing::internal::GetCapturedStderr();
}

TEST(log, text_line_has_time_level_and_message) {
  const auto line = logged([] {
    set_up_log(log_level::info, log_format::text);
    spdlog::warn("listening on {}", 8080);
    spdlog::debug("not shown");
  });
  EXPECT_THAT(line, MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{3}Z warn  "
                                 "listening on 8080\n"));
}

TEST(log, json_line_is_json_whatever_the_message) {
  const auto line = logged([] {
    set_up_log(log_level::info, log_format::json);
    spdlog::error("{}", "a \"quoted\" \\ line\nand another\t\x01");
  });
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json.at("level"), "error");
  EXPECT_EQ(json.at("message"), "a \"quoted\" \\ line\nand another\t\x01");
}

TEST(log, outside_data_cannot_forge_a_line) {
  const auto text = logged([] {
    set_up_log(log_level::info, log_format::text);
    spdlog::info("{}", "name\n2026-01-01T00:00:00.000Z error  forged");
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(log, repeated_kind_is_written_once_an_interval_with_a_count) {
  set_up_log(log_level::info, log_format::text);
  const auto before = log_lines_dropped();
  const auto text = logged([] {
    set_up_log(log_level::info, log_format::text);
    for (int i = 0; i < 5; ++i) log_limited(log_level::warn, "test.first", "first", std::chrono::hours{1});
    log_limited(log_level::warn, "test.second", "second", std::chrono::hours{1});
    for (int i = 0; i < 3; ++i) log_limited(log_level::warn, "test.third", "third", std::chrono::milliseconds{0});
  });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_EQ(log_lines_dropped() - before, 4u);
}

TEST(log, count_of_what_was_held_back_is_told) {
  using clock = std::chrono::steady_clock;
  const auto interval = std::chrono::milliseconds{5};
  const auto text = logged([&] {
    set_up_log(log_level::info, log_format::text);
    const auto before = log_lines_dropped();
    while (log_lines_dropped() == before) log_limited(log_level::warn, "test.held", "held", interval);
    const auto until = clock::now() + interval;
    while (clock::now() <= until) std::this_thread::yield();
    log_limited(log_level::warn, "test.held", "held", interval);
  });
  EXPECT_THAT(text, EndsWith("held (1 more like it held back)\n"));
}

TEST(log, flood_of_kinds_shares_one_key) {
  set_up_log(log_level::off, log_format::text);
  const auto text = logged([] {
    set_up_log(log_level::error, log_format::text);
    for (int i = 0; i < 5'000; ++i)
      log_limited(log_level::error, "flood." + std::to_string(i), "x", std::chrono::hours{1});
  });
  EXPECT_LE(std::count(text.begin(), text.end(), '\n'), 1'001);
}

TEST(log, level_names_are_read_as_written) {
  auto level = log_level::info;
  EXPECT_TRUE(parse_log_level("error", level));
  EXPECT_EQ(level, log_level::error);
  EXPECT_FALSE(parse_log_level("ERROR", level));
  EXPECT_EQ(level, log_level::error);
}

}  // namespace
}  // namespace twinlane
