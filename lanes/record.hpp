#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/describe.hpp>
#include <boost/mp11.hpp>
#include <nlohmann/json_fwd.hpp>

namespace twinlane {

/// A point in time: integer milliseconds since the epoch on the wire; RFC 3339 text is understood too.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// An integer shown as text, for values beyond 2^53 that JavaScript clients must not round. Decodes from text or
/// number.
template <std::integral Int>
struct as_text {
  Int value{};
  constexpr as_text() = default;
  constexpr as_text(Int v) : value(v) {}
  constexpr operator Int() const noexcept { return value; }
};

/// An id that does not mix with others: `using order_id = strong_id<struct order_tag, std::int64_t>;`
///
/// Shape    shown as its bare value, as a field and as a map key alike. Any type with a nested type `twinlane_key` and
///          a public member `value` of that type is such an id
template <class Tag, class T>
struct strong_id {
  using twinlane_key = T;
  T value{};
  friend constexpr bool operator==(const strong_id&, const strong_id&) = default;
  friend constexpr auto operator<=>(const strong_id&, const strong_id&) = default;
};

/// Bound on nested objects and arrays, in texts read and in values written.
inline constexpr unsigned nesting_max = 64;

namespace detail {

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <class T>
inline constexpr bool is_vector = false;
template <class T, class A>
inline constexpr bool is_vector<std::vector<T, A>> = true;

template <class T>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

template <class T>
inline constexpr bool is_map = false;
template <class V, class C, class A>
inline constexpr bool is_map<std::map<std::string, V, C, A>> = true;

template <class T>
inline constexpr bool is_duration = false;
template <class R, class P>
inline constexpr bool is_duration<std::chrono::duration<R, P>> = true;

template <class T>
inline constexpr bool is_as_text = false;
template <class I>
inline constexpr bool is_as_text<as_text<I>> = true;

template <class T>
concept json_type = std::same_as<T, nlohmann::json>;

template <class T>
concept id_type = requires(T v) {
  typename T::twinlane_key;
  { v.value } -> std::same_as<typename T::twinlane_key&>;
};

template <class T>
concept enumeration = std::is_enum_v<T> && boost::describe::has_describe_enumerators<T>::value;

/// Names its members itself, as a list of types with `name` and `pointer`; a class template can do that.
template <class T>
concept lists_members = requires {
  typename T::twinlane_members;
};

template <class T>
concept record = std::is_class_v<T> &&
    (boost::describe::has_describe_members<T>::value || lists_members<T>)&&!id_type<T>;

/// Keeps more than it shows, as a mean keeps a sum and a count. `shown()` is what documents have and what counts as a
/// change; `kept()`, of type `twinlane_kept`, is what rows have, and `restore()` takes it back: what is read is that.
template <class T>
concept reducer = requires {
  typename T::twinlane_kept;
};

template <reducer T>
using shown_type = std::remove_cvref_t<decltype(std::declval<const T&>().shown())>;

/// Are rows of such values to be written as they are kept?
template <class T>
inline constexpr bool keeps_more = false;

template <class T>
concept sequence = is_vector<T> || is_array<T>;

/// Shown as text between quotes that needs no escaping, or as a number.
template <class T>
concept plain =
    std::is_arithmetic_v<T> || std::is_enum_v<T> || is_duration<T> || is_as_text<T> || std::same_as<T, timestamp>;

template <class T>
struct members_list {
  using type = boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;
};
template <lists_members T>
struct members_list<T> {
  using type = typename T::twinlane_members;
};

/// The described members of a record, those of its described base classes first.
template <record T>
using members_of = typename members_list<T>::type;

template <record T>
inline constexpr std::size_t member_count = boost::mp11::mp_size<members_of<T>>::value;

/// Calls f(descriptor) for each member; a descriptor has `name` and `pointer`.
template <record T, class F>
constexpr void for_each_member(F&& f) {
  boost::mp11::mp_for_each<members_of<T>>(f);
}

/// The type of a member.
template <class T, class D>
using member_type = std::remove_cvref_t<decltype(std::declval<const T&>().*D::pointer)>;

constexpr std::size_t length_of(const char* text) { return std::char_traits<char>::length(text); }

/// `"name":` of a member. C++ names never need JSON escapes.
template <class D>
struct key_text {
  static constexpr std::size_t size = length_of(D::name) + 3;
  static constexpr std::array<char, size> chars = [] {
    std::array<char, size> a{};
    a[0] = '"';
    for (std::size_t i = 0; i + 3 < size; ++i) a[i + 1] = D::name[i];
    a[size - 2] = '"';
    a[size - 1] = ':';
    return a;
  }();
  static constexpr std::string_view view{chars.data(), size};
  static constexpr std::string_view name{chars.data() + 1, size - 3};
};

}  // namespace detail
}  // namespace twinlane
