#include <gtest/gtest.h>

#include <random>

#include <nlohmann/json.hpp>

#include <twinlane/lanes/selected_patch.hpp>

namespace twinlane {
namespace {

using nlohmann::json;

std::string selected(std::string_view text, const std::vector<field_set::path>& paths) {
  std::string out;
  return append_selected(out, text, field_set::of(paths)) ? out : "nothing";
}

TEST(field_set, shows_the_places_that_paths_lead_to_whole) {
  constexpr auto document =
      R"({"profile":{"name":"Ann","mail":"a@b","home":{"city":"Ulm","zip":"89"}},"orders":{"7":{"n":1}}})";
  EXPECT_EQ(selected(document, {{"profile", "name"}}), R"({"profile":{"name":"Ann"}})");
  EXPECT_EQ(selected(document, {{"profile", "home"}, {"orders", "7"}}),
            R"({"profile":{"home":{"city":"Ulm","zip":"89"}},"orders":{"7":{"n":1}}})");
  EXPECT_EQ(selected(document, {{}}), document);
}

TEST(field_set, an_object_on_the_way_is_shown_and_anything_else_is_not) {
  EXPECT_EQ(selected(R"({"a":{"x":1},"b":5,"c":[1]})", {{"a", "y"}, {"b", "y"}, {"c", "0"}}), R"({"a":{}})");
}

TEST(field_set, a_name_is_the_same_however_it_is_escaped) {
  EXPECT_EQ(selected(R"({"a\u002eb":1,"\"":2})", {{"a.b"}, {"\""}}), R"({"a\u002eb":1,"\"":2})");
}

TEST(field_set, a_longer_path_beside_a_shorter_one_adds_nothing) {
  EXPECT_EQ(field_set::of({{"a"}, {"a", "b"}}), field_set::of({{"a"}}));
  EXPECT_EQ(field_set::of({{"a", "b"}, {"a"}}), field_set::of({{"a"}}));
}

TEST(field_set, an_intersection_has_what_both_have) {
  const auto some = field_set::of({{"a"}, {"b", "x"}, {"c", "y"}}),
             other = field_set::of({{"a", "p"}, {"b"}, {"c", "z"}, {"d"}});
  EXPECT_EQ(intersection(some, other), field_set::of({{"a", "p"}, {"b", "x"}}));
  EXPECT_EQ(intersection(some, field_set::all()), some);
  EXPECT_TRUE(intersection(some, field_set()).empty());
}

// Random documents over few names, so that places change between object, scalar and absent.
json random_value(std::mt19937& random, int depth) {
  const auto kind = random() % (depth > 2 ? 2 : 4);
  if (kind < 2) return static_cast<int>(random() % 3);
  json object = json::object();
  for (const char* name : {"a", "b", "c"})
    if (random() % 2) object[name] = random_value(random, depth + 1);
  return object;
}

field_set random_fields(std::mt19937& random) {
  std::vector<field_set::path> paths;
  for (unsigned n = random() % 4; n > 0; --n) {
    field_set::path p;
    for (unsigned length = 1 + random() % 3; length > 0; --length)
      p.emplace_back(1, static_cast<char>('a' + random() % 3));
    paths.push_back(std::move(p));
  }
  return field_set::of(paths);
}

json seen(const json& document, const field_set& fields) {
  std::string out;
  return append_selected(out, document.dump(), fields) ? json::parse(out) : json();
}

// A receiver that is told of some turns at once, whatever turns it was told of before, has what the set has.
TEST(field_set, patches_of_marked_paths_lead_to_what_the_set_has) {
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto fields = random_fields(random);
    json state = json::object();
    dirty_paths changed;
    json client = seen(state, fields);
    for (int turn = 0; turn < 12; ++turn) {
      json next = json::object();
      for (const char* name : {"a", "b", "c"})
        if (random() % 3) next[name] = random() % 2 && state.contains(name) ? state[name] : random_value(random, 0);
      mark_changes(changed.root(), state, next);
      state = std::move(next);
      if (random() % 2) continue;
      std::string patch, part;
      encode_dirty(patch, changed.root(), state);
      if (append_selected_patch(part, patch, fields, changed.root())) client.merge_patch(json::parse(part));
      ASSERT_EQ(client, seen(state, fields)) << patch << " with " << fields.text();
      if (random() % 2) changed.clear();
    }
  }
}

TEST(field_set, a_patch_of_other_fields_is_nothing) {
  dirty_paths changed;
  const json before = {{"profile", {{"name", "Ann"}, {"mail", "a"}}}},
             now = {{"profile", {{"name", "Ann"}, {"mail", "b"}}}};
  mark_changes(changed.root(), before, now);
  std::string patch, part;
  encode_dirty(patch, changed.root(), now);
  EXPECT_FALSE(append_selected_patch(part, patch, field_set::of({{"profile", "name"}}), changed.root()));
  EXPECT_EQ(part, "");
}

}  // namespace
}  // namespace twinlane
