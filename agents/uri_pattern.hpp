#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <twinlane/agents/expression.hpp>

namespace twinlane {

/// The URI of another agent with expressions in it: `/segment/{profile.club_status}`.
///
/// Shape   segments in canonical percent-encoding; in braces, an expression that gives text, a number or a boolean
/// Errors  compile() answers every mistake with its place
class uri_pattern {
 public:
  using outcome = boost::system::result<uri_pattern, expression_error>;
  static outcome compile(std::string_view text, const expression_scope& scope);

  /// The canonical URI; nothing when a segment is empty, as with null.
  std::optional<std::string> uri(const expression_context& c) const;
  /// A URI of its shape, to find the route that takes it.
  const std::string& sample() const noexcept { return sample_; }

 private:
  struct part {
    std::string text;
    std::optional<expression> hole;
  };
  uri_pattern() = default;

  std::vector<std::vector<part>> segments_;
  std::string sample_;
};

}  // namespace twinlane
