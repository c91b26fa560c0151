#include <twinlane/agents/detail/expression_checker.hpp>

#include <algorithm>
#include <utility>

namespace twinlane::detail::expr {
namespace {

std::string_view sign_of(op what) {
  switch (what) {
    case op::negate:
    case op::subtract:
      return "-";
    case op::add:
      return "+";
    case op::multiply:
      return "*";
    case op::divide:
      return "/";
    case op::remainder:
      return "%";
    case op::less:
      return "<";
    case op::at_most:
      return "<=";
    case op::greater:
      return ">";
    case op::at_least:
      return ">=";
    case op::invert:
      return "not";
    case op::all_of:
      return "and";
    default:
      return "or";
  }
}

}  // namespace

void checker::check(kinds wanted) {
  resolve(program_.root);
  if (!fits(program_.root, wanted))
    throw mistake{program_.nodes[program_.root].at, "the expression gives " + describe(of(program_.root)) + ", and " +
                                                        describe(wanted) + " is needed here."};
  for (auto& n : program_.nodes)
    if (n.what == op::literal && n.is == a_text) n.constant = value::of(std::string_view(n.text));
  auto& lanes = program_.lanes;
  std::sort(lanes.begin(), lanes.end());
  lanes.erase(std::unique(lanes.begin(), lanes.end()), lanes.end());
}

void checker::resolve(ref r) {
  auto& n = program_.nodes[r];
  if (std::exchange(n.resolved, true)) return;
  switch (n.what) {
    case op::name:
      return name(n);
    case op::call:
      return call(n);
    case op::member:
      return member(n);
    case op::index:
      return index(n);
    case op::choose:
      return choose(n);
    default:
      resolve_children(n);
      return operators(n);
  }
}

void checker::operators(node& n) {
  switch (n.what) {
    case op::invert:
    case op::all_of:
    case op::any_of:
      return logic(n, sign_of(n.what));
    case op::negate:
    case op::add:
    case op::subtract:
    case op::multiply:
    case op::divide:
    case op::remainder:
      return arithmetic(n, sign_of(n.what));
    case op::equal:
    case op::unequal:
      n.is = a_boolean;
      return equality(n, n.in[0], n.in[1]);
    case op::one_of:
      n.is = a_boolean;
      for (std::size_t i = 1; i < n.in.size(); ++i) equality(n, n.in[0], n.in[i]);
      return;
    case op::less:
    case op::at_most:
    case op::greater:
    case op::at_least:
      n.is = a_boolean;
      return order(n, n.in[0], n.in[1], sign_of(n.what));
    case op::between:
      n.is = a_boolean;
      order(n, n.in[0], n.in[1], "between");
      return order(n, n.in[0], n.in[2], "between");
    case op::like:
      return like(n);
    case op::is_null:
      n.is = a_boolean;
      return;
    default:
      return;
  }
}

void checker::resolve_children(const node& n) {
  for (const auto child : n.in) resolve(child);
}

void checker::logic(node& n, std::string_view shown) {
  n.is = a_boolean;
  for (const auto child : n.in)
    if (!fits(child, a_boolean))
      throw mistake{program_.nodes[child].at,
                    "'" + std::string(shown) + "' needs true or false, and this is " + describe(of(child)) + "."};
}

void checker::arithmetic(node& n, std::string_view sign) {
  n.is = a_number;
  for (const auto child : n.in) {
    if (fits(child, a_number)) continue;
    std::string hint = n.what == op::add && of(child) == a_text ? " Texts are joined by concat(a, b)." : "";
    throw mistake{program_.nodes[child].at,
                  "'" + std::string(sign) + "' needs numbers, and this is " + describe(of(child)) + "." + hint};
  }
}

void checker::equality(const node& n, ref a, ref b) {
  if (of(a) == 0 || of(b) == 0)
    throw mistake{n.at, "nothing is equal to null, nor unequal. Write x is null or x is not null."};
  if ((of(a) & of(b)) == 0)
    throw mistake{n.at, describe(of(a)) + " is compared with " + describe(of(b)) + ", and they are never equal."};
}

void checker::order(const node& n, ref a, ref b, std::string_view sign) {
  if (of(a) == 0 || of(b) == 0) throw mistake{n.at, "nothing is less or greater than null. Write x is null."};
  for (const auto r : {a, b})
    if (!fits(r, a_number | a_text | a_boolean))
      throw mistake{program_.nodes[r].at,
                    "'" + std::string(sign) + "' needs numbers or texts, and this is " + describe(of(r)) + "."};
  if ((of(a) & of(b)) == 0)
    throw mistake{n.at, describe(of(a)) + " is compared with " + describe(of(b)) + ", and they have no order."};
}

void checker::like(node& n) {
  n.is = a_boolean;
  if (!fits(n.in[0], a_text))
    throw mistake{program_.nodes[n.in[0]].at, "'like' needs text, and this is " + describe(of(n.in[0])) + "."};
  auto pattern = like_pattern::parse(n.text);
  if (!pattern)
    throw mistake{n.at, "the pattern ends in a single \\, or has more than " +
                            std::to_string(like_pattern::characters_max) +
                            " characters without a % among which are _. Shorten it."};
  n.index = static_cast<std::uint32_t>(program_.patterns.size());
  program_.patterns.push_back(std::move(*pattern));
}

void checker::choose(node& n) {
  resolve_children(n);
  n.is = of(n.in.back());
  for (std::size_t i = 0; i + 1 < n.in.size(); i += 2) {
    if (!fits(n.in[i], a_boolean))
      throw mistake{program_.nodes[n.in[i]].at,
                    "the condition needs true or false, and this is " + describe(of(n.in[i])) + "."};
    n.is |= of(n.in[i + 1]);
  }
}

}  // namespace twinlane::detail::expr
