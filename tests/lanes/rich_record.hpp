#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/lanes/record.hpp>

// Records with a member of every kind, and random values for them, from pools so small that values often meet.
namespace rich {

using nlohmann::json;

enum class colour { red, green, deep_blue };
BOOST_DESCRIBE_ENUM(colour, red, green, deep_blue)

struct audited {
  twinlane::timestamp changed;
  std::string changed_by = "nobody";
};
BOOST_DESCRIBE_STRUCT(audited, (), (changed, changed_by))

struct part {
  std::string text = "none";
  std::optional<double> weight;
  std::vector<int> numbers;
};
BOOST_DESCRIBE_STRUCT(part, (), (text, weight, numbers))

struct bare {};
BOOST_DESCRIBE_STRUCT(bare, (), ())

struct all : audited {
  bool flag = true;
  std::int8_t tiny = -3;
  std::uint8_t small{};
  std::int16_t low{};
  std::int32_t n = 7;
  std::int64_t big{};
  std::uint64_t huge{};
  float single{};
  double real = 1.5;
  std::string text;
  colour tone = colour::green;
  part nested{"given", {}, {1, 2}};
  bare nothing;
  std::optional<part> maybe;
  std::optional<std::string> note;
  std::optional<bare> seal;
  std::vector<part> list;
  std::vector<std::optional<int>> holes;
  std::vector<bool> bits;
  std::array<double, 3> triple{};
  std::map<std::string, int> counts;
  std::map<std::string, part> parts;
  std::map<std::string, std::optional<std::string>> tags;
  std::map<std::string, json> extra;
  twinlane::timestamp at;
  std::chrono::seconds took{};
  std::chrono::year_month_day day{};
  twinlane::as_text<std::int64_t> exact;
  twinlane::strong_id<struct all_tag, std::uint32_t> id;
  json free;
};
BOOST_DESCRIBE_STRUCT(all, (audited),
                      (flag, tiny, small, low, n, big, huge, single, real, text, tone, nested, nothing, maybe, note,
                       seal, list, holes, bits, triple, counts, parts, tags, extra, at, took, day, exact, id, free))

using random = std::mt19937_64;

inline std::size_t below(random& r, std::size_t n) { return r() % n; }
inline bool often(random& r) { return below(r, 3) != 0; }

inline void fill(random& r, bool& v) { v = below(r, 2) == 0; }

template <std::integral Int>
void fill(random& r, Int& v) {
  switch (below(r, 5)) {
    case 0:
      v = std::numeric_limits<Int>::min();
      break;
    case 1:
      v = std::numeric_limits<Int>::max();
      break;
    case 2:
      v = static_cast<Int>(r());
      break;
    default:
      v = static_cast<Int>(below(r, 4));
      break;
  }
}

template <std::floating_point Real>
void fill(random& r, Real& v) {
  const Real pool[] = {Real(0),
                       Real(-0.5),
                       Real(1),
                       Real(0.1),
                       std::numeric_limits<Real>::max(),
                       std::numeric_limits<Real>::lowest(),
                       std::numeric_limits<Real>::denorm_min(),
                       static_cast<Real>(static_cast<double>(r()) / 1e7)};
  v = pool[below(r, std::size(pool))];
}

inline void fill(random& r, std::string& v) {
  static const std::string pool[] = {"",
                                     "a",
                                     "b",
                                     "c.d",
                                     "c/d",
                                     "\"quoted\\\"",
                                     "\n\t\x01\x1f",
                                     "gr\xC3\xBC\xC3\x9F",
                                     "\xF0\x9F\x98\x80",
                                     std::string("nul\0inside", 10),
                                     "null",
                                     std::string(70, 'x')};
  v = pool[below(r, std::size(pool))];
}

inline void fill(random& r, colour& v) { v = static_cast<colour>(below(r, 3)); }
inline void fill(random& r, twinlane::timestamp& v) {
  v = twinlane::timestamp{std::chrono::milliseconds{static_cast<std::int64_t>(r() >> 22) - (1LL << 41)}};
}
inline void fill(random& r, std::chrono::seconds& v) { v = std::chrono::seconds{below(r, 4)}; }
inline void fill(random& r, std::chrono::year_month_day& v) {
  v = often(r) ? std::chrono::year_month_day{std::chrono::sys_days{std::chrono::days{below(r, 20000)}}}
               : std::chrono::year_month_day{};
}
inline void fill(random&, bare&) {}

template <class Int>
void fill(random& r, twinlane::as_text<Int>& v) {
  fill(r, v.value);
}
template <class Tag, class T>
void fill(random& r, twinlane::strong_id<Tag, T>& v) {
  fill(r, v.value);
}

inline json random_json(random& r, unsigned depth = 0) {
  json v;
  switch (below(r, depth < 3 ? 9 : 6)) {
    case 0:
      return nullptr;
    case 1:
      return below(r, 2) == 0;
    case 2: {
      std::int64_t i = 0;
      fill(r, i);
      return i;
    }
    case 3: {
      std::uint64_t u = 0;
      fill(r, u);
      return u;
    }
    case 4: {
      double d = 0;
      fill(r, d);
      return d;
    }
    case 5: {
      std::string s;
      fill(r, s);
      return s;
    }
    case 6:
      v = json::array();
      for (auto n = below(r, 3); n > 0; --n) v.push_back(random_json(r, depth + 1));
      return v;
    default:
      v = json::object();
      for (auto n = below(r, 4); n > 0; --n) {
        std::string key;
        fill(r, key);
        v[key] = random_json(r, depth + 1);
      }
      return v;
  }
}
inline void fill(random& r, json& v) { v = random_json(r); }

void fill(random& r, part& v);
template <class T>
void fill(random& r, std::optional<T>& v) {
  v.reset();
  if (often(r)) fill(r, v.emplace());
}
template <class T>
void fill(random& r, std::vector<T>& v) {
  v.clear();
  for (auto n = below(r, 4); n > 0; --n) {
    T e{};
    fill(r, e);
    v.push_back(e);
  }
}
template <class T, std::size_t N>
void fill(random& r, std::array<T, N>& v) {
  for (auto& e : v) fill(r, e);
}
template <class T>
void fill(random& r, std::map<std::string, T>& v) {
  if (often(r)) v.clear();
  for (auto n = below(r, 4); n > 0; --n) {
    std::string key;
    fill(r, key);
    fill(r, v[key]);
  }
}

/// Gives about one member in `one_in` another value.
template <class T>
void change(random& r, T& v, std::size_t one_in) {
  twinlane::detail::for_each_member<T>([&](auto d) {
    if (below(r, one_in) == 0) fill(r, v.*d.pointer);
  });
}

inline void fill(random& r, part& v) { change(r, v, 1); }
inline void fill(random& r, all& v) { change(r, v, 1); }

/// The seed of a property test: the environment's TWINLANE_SEED, else a new one; printed so that it can be replayed.
inline std::uint64_t seed_of(const char* what) {
  const char* given = std::getenv("TWINLANE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << what << ": TWINLANE_SEED=" << seed << '\n';
  return seed;
}

/// Rounds of a property test, times TWINLANE_ROUNDS when that is set.
inline int rounds(int usual) {
  const char* given = std::getenv("TWINLANE_ROUNDS");
  return usual * (given ? std::max(1, std::atoi(given)) : 1);
}

}  // namespace rich
