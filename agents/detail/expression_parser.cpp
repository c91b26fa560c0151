#include <twinlane/agents/detail/expression_parser.hpp>

#include <algorithm>
#include <iterator>

namespace twinlane::detail::expr {
namespace {

constexpr std::string_view reserved[] = {"and",  "or",   "not",  "in",  "between", "like",  "is",  "case",
                                         "when", "then", "else", "end", "true",    "false", "null"};

bool is_reserved(std::string_view w) {
  return std::any_of(std::begin(reserved), std::end(reserved), [&](auto r) { return same_word(w, r); });
}

const std::pair<std::string_view, op> comparisons[] = {{"=", op::equal},    {"==", op::equal},   {"!=", op::unequal},
                                                       {"<>", op::unequal}, {"<", op::less},     {"<=", op::at_most},
                                                       {">", op::greater},  {">=", op::at_least}};

}  // namespace

/// One level of parentheses, calls or signs, for as long as it lives.
class parser::deeper {
 public:
  explicit deeper(parser& p) : parser_(p) {
    // The expression itself is a level too.
    if (++p.depth_ > expression::nesting_max + 1)
      throw mistake{p.now_.at, "more than " + std::to_string(expression::nesting_max) +
                                   " levels of parentheses and calls. Split the expression over several lanes."};
  }
  ~deeper() { --parser_.depth_; }
  deeper(const deeper&) = delete;
  deeper& operator=(const deeper&) = delete;

 private:
  parser& parser_;
};

parser::parser(std::string_view text, program& to) : lexer_(text), to_(to), now_(lexer_.next()) {
  make(op::record, 0, {});
  make(op::entry, 0, {});
}

void parser::parse() {
  if (now_.is == token::kind::end) throw mistake{0, "the expression is empty."};
  to_.root = any_of();
  if (now_.is != token::kind::end) unexpected("an operator or the end");
}

parser::ref parser::make(op what, std::size_t at, std::vector<ref> in, std::string text) {
  node n;
  n.what = what;
  n.at = static_cast<std::uint32_t>(at);
  for (const auto child : in) n.height = std::max<std::uint16_t>(n.height, to_.nodes[child].height + 1);
  if (n.height > expression::height_max)
    throw mistake{at, "more than " + std::to_string(expression::height_max) + " operators in a row. Use parentheses."};
  n.in = std::move(in);
  n.text = std::move(text);
  to_.nodes.push_back(std::move(n));
  return static_cast<ref>(to_.nodes.size() - 1);
}

token parser::take() { return std::exchange(now_, lexer_.next()); }

bool parser::take_sign(std::string_view sign) {
  if (!sees(sign)) return false;
  take();
  return true;
}

bool parser::take_word(std::string_view w) {
  if (!sees_word(w)) return false;
  take();
  return true;
}

void parser::expect(std::string_view sign, std::string_view why) {
  if (!take_sign(sign)) unexpected("'" + std::string(sign) + "' " + std::string(why));
}

void parser::unexpected(std::string_view wanted) const {
  std::string found =
      now_.is == token::kind::end ? "the expression ends" : "here is " + std::string(now_.raw.substr(0, 40));
  throw mistake{now_.at, "expected " + std::string(wanted) + ", and " + found + "."};
}

parser::ref parser::any_of() {
  const deeper guard(*this);
  const auto at = now_.at;
  std::vector<ref> parts{all_of()};
  while (take_word("or")) parts.push_back(all_of());
  return parts.size() == 1 ? parts[0] : make(op::any_of, at, std::move(parts));
}

parser::ref parser::all_of() {
  const auto at = now_.at;
  std::vector<ref> parts{invert()};
  while (take_word("and")) parts.push_back(invert());
  return parts.size() == 1 ? parts[0] : make(op::all_of, at, std::move(parts));
}

parser::ref parser::invert() {
  const auto at = now_.at;
  if (!take_word("not")) return comparison();
  const deeper guard(*this);
  return make(op::invert, at, {invert()});
}

parser::ref parser::comparison() {
  const auto left = sum();
  const auto at = now_.at;
  if (take_word("is")) {
    const bool inverted = take_word("not");
    if (!take_word("null")) unexpected("null or not null behind is");
    return negative(inverted, at, make(op::is_null, at, {left}));
  }
  if (sees_word("not") || sees_word("in") || sees_word("between") || sees_word("like")) return set_test(left, at);
  if (now_.is != token::kind::sign) return left;
  const auto* found =
      std::find_if(std::begin(comparisons), std::end(comparisons), [&](const auto& c) { return c.first == now_.raw; });
  if (found == std::end(comparisons)) return left;
  take();
  const auto right = sum();
  for (const auto& c : comparisons)
    if (sees(c.first)) throw mistake{now_.at, "comparisons do not chain. Write a < b and b < c."};
  return make(found->second, at, {left, right});
}

parser::ref parser::set_test(ref left, std::size_t at) {
  const bool inverted = take_word("not");
  if (take_word("in")) {
    expect("(", "behind in. To look into a list of the record, write contains(list, x)");
    std::vector<ref> parts = until(")");
    if (parts.empty()) throw mistake{at, "in () is never true. Write the values between the parentheses."};
    parts.insert(parts.begin(), left);
    return negative(inverted, at, make(op::one_of, at, std::move(parts)));
  }
  if (take_word("between")) {
    const auto low = sum();
    if (!take_word("and")) unexpected("and: between 1 and 5");
    return negative(inverted, at, make(op::between, at, {left, low, sum()}));
  }
  if (!take_word("like")) unexpected("in, between or like behind not");
  if (now_.is != token::kind::text) unexpected("a pattern behind like: 'abc%'");
  const auto pattern = take();
  return negative(inverted, at, make(op::like, pattern.at, {left}, pattern.text));
}

parser::ref parser::sum() {
  auto left = product();
  while (sees("+") || sees("-")) {
    const auto sign = take();
    const auto right = product();
    left = make(sign.raw == "+" ? op::add : op::subtract, sign.at, {left, right});
  }
  return left;
}

parser::ref parser::product() {
  auto left = unary();
  while (sees("*") || sees("/") || sees("%")) {
    const auto sign = take();
    const auto right = unary();
    left = make(sign.raw == "*" ? op::multiply : sign.raw == "/" ? op::divide : op::remainder, sign.at, {left, right});
  }
  return left;
}

parser::ref parser::unary() {
  const auto at = now_.at;
  if (!take_sign("-")) return postfix();
  const deeper guard(*this);
  return make(op::negate, at, {unary()});
}

parser::ref parser::postfix() {
  auto left = primary();
  while (true) {
    const auto at = now_.at;
    if (take_sign(".")) {
      if (now_.is != token::kind::word) unexpected("a name behind the point. An odd name is written a['odd name']");
      left = make(op::member, at, {left}, std::string(take().raw));
    } else if (take_sign("[")) {
      const auto inside = any_of();
      expect("]", "at the end of [");
      left = make(op::index, at, {left, inside});
    } else {
      return left;
    }
  }
}

parser::ref parser::primary() {
  const auto at = now_.at;
  if (now_.is == token::kind::number || now_.is == token::kind::text) {
    auto t = take();
    const auto made = make(op::literal, at, {}, std::move(t.text));
    to_.nodes[made].constant = t.number;
    // A text is looked at where it lies in the finished tree.
    to_.nodes[made].is = t.is == token::kind::text ? a_text : a_number;
    return made;
  }
  if (now_.is == token::kind::word) return word();
  if (take_sign("(")) {
    const auto inside = any_of();
    expect(")", "at the end of (");
    return inside;
  }
  if (take_sign("{")) return object(at);
  if (take_sign("[")) return list(at);
  unexpected("a value");
}

parser::ref parser::word() {
  const auto name = take();
  if (same_word(name.raw, "true") || same_word(name.raw, "false")) {
    const auto made = make(op::literal, name.at, {});
    to_.nodes[made].constant = value::of(same_word(name.raw, "true"));
    to_.nodes[made].is = a_boolean;
    return made;
  }
  if (same_word(name.raw, "null")) return null(name.at);
  if (same_word(name.raw, "case")) return case_when(name.at);
  if (is_reserved(name.raw))
    throw mistake{name.at, "expected a value, and here is the word " + std::string(name.raw) +
                               ". A field of that name is written record['" + std::string(name.raw) + "']."};
  if (take_sign("(")) return same_word(name.raw, "if") ? if_call(name.at) : call(name);
  return make(op::name, name.at, {}, std::string(name.raw));
}

parser::ref parser::null(std::size_t at) {
  const auto made = make(op::literal, at, {});
  to_.nodes[made].is = 0;
  return made;
}

parser::ref parser::call(const token& name) { return make(op::call, name.at, until(")"), std::string(name.raw)); }

parser::ref parser::if_call(std::size_t at) {
  auto parts = until(")");
  if (parts.size() == 2) parts.push_back(null(at));
  if (parts.size() != 3) throw mistake{at, "if takes a condition and two values: if(a > b, a, b)."};
  return make(op::choose, at, std::move(parts));
}

parser::ref parser::case_when(std::size_t at) {
  std::vector<ref> parts;
  while (take_word("when")) {
    parts.push_back(any_of());
    if (!take_word("then")) unexpected("then: case when a > b then a else b end");
    parts.push_back(any_of());
  }
  if (parts.empty()) unexpected("when: case when a > b then a else b end");
  if (take_word("else")) {
    parts.push_back(any_of());
  } else {
    parts.push_back(null(at));
  }
  if (!take_word("end")) unexpected("end: case when a > b then a else b end");
  return make(op::choose, at, std::move(parts));
}

parser::ref parser::object(std::size_t at) {
  std::vector<std::string> names;
  std::vector<ref> values;
  while (!sees("}")) {
    if (now_.is != token::kind::word && now_.is != token::kind::text) unexpected("the name of a member: {name: value}");
    auto name = take();
    names.push_back(name.is == token::kind::text ? std::move(name.text) : std::string(name.raw));
    if (std::count(names.begin(), names.end(), names.back()) > 1)
      throw mistake{name.at, "the object has a member '" + names.back() + "' already."};
    expect(":", "behind the name of a member: {name: value}");
    values.push_back(any_of());
    if (!take_sign(",")) break;
  }
  expect("}", "at the end of {");
  const auto made = make(op::object, at, std::move(values));
  to_.nodes[made].is = an_object;
  to_.nodes[made].members = std::move(names);
  return made;
}

parser::ref parser::list(std::size_t at) {
  const auto made = make(op::list, at, until("]"));
  to_.nodes[made].is = a_list;
  return made;
}

std::vector<parser::ref> parser::until(std::string_view close) {
  std::vector<ref> parts;
  while (!sees(close)) {
    parts.push_back(any_of());
    if (!take_sign(",")) break;
  }
  expect(close, "or ','");
  return parts;
}

}  // namespace twinlane::detail::expr
