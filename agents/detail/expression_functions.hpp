#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include <twinlane/agents/detail/expression_tree.hpp>

namespace twinlane::detail::expr {

class evaluation;

/// Arguments of one call.
inline constexpr std::size_t arguments_max = 16;

/// A function of the language. It is run with arguments of the kinds that it takes; for others its answer is null.
struct function {
  std::string_view name;
  std::string_view shown;      // with its arguments, as in the documentation
  std::array<kinds, 4> takes;  // by position
  std::uint8_t least, most;    // arguments; beyond those listed all are as the last one listed
  std::uint8_t listed;
  kinds gives;  // 0: what its arguments are
  bool takes_null;
  value (*run)(evaluation&, std::span<const value>);

  kinds taken(std::size_t i) const noexcept { return takes[i < listed ? i : listed - 1u]; }
};

std::span<const function> functions();

struct reducer_name {
  std::string_view name;
  std::string_view shown;
  reducer by;
  bool may_omit, may_give;  // the expression for each entry
  kinds takes, gives;       // of that expression; of the whole
};

std::span<const reducer_name> reducers();

// expression_text.cpp
value lower(evaluation&, std::span<const value>);
value upper(evaluation&, std::span<const value>);
value trim(evaluation&, std::span<const value>);
value length(evaluation&, std::span<const value>);
value contains(evaluation&, std::span<const value>);
value starts_with(evaluation&, std::span<const value>);
value ends_with(evaluation&, std::span<const value>);
value substring(evaluation&, std::span<const value>);
value replace(evaluation&, std::span<const value>);
value split(evaluation&, std::span<const value>);
value concat(evaluation&, std::span<const value>);
value to_text(evaluation&, std::span<const value>);
value to_number(evaluation&, std::span<const value>);

// expression_numbers.cpp
value absolute(evaluation&, std::span<const value>);
value round(evaluation&, std::span<const value>);
value floor(evaluation&, std::span<const value>);
value ceil(evaluation&, std::span<const value>);
value least(evaluation&, std::span<const value>);
value greatest(evaluation&, std::span<const value>);
value coalesce(evaluation&, std::span<const value>);
value within(evaluation&, std::span<const value>);
value own_uri(evaluation&, std::span<const value>);

// expression_time.cpp
value now(evaluation&, std::span<const value>);
value event_time(evaluation&, std::span<const value>);
value parse_time_text(evaluation&, std::span<const value>);
value format_time(evaluation&, std::span<const value>);
value year(evaluation&, std::span<const value>);
value month(evaluation&, std::span<const value>);
value day(evaluation&, std::span<const value>);
value hour(evaluation&, std::span<const value>);
value minute(evaluation&, std::span<const value>);
value second(evaluation&, std::span<const value>);
value day_of_week(evaluation&, std::span<const value>);
value truncate_time(evaluation&, std::span<const value>);

}  // namespace twinlane::detail::expr
