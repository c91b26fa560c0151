#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <twinlane/agents/detail/expression_value.hpp>
#include <twinlane/agents/detail/like_pattern.hpp>

namespace twinlane::detail::expr {

/// What a node does. The parser leaves names and calls open; the checker turns each into one of those below it.
enum class op : std::uint8_t {
  name,
  call,
  literal,
  record,
  entry,
  key,
  lane,     // single: its value
  entries,  // keyed: all of it
  param,
  function,
  reduce,  // children: what is reduced (unless it is a keyed lane), then the expression for each entry
  member,  // child . text
  index,   // child [ child ]
  negate,
  invert,
  all_of,
  any_of,
  add,
  subtract,
  multiply,
  divide,
  remainder,
  equal,
  unequal,
  less,
  at_most,
  greater,
  at_least,
  one_of,   // child in (children…)
  between,  // child between child and child
  like,
  is_null,
  choose,  // condition, value, …, otherwise
  object,
  list
};

enum class reducer : std::uint8_t { count, sum, mean, min, max, median, any, all, latest, distinct, collect };

/// The first nodes of every program: what a bare name is a member of.
inline constexpr std::uint32_t the_record = 0, the_entry = 1;

struct node {
  op what{};
  kinds is = any_kind;
  reducer by{};
  bool resolved = false;  // by the checker
  std::uint16_t height = 1;
  std::uint32_t at = 0;              // bytes before it in the text
  std::uint32_t index = 0;           // of the lane, parameter, function or pattern
  std::vector<std::uint32_t> in;     // children
  value constant;                    // literal
  std::string text;                  // name, member, or what a literal shows
  std::vector<std::string> members;  // names of an object's members, one a child
};

/// A compiled expression. Nodes stay where they are: constants look into them.
struct program {
  std::string source;
  std::vector<node> nodes;
  std::vector<like_pattern> patterns;
  std::vector<std::size_t> lanes;
  std::uint32_t root = 0;
};

}  // namespace twinlane::detail::expr
