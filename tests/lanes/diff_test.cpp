#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <twinlane/lanes/diff.hpp>

#include "rich_record.hpp"

using nlohmann::json;
using namespace twinlane;

namespace {

template <class T>
json shown(const T& v) {
  std::string out;
  encode(out, v);
  return json::parse(out);
}

template <class T>
std::string diff_text(const T& before, const T& now) {
  std::string out;
  const bool differ = encode_diff(out, before, now);
  EXPECT_EQ(differ, !out.empty());
  return out;
}

// The patch is put to work by nlohmann's own RFC 7396.
template <class T>
void expect_diff_leads_from_to(const T& before, const T& now) {
  std::string patch = "kept:";
  if (!encode_diff(patch, before, now)) {
    ASSERT_EQ(patch, "kept:");
    ASSERT_TRUE(equal(before, now));
    ASSERT_EQ(shown(before), shown(now));
    return;
  }
  ASSERT_FALSE(equal(before, now)) << patch;
  json member = {{"x", shown(before)}};
  if (member["x"].is_null()) member.erase("x");
  member.merge_patch({{"x", json::parse(patch.substr(5))}});
  json wanted = {{"x", shown(now)}};
  if (wanted["x"].is_null()) wanted.erase("x");
  ASSERT_EQ(member, wanted) << "from " << shown(before) << " by " << patch;
}

struct line {
  int id{};
  std::optional<std::string> note;
  std::map<std::string, int> marks;
};
BOOST_DESCRIBE_STRUCT(line, (), (id, note, marks))

}  // namespace

TEST(diff, leads_from_any_record_to_any_other) {
  rich::random r(rich::seed_of("diff, records"));
  rich::all before;
  for (int i = 0; i < rich::rounds(5000); ++i) {
    rich::all now = before;
    rich::change(r, now, 1 + rich::below(r, 20));
    if (rich::below(r, 2) == 0) rich::change(r, now.nested, 2);
    if (now.maybe && rich::below(r, 2) == 0) rich::change(r, *now.maybe, 2);
    ASSERT_NO_FATAL_FAILURE(expect_diff_leads_from_to(before, now));
    before = now;
  }
}

TEST(diff, leads_from_any_json_to_any_other) {
  rich::random r(rich::seed_of("diff, json"));
  for (int i = 0; i < rich::rounds(30'000); ++i) {
    ASSERT_NO_FATAL_FAILURE(expect_diff_leads_from_to(rich::random_json(r), rich::random_json(r)));
  }
}

TEST(diff, holds_only_what_changed) {
  const line a{1, "x", {{"p", 1}, {"q", 2}}};
  EXPECT_EQ(diff_text(a, a), "");
  EXPECT_EQ(diff_text(a, line{2, "x", {{"p", 1}, {"q", 2}}}), R"({"id":2})");
  EXPECT_EQ(diff_text(a, line{1, {}, {{"p", 1}, {"q", 3}, {"r", 4}}}), R"({"note":null,"marks":{"q":3,"r":4}})");
  EXPECT_EQ(diff_text(a, line{1, "x", {}}), R"({"marks":{"p":null,"q":null}})");
  EXPECT_EQ(diff_text(std::vector<int>{1, 2}, {1}), "[1]");
  EXPECT_EQ(diff_text(1.5, 2.5), "2.5");
}

TEST(diff, changes_of_type_are_whole) {
  const auto patch = [](const char* before, const char* now) {
    return diff_text(json::parse(before), json::parse(now));
  };
  EXPECT_EQ(patch("5", R"({"a":{"b":null}})"), R"({"a":{}})");
  EXPECT_EQ(patch(R"({"a":1})", "5"), "5");
  EXPECT_EQ(patch(R"({"a":1})", "[]"), "[]");
  EXPECT_EQ(patch("[1]", "{}"), "{}");
  EXPECT_EQ(patch(R"({"a":1})", "{}"), R"({"a":null})");
  EXPECT_EQ(patch(R"({"a":{"b":1,"c":2}})", R"({"a":{"d":1}})"), R"({"a":{"b":null,"c":null,"d":1}})");
  EXPECT_EQ(patch(R"({"a":1})", "null"), "null");
  EXPECT_EQ(patch("null", "{}"), "{}");
  EXPECT_EQ(patch(R"({"a":null})", "{}"), "");
}

TEST(diff, of_a_value_that_cannot_be_shown_throws) {
  std::string out;
  EXPECT_THROW(encode_diff(out, 1.0, std::numeric_limits<double>::infinity()), lane_error);
}
