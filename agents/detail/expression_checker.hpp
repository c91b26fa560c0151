#pragma once

#include <string>
#include <string_view>

#include <twinlane/agents/detail/expression_lexer.hpp>
#include <twinlane/agents/detail/expression_tree.hpp>

namespace twinlane::detail::expr {

/// Finds what names and calls mean, and that operators get kinds of values that they can work with.
///
/// Errors  mistake
class checker {
 public:
  checker(program& p, const expression_scope& scope) : program_(p), scope_(scope) {}
  void check(kinds wanted);

 private:
  using ref = std::uint32_t;

  void resolve(ref r);
  void resolve_children(const node& n);
  void operators(node& n);
  void name(node& n);
  bool lane(node& n, std::string_view called);
  void member(node& n);
  void index(node& n);
  void call(node& n);
  void function(node& n);
  bool reduce(node& n);
  void param(node& n);
  void logic(node& n, std::string_view shown);
  void arithmetic(node& n, std::string_view sign);
  void equality(const node& n, ref a, ref b);
  void order(const node& n, ref a, ref b, std::string_view sign);
  void like(node& n);
  void choose(node& n);

  bool named(ref r, std::string_view word) const;
  kinds of(ref r) const { return program_.nodes[r].is; }
  /// 0 is null alone, which goes everywhere.
  bool fits(ref r, kinds wanted) const { return of(r) == 0 || (of(r) & wanted) != 0; }
  [[noreturn]] void unknown_name(const node& n) const;
  [[noreturn]] void unknown_call(const node& n) const;

  program& program_;
  const expression_scope& scope_;
  unsigned in_reducer_ = 0;
};

}  // namespace twinlane::detail::expr
