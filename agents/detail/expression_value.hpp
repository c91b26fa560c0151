#pragma once

#include <cmath>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <twinlane/agents/expression.hpp>

namespace twinlane::detail::expr {

/// A set of kinds, one bit each as in expression_kind; 0 for null alone.
using kinds = std::uint8_t;
inline constexpr kinds a_boolean = 1, a_number = 2, a_text = 4, a_list = 8, an_object = 16, any_kind = 31;

/// `text`, `a number`, `a list or an object`.
std::string describe(kinds k);

/// One value on its way through an evaluation: a view. Texts, lists and objects lie in the context, in the program or
/// in the evaluation's own store.
class value {
 public:
  enum class kind : std::uint8_t { null, boolean, integer, real, text, json };

  constexpr value() noexcept : integer_(0) {}
  static value of(bool b) noexcept {
    value v(kind::boolean);
    v.boolean_ = b;
    return v;
  }
  static value of(std::int64_t i) noexcept {
    value v(kind::integer);
    v.integer_ = i;
    return v;
  }
  /// NaN and infinities are null.
  static value of(double d) noexcept {
    if (!std::isfinite(d)) return {};
    value v(kind::real);
    v.real_ = d;
    return v;
  }
  static value of(std::string_view t) noexcept {
    value v(kind::text);
    v.text_ = t;
    return v;
  }
  static value of(const char*) = delete;
  /// Integers beyond 64 bits with a sign become reals.
  static value of(const nlohmann::json& j) noexcept;
  static value of(const nlohmann::json* j) noexcept { return j ? of(*j) : value(); }

  kind what() const noexcept { return kind_; }
  bool is_null() const noexcept { return kind_ == kind::null; }
  bool is_number() const noexcept { return kind_ == kind::integer || kind_ == kind::real; }
  bool is_text() const noexcept { return kind_ == kind::text; }
  bool is_true() const noexcept { return kind_ == kind::boolean && boolean_; }
  bool is_false() const noexcept { return kind_ == kind::boolean && !boolean_; }
  /// The one bit of its kind; 0 for null.
  kinds bits() const noexcept;

  std::int64_t integer() const noexcept { return integer_; }
  double real() const noexcept { return kind_ == kind::integer ? static_cast<double>(integer_) : real_; }
  std::string_view text() const noexcept { return text_; }
  const nlohmann::json& json() const noexcept { return *json_; }

 private:
  explicit value(kind k) noexcept : kind_(k), integer_(0) {}

  kind kind_ = kind::null;
  union {
    bool boolean_;
    std::int64_t integer_;
    double real_;
    std::string_view text_;
    const nlohmann::json* json_;
  };
};

/// Numbers by their exact values, texts by their bytes, false before true; nothing for other or unlike kinds.
std::optional<std::strong_ordering> compare(const value& a, const value& b) noexcept;
/// Unlike kinds are not equal.
bool equals(const value& a, const value& b) noexcept;

nlohmann::json to_json(const value& v);
/// Appends a scalar as JSON has it, but texts without quotes; nothing for null.
void append_text(std::string& out, const value& v);
/// The integer when it is one that 64 bits hold, so that 2.0 is 2.
value whole_if_whole(double d) noexcept;

value add(const value& a, const value& b) noexcept;
value subtract(const value& a, const value& b) noexcept;
value multiply(const value& a, const value& b) noexcept;
/// Whole when it divides evenly; null for a divisor of 0.
value divide(const value& a, const value& b) noexcept;
value remainder(const value& a, const value& b) noexcept;
value negate(const value& a) noexcept;

/// About as many bytes as a document has as JSON text; counting ends at a bound.
std::size_t bytes_of(const nlohmann::json& j, std::size_t max) noexcept;
std::size_t bytes_of(const value& v, std::size_t max) noexcept;

}  // namespace twinlane::detail::expr
