#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <twinlane/lanes/codec.hpp>

namespace codec_samples {

template <class T>
std::string text_of(const T& v) {
  std::string out;
  twinlane::encode(out, v);
  return out;
}

template <class T>
T decoded(std::string_view text) {
  twinlane::decoder d;
  T v{};
  const auto s = d.decode(text, v);
  EXPECT_TRUE(s) << text << ": " << s.detail;
  return v;
}

/// The code of a refusal, and the detail of a bad_value.
template <class T>
std::string refusal(std::string_view text) {
  twinlane::decoder d;
  T v{};
  const auto s = d.decode(text, v);
  return std::string(name_of(s.code)) + (s.code == twinlane::lane_errc::bad_value ? ": " + s.detail : "");
}

struct address {
  std::string street;
  int zip = 1000;
};
BOOST_DESCRIBE_STRUCT(address, (), (street, zip))

enum class tier { basic, gold };
BOOST_DESCRIBE_ENUM(tier, basic, gold)

struct person {
  std::int64_t id{};
  std::string name = "?";
  address home{"Main", 7};
  std::optional<int> age{};
  tier level = tier::gold;
  std::vector<address> others{};
};
BOOST_DESCRIBE_STRUCT(person, (), (id, name, home, age, level, others))

struct tree {
  std::vector<tree> kids;
};
BOOST_DESCRIBE_STRUCT(tree, (), (kids))

}  // namespace codec_samples
