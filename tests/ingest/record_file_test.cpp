#include <twinlane/ingest/record_file.hpp>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <twinlane/ingest/record_router.hpp>

#include "temporary_file.hpp"

namespace twinlane::ingest {
namespace {

using testing::ElementsAre;

std::vector<std::string> read_all(record_file& file) {
  std::vector<std::string> all;
  record_file::item item;
  while (file.read(item)) all.emplace_back(item.text);
  return all;
}

std::vector<std::string> read_all(const std::string& text, record_format format = record_format::json) {
  const temporary_file on_disk(text);
  record_file file(on_disk.path(), format);
  return read_all(file);
}

TEST(record_file, lines_are_records_and_blank_ones_are_not) {
  EXPECT_THAT(read_all("a\nb\r\n\n\r\nc"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(read_all(""), ElementsAre());
  EXPECT_THAT(read_all("\n\n"), ElementsAre());
}

TEST(record_file, a_byte_order_mark_is_no_part_of_the_first_record) {
  EXPECT_THAT(read_all("\xEF\xBB\xBF{}\n\xEF\xBB\xBFx"), ElementsAre("{}", "\xEF\xBB\xBFx"));
}

TEST(record_file, csv_rows_may_hold_newlines_within_quotes) {
  EXPECT_THAT(read_all("a,\"b\nc\",d\r\n\"x\"\"\ny\",\n5\" pipe,z\n", record_format::csv),
              ElementsAre("a,\"b\nc\",d", "\"x\"\"\ny\",", "5\" pipe,z"));
}

TEST(record_file, gzip_is_unpacked) {
  const temporary_file packed("", ".gz");
  auto* out = gzopen(packed.path().c_str(), "wb");
  gzputs(out, "one\ntwo\n");
  gzclose(out);
  record_file file(packed.path(), record_format::json);
  EXPECT_THAT(read_all(file), ElementsAre("one", "two"));
}

TEST(record_file, damaged_gzip_is_an_error_and_not_an_end) {
  const temporary_file packed("", ".gz");
  auto* out = gzopen(packed.path().c_str(), "wb");
  for (int i = 0; i < 100'000; ++i) gzprintf(out, "line %d\n", i * 7919 % 10007);
  gzclose(out);
  std::filesystem::resize_file(packed.path(), std::filesystem::file_size(packed.path()) / 2);
  record_file file(packed.path(), record_format::json);
  EXPECT_THROW(read_all(file), std::runtime_error);
}

TEST(record_file, many_records_over_many_buffers_come_whole) {
  std::string text;
  for (int i = 0; i < 50'000; ++i)
    text += std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), 'x') + '\n';
  const auto all = read_all(text);
  ASSERT_EQ(all.size(), 50'000u);
  for (int i = 0; i < 50'000; ++i)
    ASSERT_EQ(all[static_cast<std::size_t>(i)], std::to_string(i) + std::string(static_cast<std::size_t>(i % 97), 'x'));
}

TEST(record_file, a_record_at_the_bound_passes_and_one_above_it_keeps_its_beginning_only) {
  const std::string fits(record_bytes_max, 'a'), above(record_bytes_max + 1, 'b'), huge(50'000'000, 'c');
  const temporary_file on_disk(fits + "\n" + above + "\n" + huge + "\nlast\n");
  record_file file(on_disk.path(), record_format::json);
  record_file::item item;
  ASSERT_TRUE(file.read(item));
  EXPECT_FALSE(item.too_large);
  EXPECT_EQ(item.text.size(), record_bytes_max);
  ASSERT_TRUE(file.read(item));
  EXPECT_TRUE(item.too_large);
  EXPECT_EQ(item.bytes, record_bytes_max + 1);
  EXPECT_EQ(item.text, std::string(64 * 1024, 'b'));
  ASSERT_TRUE(file.read(item));
  EXPECT_TRUE(item.too_large);
  EXPECT_EQ(item.bytes, 50'000'000u);
  ASSERT_TRUE(file.read(item));
  EXPECT_EQ(item.text, "last");
  EXPECT_FALSE(file.read(item));
}

TEST(record_file, a_quote_that_never_closes_costs_one_record_and_no_memory) {
  const temporary_file on_disk("a,b\n\"open," + std::string(20'000'000, 'x') + "\n1,2\n");
  record_file file(on_disk.path(), record_format::csv);
  record_file::item item;
  ASSERT_TRUE(file.read(item));
  EXPECT_EQ(item.text, "a,b");
  ASSERT_TRUE(file.read(item));
  EXPECT_TRUE(item.too_large);
  EXPECT_FALSE(file.read(item));
}

TEST(record_file, it_can_be_read_again_from_the_start) {
  const temporary_file on_disk("\xEF\xBB\xBFone\ntwo");
  record_file file(on_disk.path(), record_format::json);
  EXPECT_THAT(read_all(file), ElementsAre("one", "two"));
  file.rewind();
  EXPECT_THAT(read_all(file), ElementsAre("one", "two"));
}

TEST(record_file, a_file_that_is_not_there_is_named) {
  try {
    record_file file("/no/such/file.ndjson", record_format::json);
    FAIL();
  } catch (const std::runtime_error& e) {
    EXPECT_NE(std::string(e.what()).find("'/no/such/file.ndjson'"), std::string::npos);
  }
  EXPECT_THROW(record_file("/tmp", record_format::json), std::runtime_error);
}

}  // namespace
}  // namespace twinlane::ingest
