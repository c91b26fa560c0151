#pragma once

#include <optional>
#include <string_view>

#include <twinlane/agents/expression.hpp>
#include <twinlane/agents/uri_pattern.hpp>
#include <twinlane/runtime/app/detail/config_reader.hpp>

namespace twinlane::app::detail {

/// Reads keys whose values are expressions, and says what is wrong with them at their place in the file.
class expression_reader {
 public:
  expression_reader(map_reader& from, problem_list& problems) : from_(&from), problems_(&problems) {}

  std::optional<expression> read(std::string_view key, const expression_scope& scope,
                                 expression_kind wanted = expression_kind::any);
  std::optional<uri_pattern> read_uri(std::string_view key, const expression_scope& scope);
  /// The part of a scalar's text from byte `from` to `to`.
  std::optional<expression> read_part(std::string_view key, const yaml_node& scalar, std::size_t from, std::size_t to,
                                      const expression_scope& scope, expression_kind wanted);
  /// A problem at a byte of a scalar's text.
  void problem(std::string_view key, const yaml_node& scalar, std::size_t at, const std::string& what);

 private:
  const yaml_node* scalar(std::string_view key);

  map_reader* from_;
  problem_list* problems_;
};

}  // namespace twinlane::app::detail
