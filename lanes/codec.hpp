#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <twinlane/lanes/detail/json_cursor.hpp>
#include <twinlane/lanes/detail/read.hpp>
#include <twinlane/lanes/detail/text.hpp>
#include <twinlane/lanes/detail/values.hpp>
#include <twinlane/lanes/errors.hpp>
#include <twinlane/lanes/record.hpp>

/// Records to JSON and back, field by field, resolved at compile time.
///
/// Shape    bool, integers, float, double, std::string, described enums (by name), described structs with their
///          described bases, std::optional, std::vector, std::array, std::map<std::string, T>, timestamp (integer
///          milliseconds), durations (their count), year_month_day ("YYYY-MM-DD"), as_text<Int>, ids, nlohmann::json.
///          Empty optionals, json nulls and dates that are not ok() are null: left out of objects, kept in arrays.
///          So a member with an initializer other than null should not be of a type that can be null.
///          Reducers (lanes/reduce.hpp) are written as what they show, and read from what they keep
/// Cost     no document tree; nothing is allocated but what the target holds
/// Threads  functions: any. A decoder: one at a time
/// Errors   decoding answers a decode_status, writing throws lane_error
namespace twinlane {

/// Appends v as compact JSON. Throws lane_error: bad_value for NaN, infinities, enumerations without a name; too_deep.
template <class T>
void encode(std::string& out, const T& v) {
  detail::write(out, v, 0);
}

/// The same as rows have it: of a reducer what it keeps, not what it shows.
template <class T>
void encode_kept(std::string& out, const T& v) {
  detail::write<true>(out, v, 0);
}

/// Would v be written as null? False at compile time for most types.
template <class T>
bool is_null(const T& v) noexcept {
  return detail::is_null(v);
}

/// Do a and b encode to the same document? Needs no operator==.
template <class T>
bool equal(const T& a, const T& b) noexcept {
  return detail::same(a, b);
}

/// Throws what encode() would throw. Compiles to nothing for types that cannot hold such a value.
template <class T>
void validate(const T& v) {
  detail::check(v, 0);
}

/// Turns JSON text into records; keeps its buffers from one record to the next.
///
/// Errors   empty: nothing but white space; bad_utf8; bad_json: not JSON, cut off, or more text behind it; too_deep:
///          over nesting_max levels; too_large; bad_value: wrong type, out of range, unknown enumerator, a null in
///          place of a whole record. The whole text is looked at, fields that the record lacks included
///          (`{"a":1,"b":tru}` is bad_json). out is unspecified then
/// Cost     a 90-byte record of five fields takes about 140 ns; what a text over 1 MiB took is given back at the next
class decoder {
 public:
  explicit decoder(std::size_t bytes_max = 16 * 1024 * 1024) : cursor_(bytes_max) {}

  /// Takes any text and reads nothing beyond it, so that no padding is needed.
  /// Unknown fields are ignored, absent and null fields leave the member as T{} has it, the last of equal keys wins.
  template <class T>
  decode_status decode(std::string_view text, T& out) {
    return detail::read_document(cursor_, text, out);
  }

 private:
  detail::json_cursor cursor_;
};

/// How a key of a map lane is spelled: plain text, not escaped. parse() takes exactly what append() writes, so that
/// one entry has one URL (`007` is no integer key).
///
/// Shape    integers, std::string, described enums, year_month_day, and ids (strong_id, or any type with a nested
///          `twinlane_key` and a member `value` of that type). Specialize it for more
template <class K>
struct key_codec {
  static void append(std::string& out, const K& key) {
    if constexpr (detail::id_type<K>) {
      key_codec<typename K::twinlane_key>::append(out, key.value);
    } else if constexpr (std::same_as<K, std::string>) {
      out += key;
    } else if constexpr (detail::enumeration<K>) {
      out += detail::enumerator_name(key);
    } else if constexpr (std::same_as<K, std::chrono::year_month_day>) {
      detail::append_date(out, key);
    } else {
      static_assert(std::integral<K> && !std::same_as<K, bool>, "not a key type; specialize twinlane::key_codec");
      detail::append_integer(out, key);
    }
  }

  static bool parse(std::string_view text, K& key) {
    if constexpr (detail::id_type<K>) {
      return key_codec<typename K::twinlane_key>::parse(text, key.value);
    } else if constexpr (std::same_as<K, std::string>) {
      key.assign(text);
      return true;
    } else if constexpr (detail::enumeration<K>) {
      return detail::parse_enumerator(text, key);
    } else if constexpr (std::same_as<K, std::chrono::year_month_day>) {
      return detail::parse_date(text, key);
    } else {
      static_assert(std::integral<K> && !std::same_as<K, bool>, "not a key type; specialize twinlane::key_codec");
      return detail::parse_integer(text, key);
    }
  }
};

namespace detail {

/// Appends `"key":`.
template <class K>
void append_member_name(std::string& out, const K& key) {
  if constexpr (std::is_integral_v<K>) {
    out += '"';
    key_codec<K>::append(out, key);
    out += '"';
  } else {
    std::string text;
    key_codec<K>::append(text, key);
    append_json_string(out, text);
  }
  out += ':';
}

}  // namespace detail
}  // namespace twinlane
