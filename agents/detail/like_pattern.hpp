#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twinlane::detail::expr {

/// A pattern of `like`: % stands for any text, _ for one character, \% \_ \\ for the sign itself.
///
/// Cost  linear in the text: at most characters_max comparisons a byte
class like_pattern {
 public:
  /// Characters of a piece between two % that has an _.
  static constexpr std::size_t characters_max = 64;

  /// Nothing when a piece with _ is too long, or the pattern ends in a lone \.
  static std::optional<like_pattern> parse(std::string_view pattern);
  bool matches(std::string_view text) const noexcept;

 private:
  struct piece {
    std::string text;
    std::vector<bool> wild;  // a byte that stands for one character; empty when there is none
  };
  static const char* match_at(const piece& p, const char* from, const char* to) noexcept;
  static const char* find(const piece& p, const char*& from, const char* to) noexcept;
  static bool ends_with(const piece& p, const char* from, const char* to) noexcept;

  std::vector<piece> pieces_;  // between them, any text
};

/// Finds one text in another in linear time; npos when it is not there.
std::size_t find_text(std::string_view in, std::string_view what) noexcept;

}  // namespace twinlane::detail::expr
