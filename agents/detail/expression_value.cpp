#include <twinlane/agents/detail/expression_value.hpp>

#include <limits>

#include <twinlane/lanes/detail/text.hpp>
#include <twinlane/lanes/json_value.hpp>

namespace twinlane::detail::expr {

using nlohmann::json;

namespace {

constexpr double two_to_63 = 9'223'372'036'854'775'808.0;

std::strong_ordering order(std::int64_t a, double b) noexcept {
  if (b >= two_to_63) return std::strong_ordering::less;
  if (b < -two_to_63) return std::strong_ordering::greater;
  const double whole = std::floor(b);
  const auto b_whole = static_cast<std::int64_t>(whole);
  if (a != b_whole) return a <=> b_whole;
  return whole < b ? std::strong_ordering::less : std::strong_ordering::equal;
}

std::strong_ordering order(double a, double b) noexcept {
  return a < b ? std::strong_ordering::less : a > b ? std::strong_ordering::greater : std::strong_ordering::equal;
}

std::strong_ordering order_numbers(const value& a, const value& b) noexcept {
  const bool a_whole = a.what() == value::kind::integer, b_whole = b.what() == value::kind::integer;
  if (a_whole && b_whole) return a.integer() <=> b.integer();
  if (a_whole) return order(a.integer(), b.real());
  if (b_whole) return 0 <=> order(b.integer(), a.real());
  return order(a.real(), b.real());
}

bool both_whole(const value& a, const value& b) noexcept {
  return a.what() == value::kind::integer && b.what() == value::kind::integer;
}

bool both_numbers(const value& a, const value& b) noexcept { return a.is_number() && b.is_number(); }

}  // namespace

std::string describe(kinds k) {
  if ((k & any_kind) == any_kind) return "any value";
  constexpr std::string_view names[] = {"true or false", "a number", "text", "a list", "an object"};
  std::string out;
  for (unsigned bit = 0; bit < 5; ++bit) {
    if (!(k & (1u << bit))) continue;
    if (!out.empty()) out += " or ";
    out += names[bit];
  }
  return out.empty() ? "null" : out;
}

value value::of(const nlohmann::json& j) noexcept {
  switch (j.type()) {
    case json::value_t::boolean:
      return of(*j.get_ptr<const bool*>());
    case json::value_t::number_integer:
      return of(std::int64_t{*j.get_ptr<const json::number_integer_t*>()});
    case json::value_t::number_unsigned: {
      const auto n = *j.get_ptr<const json::number_unsigned_t*>();
      constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      return n <= max ? of(static_cast<std::int64_t>(n)) : of(static_cast<double>(n));
    }
    case json::value_t::number_float:
      return of(*j.get_ptr<const json::number_float_t*>());
    case json::value_t::string:
      return of(std::string_view(*j.get_ptr<const std::string*>()));
    case json::value_t::array:
    case json::value_t::object: {
      value v(kind::json);
      v.json_ = &j;
      return v;
    }
    default:
      return {};
  }
}

kinds value::bits() const noexcept {
  switch (kind_) {
    case kind::null:
      return 0;
    case kind::boolean:
      return a_boolean;
    case kind::integer:
    case kind::real:
      return a_number;
    case kind::text:
      return a_text;
    case kind::json:
      return json_->is_array() ? a_list : an_object;
  }
  return 0;
}

std::optional<std::strong_ordering> compare(const value& a, const value& b) noexcept {
  if (both_numbers(a, b)) return order_numbers(a, b);
  if (a.is_text() && b.is_text()) return a.text().compare(b.text()) <=> 0;
  if (a.what() == value::kind::boolean && b.what() == value::kind::boolean) return a.is_true() <=> b.is_true();
  return std::nullopt;
}

bool equals(const value& a, const value& b) noexcept {
  if (a.is_text() && b.is_text()) return a.text() == b.text();
  if (a.what() == value::kind::json && b.what() == value::kind::json)
    return twinlane::detail::equal_json(a.json(), b.json());
  const auto o = compare(a, b);
  return o && *o == 0;
}

json to_json(const value& v) {
  switch (v.what()) {
    case value::kind::null:
      return nullptr;
    case value::kind::boolean:
      return v.is_true();
    case value::kind::integer:
      // As a decoder has it, so that equal values are equal in every respect.
      return v.integer() < 0 ? json(v.integer()) : json(static_cast<std::uint64_t>(v.integer()));
    case value::kind::real:
      return v.real();
    case value::kind::text:
      return std::string(v.text());
    case value::kind::json:
      return v.json();
  }
  return nullptr;
}

void append_text(std::string& out, const value& v) {
  switch (v.what()) {
    case value::kind::null:
      return;
    case value::kind::boolean:
      out += v.is_true() ? "true" : "false";
      return;
    case value::kind::integer:
      return append_integer(out, v.integer());
    case value::kind::real:
      return append_real(out, v.real());
    case value::kind::text:
      out += v.text();
      return;
    case value::kind::json:
      write_json(out, v.json(), 0);
  }
}

value whole_if_whole(double d) noexcept {
  if (d >= -two_to_63 && d < two_to_63 && d == std::floor(d)) return value::of(static_cast<std::int64_t>(d));
  return value::of(d);
}

value add(const value& a, const value& b) noexcept {
  std::int64_t sum = 0;
  if (both_whole(a, b) && !__builtin_add_overflow(a.integer(), b.integer(), &sum)) return value::of(sum);
  return both_numbers(a, b) ? value::of(a.real() + b.real()) : value();
}

value subtract(const value& a, const value& b) noexcept {
  std::int64_t difference = 0;
  if (both_whole(a, b) && !__builtin_sub_overflow(a.integer(), b.integer(), &difference)) return value::of(difference);
  return both_numbers(a, b) ? value::of(a.real() - b.real()) : value();
}

value multiply(const value& a, const value& b) noexcept {
  std::int64_t product = 0;
  if (both_whole(a, b) && !__builtin_mul_overflow(a.integer(), b.integer(), &product)) return value::of(product);
  return both_numbers(a, b) ? value::of(a.real() * b.real()) : value();
}

value divide(const value& a, const value& b) noexcept {
  if (!both_numbers(a, b) || b.real() == 0) return {};
  if (both_whole(a, b)) {
    // The least integer by -1 has no quotient in 64 bits.
    if (b.integer() == -1) return negate(a);
    if (a.integer() % b.integer() == 0) return value::of(a.integer() / b.integer());
  }
  return value::of(a.real() / b.real());
}

value remainder(const value& a, const value& b) noexcept {
  if (!both_numbers(a, b) || b.real() == 0) return {};
  if (both_whole(a, b)) return value::of(b.integer() == -1 ? std::int64_t{0} : a.integer() % b.integer());
  return value::of(std::fmod(a.real(), b.real()));
}

value negate(const value& a) noexcept { return subtract(value::of(std::int64_t{0}), a); }

std::size_t bytes_of(const json& j, std::size_t max) noexcept {
  if (const auto* t = j.get_ptr<const std::string*>()) return t->size() + 3;
  if (!j.is_structured()) return 8;
  std::size_t sum = 2;
  if (const auto* members = j.get_ptr<const json::object_t*>()) {
    for (const auto& [name, member] : *members) {
      if (sum >= max) return sum;
      sum += name.size() + 4 + bytes_of(member, max - sum);
    }
    return sum;
  }
  for (const auto& element : j) {
    if (sum >= max) return sum;
    sum += bytes_of(element, max - sum);
  }
  return sum;
}

std::size_t bytes_of(const value& v, std::size_t max) noexcept {
  if (v.is_text()) return v.text().size() + 3;
  return v.what() == value::kind::json ? bytes_of(v.json(), max) : 8;
}

}  // namespace twinlane::detail::expr
