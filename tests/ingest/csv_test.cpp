#include <twinlane/ingest/csv.hpp>

#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace twinlane::ingest {
namespace {

using testing::ElementsAre;

std::vector<std::string> split(std::string_view row) {
  std::vector<std::string> fields;
  std::string why;
  EXPECT_TRUE(split_csv_row(row, fields, why)) << why;
  return fields;
}

TEST(csv, fields_are_split_by_rfc_4180) {
  EXPECT_THAT(split("a,b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split("a,b\r\n"), ElementsAre("a", "b"));
  EXPECT_THAT(split("\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\"\n"), ElementsAre("a,b", "say \"hi\"", "two\nlines"));
  EXPECT_THAT(split(",,"), ElementsAre("", "", ""));
  EXPECT_THAT(split("\"\",x"), ElementsAre("", "x"));
  EXPECT_THAT(split("5\" pipe, y "), ElementsAre("5\" pipe", " y "));
}

TEST(csv, malformed_rows_say_what_is_wrong) {
  std::vector<std::string> fields;
  std::string why;
  EXPECT_FALSE(split_csv_row("a,\"b", fields, why));
  EXPECT_NE(why.find("not closed"), std::string::npos);
  EXPECT_FALSE(split_csv_row("\"a\"b,c", fields, why));
  EXPECT_NE(why.find("closing quote"), std::string::npos);
  EXPECT_FALSE(split_csv_row("a,b\nc,d", fields, why));
  EXPECT_NE(why.find("outside of quotes"), std::string::npos);
}

TEST(csv, a_row_becomes_an_object_of_column_to_text) {
  csv_row row({"id", "na\"me"});
  const auto* json = row.to_json("42,\"line\nand \\ tab\t\"");
  ASSERT_NE(json, nullptr);
  const auto parsed = nlohmann::json::parse(*json);
  EXPECT_EQ(parsed["id"], "42");
  EXPECT_EQ(parsed["na\"me"], "line\nand \\ tab\t");
}

TEST(csv, a_row_with_another_number_of_fields_is_refused) {
  csv_row row({"a", "b"});
  EXPECT_EQ(row.to_json("1"), nullptr);
  EXPECT_EQ(row.why(), "the row has 1 fields and there are 2 columns");
  EXPECT_EQ(row.to_json("1,2,3"), nullptr);
  EXPECT_NE(row.to_json("1,2"), nullptr);
}

TEST(csv, columns_have_names_of_their_own) {
  EXPECT_THROW(csv_row({"a", ""}), std::invalid_argument);
  EXPECT_THROW(csv_row({"a", "b", "a"}), std::invalid_argument);
}

}  // namespace
}  // namespace twinlane::ingest
