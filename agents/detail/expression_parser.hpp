#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include <twinlane/agents/detail/expression_lexer.hpp>
#include <twinlane/agents/detail/expression_tree.hpp>

namespace twinlane::detail::expr {

/// Reads a text into a tree by recursive descent, within the bounds on nesting and height.
///
/// Errors  mistake
class parser {
 public:
  parser(std::string_view text, program& to);
  void parse();

 private:
  using ref = std::uint32_t;
  class deeper;

  ref any_of();
  ref all_of();
  ref invert();
  ref comparison();
  ref set_test(ref left, std::size_t at);
  ref sum();
  ref product();
  ref unary();
  ref postfix();
  ref primary();
  ref word();
  ref null(std::size_t at);
  ref call(const token& name);
  ref if_call(std::size_t at);
  ref case_when(std::size_t at);
  ref object(std::size_t at);
  ref list(std::size_t at);
  std::vector<ref> until(std::string_view close);

  ref make(op what, std::size_t at, std::vector<ref> in, std::string text = {});
  ref negative(bool is, std::size_t at, ref inner) { return is ? make(op::invert, at, {inner}) : inner; }
  token take();
  bool sees(std::string_view sign) const { return now_.is == token::kind::sign && now_.raw == sign; }
  bool sees_word(std::string_view w) const { return now_.is == token::kind::word && same_word(now_.raw, w); }
  bool take_sign(std::string_view sign);
  bool take_word(std::string_view w);
  void expect(std::string_view sign, std::string_view why);
  [[noreturn]] void unexpected(std::string_view wanted) const;

  lexer lexer_;
  program& to_;
  token now_;
  unsigned depth_ = 0;
};

}  // namespace twinlane::detail::expr
