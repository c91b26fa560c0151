#include <gtest/gtest.h>

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

}  // namespace
}  // namespace twinlane::web
