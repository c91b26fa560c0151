#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <twinlane/lanes/detail/json_cursor.hpp>
#include <twinlane/lanes/detail/text.hpp>
#include <twinlane/lanes/detail/values.hpp>
#include <twinlane/lanes/record.hpp>

// The reading side of codec.hpp. Each read() fills a value that is T{} when it is called.
namespace twinlane::detail {

bool read_json(json_cursor& c, nlohmann::json& out);

template <class T>
bool read(json_cursor& c, T& out);

template <enumeration E>
bool parse_enumerator(std::string_view name, E& out) noexcept {
  bool found = false;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>([&](auto d) {
    if (!found && name == d.name) {
      out = d.value;
      found = true;
    }
  });
  return found;
}

template <enumeration E>
bool read_enumerator(json_cursor& c, E& out) {
  std::string scratch;
  std::string_view name;
  if (!c.read_text(name, scratch)) return c.fail("expected text");
  if (detail::parse_enumerator(name, out)) return true;
  std::string names;
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
      [&](auto d) { names += (names.empty() ? "" : ", ") + std::string(d.name); });
  return c.fail_range("expected one of " + names);
}

inline bool read_date(json_cursor& c, std::chrono::year_month_day& out) {
  std::string scratch;
  std::string_view text;
  if (c.peek() == 'n') {
    out = {};
    return c.read_null();
  }
  return (c.peek() == '"' && c.read_text(text, scratch) && parse_date(text, out)) ||
         c.fail("expected a date as YYYY-MM-DD");
}

inline bool read_timestamp(json_cursor& c, timestamp& out) {
  if (c.peek() != '"') {
    std::int64_t millis = 0;
    if (!c.read_integer(millis)) return false;
    out = timestamp{std::chrono::milliseconds{millis}};
    return true;
  }
  std::string scratch;
  std::string_view text;
  return (c.read_text(text, scratch) && parse_time(text, out)) || c.fail("expected a time as in RFC 3339");
}

template <class Int>
bool read_as_text(json_cursor& c, as_text<Int>& out) {
  if (c.peek() != '"') return c.read_integer(out.value);
  std::string scratch;
  std::string_view text;
  return (c.read_text(text, scratch) && parse_integer(text, out.value)) || c.fail("expected an integer as text");
}

// Reads what belongs to one key or member; null puts it back to `fresh()`.
template <class M, class Fresh>
bool read_member(json_cursor& c, M& member, Fresh&& fresh) {
  if constexpr (!json_type<M> && !is_optional<M>) {
    if (c.peek() == 'n') {
      if (!c.read_null()) return false;
      member = fresh();
      return true;
    }
    if constexpr (record<M>) member = M{};
  }
  return detail::read(c, member);
}

template <record T>
struct member_table {
  using reader = bool (*)(json_cursor&, T&);
  struct entry {
    std::string_view name;
    reader read;
  };

  template <class D>
  static bool read_one(json_cursor& c, T& out) {
    return detail::read_member(c, out.*D::pointer, [] { return T{}.*D::pointer; });
  }

  template <class... D>
  static constexpr auto make(boost::mp11::mp_list<D...>) {
    return std::array<entry, sizeof...(D)>{entry{key_text<D>::name, &read_one<D>}...};
  }

  static constexpr auto entries = make(boost::mp11::mp_rename<members_of<T>, boost::mp11::mp_list>{});
};

template <record T>
bool read_record(json_cursor& c, T& out) {
  constexpr auto& table = member_table<T>::entries;
  constexpr std::size_t count = table.size();
  if (!c.enter('{')) return c.fail("expected an object");
  std::size_t expected = 0;  // members mostly come in the order of their description
  std::string_view key;
  while (c.next_key(key)) {
    std::size_t i = expected;
    std::size_t tried = 0;
    while (tried < count && table[i].name != key) {
      i = i + 1 == count ? 0 : i + 1;
      ++tried;
    }
    if (tried == count) {
      if (!c.skip()) return false;
      continue;
    }
    if (!table[i].read(c, out)) {
      c.fail_in(table[i].name);
      return false;
    }
    expected = i + 1 == count ? 0 : i + 1;
  }
  return c.ok();
}

template <class Map>
bool read_map(json_cursor& c, Map& out) {
  out.clear();
  if (!c.enter('{')) return c.fail("expected an object");
  std::string_view text;
  while (c.next_key(text)) {
    std::string key(text);
    typename Map::mapped_type value{};
    const bool null = c.peek() == 'n';
    if (null ? !c.read_null() : !detail::read(c, value)) {
      c.fail_in(key);
      return false;
    }
    if (null) {
      out.erase(key);
    } else {
      out.insert_or_assign(std::move(key), std::move(value));
    }
  }
  return c.ok();
}

template <class T>
bool read_sequence(json_cursor& c, T& out) {
  if (!c.enter('[')) return c.fail("expected an array");
  if constexpr (is_vector<T>) out.clear();
  const auto wrong_length = [&] { return c.fail_range("expected an array of " + std::to_string(out.size())); };
  std::size_t n = 0;
  for (; c.next_element(); ++n) {
    typename T::value_type element{};
    if constexpr (is_array<T>) {
      if (n == out.size()) return wrong_length();
    }
    if (!detail::read(c, element)) {
      c.fail_in(n);
      return false;
    }
    if constexpr (is_vector<T>) {
      out.push_back(std::move(element));
    } else {
      out[n] = std::move(element);
    }
  }
  if constexpr (is_array<T>) {
    if (n != out.size()) return wrong_length();
  }
  return c.ok();
}

template <class T>
bool read(json_cursor& c, T& out) {
  if constexpr (json_type<T>) {
    return detail::read_json(c, out);
  } else if constexpr (std::same_as<T, bool>) {
    return c.read_bool(out) || c.fail("expected true or false");
  } else if constexpr (std::is_integral_v<T>) {
    return c.read_integer(out);
  } else if constexpr (std::same_as<T, double>) {
    return c.read_double(out) || c.fail("expected a number");
  } else if constexpr (std::same_as<T, float>) {
    return c.read_float(out) || c.fail("expected a number");
  } else if constexpr (std::same_as<T, std::string>) {
    return c.read_string(out) || c.fail("expected text");
  } else if constexpr (enumeration<T>) {
    return detail::read_enumerator(c, out);
  } else if constexpr (std::same_as<T, timestamp>) {
    return detail::read_timestamp(c, out);
  } else if constexpr (is_duration<T>) {
    typename T::rep count{};
    if (!detail::read(c, count)) return false;
    out = T{count};
    return true;
  } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
    return detail::read_date(c, out);
  } else if constexpr (is_as_text<T>) {
    return detail::read_as_text(c, out);
  } else if constexpr (id_type<T>) {
    return detail::read(c, out.value);
  } else if constexpr (reducer<T>) {
    typename T::twinlane_kept kept{};
    return detail::read(c, kept) && (out.restore(std::move(kept)) || c.fail("expected what a reducer has kept"));
  } else if constexpr (is_optional<T>) {
    out.reset();
    if (c.peek() == 'n') return c.read_null();
    return detail::read(c, out.emplace());
  } else if constexpr (is_map<T>) {
    return detail::read_map(c, out);
  } else if constexpr (sequence<T>) {
    return detail::read_sequence(c, out);
  } else {
    static_assert(record<T>, "not a record: describe it with BOOST_DESCRIBE_STRUCT, see lanes/codec.hpp");
    return detail::read_record(c, out);
  }
}

template <class T>
decode_status read_document(json_cursor& c, std::string_view text, T& out) {
  out = T{};
  if (c.open(text) == lane_errc::none && detail::read(c, out) && c.at_end()) return {};
  return c.explain();
}

}  // namespace twinlane::detail
