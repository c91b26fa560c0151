#pragma once

#include <compare>
#include <forward_list>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>
#include <twinlane/agents/detail/expression_tree.hpp>

namespace twinlane::detail::expr {

/// One run of a program over one context, with what it makes on the way.
///
/// Cost    a step a node and entry; more for long texts and documents
/// Errors  expression_overrun when a bound is passed
class evaluation {
 public:
  evaluation(const program& p, const expression_context& c) noexcept : program_(p), context_(c) {}

  /// What it answers lies in the context, the program or this object.
  value run() { return at(program_.root); }

  const expression_context& context() const noexcept { return context_; }
  void spend(std::size_t steps) {
    steps_ += steps;
    if (steps_ > expression::steps_max) out_of_steps();
  }
  /// For looking at all bytes of something.
  void spend_bytes(std::size_t bytes) { spend(bytes / 256); }
  /// Keeps what was made until the end, within the bounds.
  value keep(std::string made);
  value keep(nlohmann::json made);
  /// Counts bytes that are held until the end, or belong to the answer.
  void hold(std::size_t bytes);
  /// Throws when an answer of that size is too large.
  static void check_result(std::size_t bytes);
  /// As equals() and compare(), with the steps that they take.
  bool equal(const value& a, const value& b);
  std::optional<std::strong_ordering> order(const value& a, const value& b);

 private:
  [[noreturn]] void out_of_steps();
  value at(std::uint32_t ref);
  value operate(const node& n);
  value all_of(const node& n);
  value any_of(const node& n);
  value test_equal(const node& n);
  value test_order(const node& n);
  value one_of(const node& n);
  value between(const node& n);
  value like(const node& n);
  value choose(const node& n);
  value function(const node& n);
  value object(const node& n);
  value list(const node& n);
  value member(const node& n);
  value index(const node& n);
  value whole_lane(const node& n);
  value key();

  // expression_reducers.cpp
  value reduce(const node& n);
  value count(const node& n);
  value latest(const node& n);
  value number_of(const node& n);
  value extreme(const node& n);
  value median(const node& n);
  value test(const node& n);
  value distinct(const node& n);
  value collect(const node& n);
  /// Calls with the value of the inner expression for each entry, until the answer is false.
  void walk(const node& n, const std::function<bool(const value&)>& see);

  const program& program_;
  const expression_context& context_;
  std::size_t steps_ = 0;
  std::size_t held_ = 0;
  value entry_, key_;
  bool in_entry_ = false;
  std::forward_list<std::string> texts_;
  std::forward_list<nlohmann::json> documents_;
};

}  // namespace twinlane::detail::expr
