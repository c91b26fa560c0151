#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <twinlane/lanes/dirty_paths.hpp>

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

// One place `x` of a document that a receiver follows by merged patches alone.
template <class T>
class followed {
 public:
  void set(std::optional<T> v) {
    mark_changes(dirty_.root(), now_ ? &*now_ : nullptr, v ? &*v : nullptr);
    now_ = std::move(v);
  }

  void send() {
    if (dirty_.empty()) return;
    std::string patch = R"({"x":)";
    encode_dirty(patch, dirty_.root(), now_ ? &*now_ : nullptr);
    patch += '}';
    received_.merge_patch(json::parse(patch));
    last_ = patch;
    dirty_.clear();
  }

  json wanted() const {
    json w = json::object();
    if (now_ && !is_null(*now_)) w["x"] = shown(*now_);
    return w;
  }

  const std::optional<T>& now() const { return now_; }
  const json& received() const { return received_; }
  const std::string& last() const { return last_; }
  std::size_t bytes() const { return dirty_.bytes(); }

 private:
  std::optional<T> now_;
  dirty_paths dirty_;
  json received_ = json::object();
  std::string last_;
};

// What the place holds next: gone, something of its own, or a small change of what it was.
template <class T, class Change>
std::optional<T> next(rich::random& r, const std::optional<T>& now, const Change& change) {
  if (rich::below(r, 6) == 0) return {};
  T v{};
  if (now && rich::below(r, 4) != 0) {
    v = *now;
    change(v);
  } else {
    rich::fill(r, v);
  }
  return v;
}

// Another value somewhere within v.
void change_json(rich::random& r, json& v) {
  if (v.is_object() && !v.empty() && rich::below(r, 4) != 0) {
    auto it = v.begin();
    std::advance(it, rich::below(r, v.size()));
    if (rich::below(r, 4) == 0) {
      v.erase(it);
    } else {
      change_json(r, *it);
    }
  } else {
    v = rich::random_json(r);
  }
}

template <class T, class Change>
void expect_follower_arrives(const char* what, int steps, Change&& change) {
  rich::random r(rich::seed_of(what));
  followed<T> place;
  for (int i = 0; i < rich::rounds(steps); ++i) {
    place.set(next(r, place.now(), [&](T& v) { change(r, v); }));
    if (rich::below(r, 5) != 0) continue;
    place.send();
    ASSERT_EQ(place.received(), place.wanted()) << "step " << i << ", patch " << place.last();
  }
}

}  // namespace

TEST(dirty_paths, a_follower_of_json_arrives_at_the_present_whatever_happened_in_between) {
  expect_follower_arrives<json>("dirty paths, json", 100'000, change_json);
}

TEST(dirty_paths, a_follower_of_records_arrives_at_the_present_whatever_happened_in_between) {
  expect_follower_arrives<rich::all>("dirty paths, records", 10'000, [](rich::random& r, rich::all& v) {
    rich::change(r, v, 6);
    if (v.maybe) rich::change(r, *v.maybe, 2);
    change_json(r, v.free);
  });
}

TEST(dirty_paths, a_follower_of_maps_arrives_at_the_present_whatever_happened_in_between) {
  using entries = std::map<std::string, rich::part>;
  expect_follower_arrives<entries>("dirty paths, maps", 50'000, [](rich::random& r, entries& v) {
    std::string key;
    rich::fill(r, key);
    if (rich::below(r, 3) == 0) {
      v.erase(key);
    } else {
      rich::change(r, v[key], 2);
    }
  });
}

TEST(dirty_paths, a_key_removed_and_put_again_loses_its_old_members) {
  followed<json> place;
  place.set(json::parse(R"({"a":{"b":{"c":1},"d":2}})"));
  place.send();
  place.set(json::object());
  place.set(json::parse(R"({"a":{"e":3}})"));
  place.send();
  EXPECT_EQ(place.received(), json::parse(R"({"x":{"a":{"e":3}}})"));
  EXPECT_EQ(json::parse(place.last()), json::parse(R"({"x":{"a":{"b":null,"d":null,"e":3}}})"));
}

TEST(dirty_paths, what_is_gone_is_one_null_at_its_highest_absent_ancestor) {
  followed<json> place;
  place.set(json::parse(R"({"a":{"b":{"c":1},"d":2},"f":1})"));
  place.send();
  place.set(json::parse(R"({"f":1})"));
  place.send();
  EXPECT_EQ(place.last(), R"({"x":{"a":null}})");
  place.set({});
  place.send();
  EXPECT_EQ(place.last(), R"({"x":null})");
}

TEST(dirty_paths, only_what_changed_is_sent) {
  followed<json> place;
  place.set(json::parse(R"({"a":1,"b":{"c":2,"d":3}})"));
  place.send();
  place.set(json::parse(R"({"a":1,"b":{"c":2,"d":4}})"));
  place.set(json::parse(R"({"a":1,"b":{"c":2,"d":5}})"));
  place.send();
  EXPECT_EQ(place.last(), R"({"x":{"b":{"d":5}}})");
}

TEST(dirty_paths, equal_values_mark_nothing) {
  dirty_paths d;
  const rich::all v;
  mark_changes(d.root(), v, v);
  EXPECT_TRUE(d.empty());
  const json null_member = json::parse(R"({"a":null})");
  mark_changes(d.root(), null_member, json(json::object()));
  EXPECT_TRUE(d.empty());
}

TEST(dirty_paths, memory_follows_the_number_of_paths_and_not_of_changes) {
  dirty_paths d;
  const auto mark = [&](int i) {
    const auto key = "key " + std::to_string(i);
    mark_changes(d.root().child("lane").child(key), rich::part{"a", {}, {}}, rich::part{"b", {}, {}});
  };
  EXPECT_EQ(d.bytes(), 0U);
  for (int i = 0; i < 1000; ++i) mark(i);
  const auto once = d.bytes();
  EXPECT_GT(once, 1000U * 100);
  EXPECT_LT(once, 1000U * 500);
  for (int i = 0; i < 1000; ++i) mark(i);
  EXPECT_EQ(d.bytes(), once);
  d.clear();
  EXPECT_EQ(d.bytes(), 0U);
  EXPECT_TRUE(d.empty());
}

TEST(dirty_paths, a_place_that_was_entered_but_not_marked_sends_nothing_of_itself) {
  dirty_paths d;
  d.root().child("a");
  EXPECT_TRUE(d.root().find("a")->empty());
  std::string out;
  encode_dirty(out, d.root(), json::parse(R"({"a":1,"b":2})"));
  EXPECT_EQ(out, "{}");
}
