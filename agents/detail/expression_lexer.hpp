#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <twinlane/agents/detail/expression_value.hpp>

namespace twinlane::detail::expr {

/// A mistake in the text of an expression, on its way out of the compiler.
struct mistake {
  std::size_t at;  // bytes before it
  std::string message;
};

/// A word, a sign or a literal.
struct token {
  enum class kind : unsigned char { end, number, text, word, sign };
  kind is = kind::end;
  std::size_t at = 0;
  std::string_view raw;  // as written
  value number;          // of a number, or a duration in milliseconds
  std::string text;      // of a text, without quotes
};

/// Cuts a text into tokens, one at a time.
///
/// Errors  mistake
class lexer {
 public:
  explicit lexer(std::string_view text);
  token next();

 private:
  token read_number();
  token read_text();
  token read_word();
  token read_sign();
  value read_unit(std::size_t from, std::size_t to, value amount);

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Are they the same word, but for the case of ASCII letters?
bool same_word(std::string_view a, std::string_view lower) noexcept;

}  // namespace twinlane::detail::expr
