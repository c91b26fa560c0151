#pragma once

#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>

#include <twinlane/lanes/detail/text.hpp>
#include <twinlane/lanes/json_value.hpp>
#include <twinlane/lanes/record.hpp>

// What codec.hpp and diff.hpp have in common: null, equality, checks and writing, by type.
namespace twinlane::detail {

// Calls among these are qualified, so that functions of the same name beside a user's record do not get in the way.
template <class T>
bool is_null(const T& v) noexcept;
template <class T>
bool same(const T& a, const T& b) noexcept;
template <class T>
void check(const T& v, unsigned depth);
/// Kept: as a row has it, else as a document does.
template <bool Kept = false, class T>
void write(std::string& out, const T& v, unsigned depth);

/// May a value of this type be null, and so be left out of an object?
template <class T>
constexpr bool nullable() {
  if constexpr (id_type<T>) {
    return nullable<typename T::twinlane_key>();
  } else if constexpr (reducer<T>) {
    return nullable<shown_type<T>>();
  } else {
    return is_optional<T> || json_type<T> || std::same_as<T, std::chrono::year_month_day>;
  }
}

template <class T>
bool is_null(const T& v) noexcept {
  if constexpr (id_type<T>) {
    return detail::is_null(v.value);
  } else if constexpr (reducer<T>) {
    if constexpr (nullable<T>()) return detail::is_null(v.shown());
    return false;
  } else if constexpr (json_type<T>) {
    return is_null_json(v);
  } else if constexpr (is_optional<T>) {
    return !v || detail::is_null(*v);
  } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
    return !v.ok();
  } else {
    return false;
  }
}

/// Walks two maps in key order and calls f(key, before, now) with null pointers for what is absent or null, until f
/// answers false. Returns whether it ran to the end.
template <class Map, class F>
bool walk_maps(const Map& before, const Map& now, F&& f) {
  auto b = before.begin();
  auto n = now.begin();
  const auto present = [](const auto& it) { return detail::is_null(it->second) ? nullptr : &it->second; };
  while (b != before.end() || n != now.end()) {
    const bool take_b = n == now.end() || (b != before.end() && b->first <= n->first);
    const bool take_n = b == before.end() || (n != now.end() && n->first <= b->first);
    const auto* old_value = take_b ? present(b) : nullptr;
    const auto* new_value = take_n ? present(n) : nullptr;
    const std::string& key = take_b ? b->first : n->first;
    if ((old_value || new_value) && !f(key, old_value, new_value)) return false;
    if (take_b) ++b;
    if (take_n) ++n;
  }
  return true;
}

template <class T>
bool same(const T& a, const T& b) noexcept {
  if constexpr (nullable<T>()) {
    if (detail::is_null(a) || detail::is_null(b)) return detail::is_null(a) && detail::is_null(b);
  }
  if constexpr (json_type<T>) {
    return equal_json(a, b);
  } else if constexpr (id_type<T>) {
    return detail::same(a.value, b.value);
  } else if constexpr (reducer<T>) {
    return detail::same(a.shown(), b.shown());
  } else if constexpr (is_optional<T>) {
    return detail::same(*a, *b);
  } else if constexpr (is_as_text<T>) {
    return a.value == b.value;
  } else if constexpr (sequence<T>) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
      if (!detail::same<typename T::value_type>(a[i], b[i])) return false;
    }
    return true;
  } else if constexpr (is_map<T>) {
    return detail::walk_maps(
        a, b, [](const std::string&, const auto* x, const auto* y) { return x && y && detail::same(*x, *y); });
  } else if constexpr (record<T>) {
    bool all = true;
    for_each_member<T>([&](auto d) { all = all && detail::same(a.*d.pointer, b.*d.pointer); });
    return all;
  } else {
    return a == b;
  }
}

/// Can a value of this type be one that JSON cannot show? Seen guards against records that hold themselves.
template <class T, class... Seen>
constexpr bool needs_check() {
  if constexpr ((std::same_as<T, Seen> || ...)) {
    return true;  // holds itself, so that its depth must be checked
  } else if constexpr (reducer<T>) {
    return false;  // has checked what it took
  } else if constexpr (std::is_floating_point_v<T> || std::is_enum_v<T> || json_type<T> ||
                       std::same_as<T, std::chrono::year_month_day>) {
    return true;
  } else if constexpr (is_duration<T>) {
    return std::is_floating_point_v<typename T::rep>;
  } else if constexpr (id_type<T>) {
    return needs_check<typename T::twinlane_key, Seen...>();
  } else if constexpr (is_optional<T> || sequence<T>) {
    return needs_check<typename T::value_type, Seen...>();
  } else if constexpr (is_map<T>) {
    return needs_check<typename T::mapped_type, Seen...>();
  } else if constexpr (record<T>) {
    bool any = false;
    for_each_member<T>([&](auto d) { any = any || needs_check<member_type<T, decltype(d)>, T, Seen...>(); });
    return any;
  } else {
    return false;
  }
}

/// The text of an enumerator; empty for a value that has none.
template <enumeration E>
std::string_view enumerator_name(E v) noexcept {
  std::string_view name;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (d.value == v) name = d.name;
  });
  return name;
}

template <class T>
void check(const T& v, unsigned depth) {
  if constexpr (needs_check<T>()) {
    if constexpr (json_type<T>) {
      check_json_value(v, depth);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!std::isfinite(v)) throw_bad_value("a number is not finite");
    } else if constexpr (enumeration<T>) {
      if (detail::enumerator_name(v).empty()) throw_bad_value("an enumeration holds a value without a name");
    } else if constexpr (is_duration<T>) {
      detail::check(v.count(), depth);
    } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
      const int year = static_cast<int>(v.year());
      if (v.ok() && (year < 0 || year > 9999)) throw_bad_value("a date is not within the years 0 to 9999");
    } else if constexpr (id_type<T>) {
      detail::check(v.value, depth);
    } else if constexpr (is_optional<T>) {
      if (v) detail::check(*v, depth);
    } else {
      if (depth >= nesting_max) throw_too_deep();
      if constexpr (sequence<T>) {
        for (const typename T::value_type& e : v) detail::check(e, depth + 1);
      } else if constexpr (is_map<T>) {
        for (const auto& [key, e] : v) detail::check(e, depth + 1);
      } else if constexpr (record<T>) {
        for_each_member<T>([&](auto d) { detail::check(v.*d.pointer, depth + 1); });
      }
    }
  }
}

/// Ends an object or array whose elements each left a comma behind.
inline void close(std::string& out, char open, char end) {
  if (out.back() == open) {
    out += end;
  } else {
    out.back() = end;
  }
}

template <bool Kept, class T>
void write_object(std::string& out, const T& v, unsigned depth) {
  if (depth >= nesting_max) throw_too_deep();
  out += '{';
  if constexpr (is_map<T>) {
    for (const auto& [key, e] : v) {
      if (detail::is_null(e)) continue;
      append_json_string(out, key);
      out += ':';
      detail::write<Kept>(out, e, depth + 1);
      out += ',';
    }
  } else {
    for_each_member<T>([&](auto d) {
      const auto& e = v.*d.pointer;
      if (detail::is_null(e)) return;
      out += key_text<decltype(d)>::view;
      detail::write<Kept>(out, e, depth + 1);
      out += ',';
    });
  }
  detail::close(out, '{', '}');
}

// What takes no notice of depth.
template <class T>
void write_scalar(std::string& out, const T& v) {
  if constexpr (std::same_as<T, bool>) {
    out += v ? "true" : "false";
  } else if constexpr (std::is_integral_v<T>) {
    append_integer(out, v);
  } else if constexpr (std::is_floating_point_v<T>) {
    append_real(out, v);
  } else if constexpr (std::same_as<T, std::string>) {
    append_json_string(out, v);
  } else if constexpr (std::same_as<T, timestamp>) {
    append_integer(out, v.time_since_epoch().count());
  } else if constexpr (is_duration<T>) {
    detail::write_scalar(out, v.count());
  } else {
    out += '"';
    if constexpr (is_as_text<T>) {
      append_integer(out, v.value);
    } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
      append_date(out, v);
    } else {
      static_assert(enumeration<T>, "not a record: describe it with BOOST_DESCRIBE_STRUCT, see lanes/codec.hpp");
      const auto name = detail::enumerator_name(v);
      if (name.empty()) throw_bad_value("an enumeration holds a value without a name");
      out += name;
    }
    out += '"';
  }
}

template <bool Kept, class T>
void write(std::string& out, const T& v, unsigned depth) {
  if constexpr (nullable<T>() && !json_type<T> && !(Kept && reducer<T>)) {
    if (detail::is_null(v)) {
      out += "null";
      return;
    }
  }
  if constexpr (json_type<T>) {
    write_json(out, v, depth);
  } else if constexpr (reducer<T>) {
    if constexpr (Kept)
      detail::write<true>(out, v.kept(), depth);
    else
      detail::write(out, v.shown(), depth);
  } else if constexpr (id_type<T>) {
    detail::write(out, v.value, depth);
  } else if constexpr (is_optional<T>) {
    detail::write<Kept>(out, *v, depth);
  } else if constexpr (sequence<T>) {
    if (depth >= nesting_max) throw_too_deep();
    out += '[';
    for (const typename T::value_type& e : v) {
      detail::write<Kept>(out, e, depth + 1);
      out += ',';
    }
    detail::close(out, '[', ']');
  } else if constexpr (is_map<T> || record<T>) {
    detail::write_object<Kept>(out, v, depth);
  } else {
    detail::write_scalar(out, v);
  }
}

}  // namespace twinlane::detail
