#include <twinlane/agents/detail/expression_lexer.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

#include <simdjson.h>

#include <twinlane/lanes/detail/json_scalar.hpp>

namespace twinlane::detail::expr {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Every byte of a character beyond ASCII counts as a letter.
bool is_letter(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

bool same_word(std::string_view a, std::string_view lower) noexcept {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x + ('a' - 'A') : x) == y; });
}

lexer::lexer(std::string_view text) : text_(text) {
  if (text.size() > expression::bytes_max)
    throw mistake{0, "the expression has " + std::to_string(text.size()) + " bytes, and at most " +
                         std::to_string(expression::bytes_max) + " are allowed. Split it over several lanes."};
  if (!simdjson::validate_utf8(text.data(), text.size())) throw mistake{0, "the expression is not valid UTF-8."};
  const auto zero = text.find('\0');
  if (zero != text.npos) throw mistake{zero, "a zero byte cannot be part of an expression."};
}

token lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  if (at_ == text_.size()) return {token::kind::end, at_, {}, {}, {}};
  const char c = text_[at_];
  if (is_digit(c)) return read_number();
  if (c == '\'') return read_text();
  if (is_letter(c)) return read_word();
  return read_sign();
}

token lexer::read_number() {
  const auto from = at_;
  const auto digits = [this] {
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  };
  digits();
  bool whole = true;
  if (at_ + 1 < text_.size() && text_[at_] == '.' && is_digit(text_[at_ + 1])) {
    whole = false;
    ++at_;
    digits();
  }
  // An e that no digits follow is a unit or a mistake.
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) {
    auto exponent = at_ + 1;
    if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
    if (exponent < text_.size() && is_digit(text_[exponent])) {
      whole = false;
      at_ = exponent;
      digits();
    }
  }
  const auto raw = text_.substr(from, at_ - from);
  value amount;
  std::int64_t i = 0;
  double d = 0;
  if (raw.size() > 1 && raw[0] == '0' && is_digit(raw[1]))
    throw mistake{from,
                  "a number does not begin with 0. Leave the zeros out, or write text: '" + std::string(raw) + "'."};
  if (whole && std::from_chars(raw.data(), raw.data() + raw.size(), i).ec == std::errc{}) {
    amount = value::of(i);
  } else if (!whole && parse_real(raw.data(), raw.data() + raw.size(), d)) {
    amount = value::of(d);
  } else {
    throw mistake{from, "the number " + std::string(raw.substr(0, 40)) +
                            " is too great. Integers go up to 9223372036854775807; write 1e20 for a real."};
  }
  const auto unit = at_;
  while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
  if (unit != at_) amount = read_unit(unit, at_, amount);
  return {token::kind::number, from, text_.substr(from, at_ - from), amount, {}};
}

value lexer::read_unit(std::size_t from, std::size_t to, value amount) {
  constexpr std::pair<std::string_view, std::int64_t> units[] = {
      {"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};
  const auto unit = text_.substr(from, to - from);
  for (const auto& [name, ms] : units)
    if (unit == name) return multiply(amount, value::of(ms));
  throw mistake{from, "'" + std::string(unit.substr(0, 40)) +
                          "' behind a number is not a unit of time. Durations are written 500ms, 30s, 5m, 2h or 1d."};
}

token lexer::read_text() {
  const auto from = at_++;
  std::string text;
  while (true) {
    const auto quote = text_.find('\'', at_);
    if (quote == text_.npos) throw mistake{from, "this text has no end. Close it with '; a ' inside is written ''."};
    text += text_.substr(at_, quote - at_);
    at_ = quote + 1;
    if (at_ == text_.size() || text_[at_] != '\'') break;
    text += '\'';
    ++at_;
  }
  return {token::kind::text, from, text_.substr(from, at_ - from), {}, std::move(text)};
}

token lexer::read_word() {
  const auto from = at_;
  while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
  return {token::kind::word, from, text_.substr(from, at_ - from), {}, {}};
}

token lexer::read_sign() {
  constexpr std::string_view pairs[] = {"==", "!=", "<>", "<=", ">="};
  const auto from = at_;
  const auto two = text_.substr(at_, 2);
  if (std::find(std::begin(pairs), std::end(pairs), two) != std::end(pairs)) {
    at_ += 2;
  } else if (std::string_view("()[]{},:.+-*/%=<>").find(text_[at_]) != std::string_view::npos) {
    ++at_;
  } else if (text_[at_] == '"') {
    throw mistake{from, "text is written in single quotes: 'text'. An odd field name is written record['odd name']."};
  } else if (two == "&&" || two == "||" || text_[at_] == '!') {
    throw mistake{from, "write and, or, not."};
  } else {
    throw mistake{from, "'" + std::string(1, text_[at_]) + "' is not part of the language."};
  }
  return {token::kind::sign, from, text_.substr(from, at_ - from), {}, {}};
}

}  // namespace twinlane::detail::expr
