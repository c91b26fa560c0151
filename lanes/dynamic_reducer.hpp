#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json.hpp>
#include <twinlane/lanes/reduce.hpp>

namespace twinlane::reduce {

/// The reducers that are chosen by name at run time.
enum class kind : std::uint8_t { count, sum, min, max, mean, median, collect, distinct };
std::string_view name_of(kind k) noexcept;
/// Nothing for a name that is none.
std::optional<kind> kind_of(std::string_view name) noexcept;

/// One member of what a dynamic reducer shows.
struct part {
  std::string name;
  kind what = kind::count;
};

/// The sum of JSON numbers: an integer while all of them are and it is at most 2^53.
class json_sum {
 public:
  struct parts {
    bool whole = true;
    std::vector<double> sum;
  };
  using twinlane_kept = parts;
  void add(const nlohmann::json& number);
  void merge(const json_sum& other);
  nlohmann::json shown() const;
  parts kept() const { return {whole_, sum_.parts()}; }
  bool restore(const parts& k);

 private:
  detail::exact_sum sum_;
  bool whole_ = true;
};
BOOST_DESCRIBE_STRUCT(json_sum::parts, (), (whole, sum))

/// Orders what min and max take: numbers, and behind them texts.
struct json_before {
  bool operator()(const nlohmann::json& a, const nlohmann::json& b) const { return less(a, b); }
  static bool less(const nlohmann::json& a, const nlohmann::json& b);
};
struct json_behind {
  bool operator()(const nlohmann::json& a, const nlohmann::json& b) const { return json_before::less(b, a); }
};

/// What a dynamic reducer keeps of one part: the member that is there says its kind.
struct kept_part {
  std::optional<count> count_of;
  std::optional<json_sum> sum_of;
  std::optional<extreme<nlohmann::json, json_before>> min_of;
  std::optional<extreme<nlohmann::json, json_behind>> max_of;
  std::optional<mean> mean_of;
  std::optional<median> median_of;
  std::optional<collect<nlohmann::json>> list;
  std::optional<distinct<std::string>> different;
};
BOOST_DESCRIBE_STRUCT(kept_part, (), (count_of, sum_of, min_of, max_of, mean_of, median_of, list, different))

/// Reducers under names that are chosen at run time, over JSON values: for agents without C++.
///
/// Shape    a JSON object of what each part shows. A value that is null is none, and no part takes it
/// Cost     a row has all parts; showing it builds a JSON tree
/// Threads  one at a time
/// Errors   bad_value (thrown) for a value that a part cannot take: sum, mean and median take numbers, min and max
///          numbers and texts
class dynamic {
 public:
  using twinlane_kept = std::map<std::string, kept_part>;

  dynamic() = default;
  explicit dynamic(const std::vector<part>& parts);

  /// One value a part, in their order.
  void add(std::span<const nlohmann::json> values);
  /// Parts go with those of the same name and kind; others of `other` are left out.
  void merge(const dynamic& other);
  std::map<std::string, nlohmann::json> shown() const;
  twinlane_kept kept() const;
  bool restore(twinlane_kept parts);

 private:
  // In the order of `kind`.
  using state =
      std::variant<count, json_sum, extreme<nlohmann::json, json_before>, extreme<nlohmann::json, json_behind>, mean,
                   median, collect<nlohmann::json>, distinct<std::string>>;
  struct named {
    std::string name;
    state reducer;
  };
  std::vector<named> parts_;
};

}  // namespace twinlane::reduce
