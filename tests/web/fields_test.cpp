#include <gtest/gtest.h>

#include <stdexcept>

#include <twinlane/web/fields.hpp>

namespace twinlane::web {
namespace {

using parts = std::vector<std::string>;

TEST(fields, dots_split_and_escapes_do_not) {
  EXPECT_EQ(split_field("profile"), parts{"profile"});
  EXPECT_EQ(split_field("profile.name"), (parts{"profile", "name"}));
  EXPECT_EQ(split_field(R"(orders.a\.b.c\\d)"), (parts{"orders", "a.b", R"(c\d)"}));
}

TEST(fields, what_is_no_path_is_nothing) {
  for (const char* path : {"", ".", "a.", ".a", "a..b", "a\\", "a\\b"}) EXPECT_FALSE(split_field(path)) << path;
}

TEST(fields, selection_keeps_the_order_of_the_request_and_the_nesting) {
  const auto out = select_fields(R"({"b":{"x":1,"y":{"z":2,"w":3}},"a":[1,2]})", {{"b", "y", "z"}, {"a"}, {"b", "x"}});
  EXPECT_EQ(out, R"({"b":{"y":{"z":2},"x":1},"a":[1,2]})");
}

TEST(fields, paths_into_arrays_and_scalars_select_nothing) {
  EXPECT_EQ(select_fields(R"({"a":[1,2],"b":5})", {{"a", "0"}, {"b", "c"}, {"c"}}), "{}");
}

TEST(fields, a_document_that_is_none_is_refused) { EXPECT_THROW(select_fields("[1", {{"a"}}), std::invalid_argument); }

}  // namespace
}  // namespace twinlane::web
