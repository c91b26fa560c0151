#pragma once

#include <limits>
#include <string>

#include <nlohmann/json.hpp>
#include <twinlane/lanes/detail/values.hpp>
#include <twinlane/lanes/record.hpp>

namespace twinlane {
namespace detail {

template <class Int>
nlohmann::json integer_schema() {
  return {
      {"type", "integer"}, {"minimum", std::numeric_limits<Int>::min()}, {"maximum", std::numeric_limits<Int>::max()}};
}

template <class T, class... Seen>
nlohmann::json schema_of() {
  using nlohmann::json;
  if constexpr ((std::same_as<T, Seen> || ...)) {
    return {{"type", "object"}};  // a record that holds itself is described once
  } else if constexpr (json_type<T>) {
    return json::object();
  } else if constexpr (std::same_as<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::is_integral_v<T>) {
    return integer_schema<T>();
  } else if constexpr (std::is_floating_point_v<T>) {
    return {{"type", "number"}};
  } else if constexpr (std::same_as<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (enumeration<T>) {
    json names = json::array();
    boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>([&](auto d) { names.push_back(d.name); });
    return {{"type", "string"}, {"enum", std::move(names)}};
  } else if constexpr (std::same_as<T, timestamp>) {
    return {{"type", "integer"}, {"description", "milliseconds since the epoch"}};
  } else if constexpr (is_duration<T>) {
    return schema_of<typename T::rep>();
  } else if constexpr (std::same_as<T, std::chrono::year_month_day>) {
    return {{"type", "string"}, {"format", "date"}};
  } else if constexpr (is_as_text<T>) {
    return {{"type", "string"}, {"pattern", "^-?[0-9]+$"}};
  } else if constexpr (id_type<T>) {
    return schema_of<typename T::twinlane_key>();
  } else if constexpr (reducer<T>) {
    return schema_of<shown_type<T>, Seen...>();
  } else if constexpr (is_optional<T>) {
    return schema_of<typename T::value_type, Seen...>();
  } else if constexpr (sequence<T>) {
    json s = {{"type", "array"}, {"items", schema_of<typename T::value_type, Seen...>()}};
    if constexpr (is_array<T>) s["minItems"] = s["maxItems"] = std::tuple_size_v<T>;
    return s;
  } else if constexpr (is_map<T>) {
    return {{"type", "object"}, {"additionalProperties", schema_of<typename T::mapped_type, Seen...>()}};
  } else {
    json members = json::object();
    for_each_member<T>([&](auto d) { members[d.name] = schema_of<member_type<T, decltype(d)>, T, Seen...>(); });
    return {{"type", "object"}, {"properties", std::move(members)}};
  }
}

}  // namespace detail

/// A JSON Schema (2020-12) of what encode() writes for T, for command forms and openapi.json. Nothing is required:
/// absent members keep their defaults.
template <class T>
void describe(nlohmann::json& out) {
  out = detail::schema_of<T>();
}

}  // namespace twinlane
