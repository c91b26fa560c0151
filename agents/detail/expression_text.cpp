#include <algorithm>
#include <charconv>

#include <twinlane/agents/detail/expression_eval.hpp>
#include <twinlane/agents/detail/expression_functions.hpp>

namespace twinlane::detail::expr {
namespace {

using arguments = std::span<const value>;

bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool begins_character(char c) noexcept { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t characters(std::string_view text) noexcept {
  std::size_t n = 0;
  for (const char c : text) n += begins_character(c);
  return n;
}

// The bytes before the nth character, or all.
std::size_t offset_of(std::string_view text, std::size_t nth) noexcept {
  std::size_t at = 0;
  for (; at < text.size(); ++at)
    if (begins_character(text[at]) && nth-- == 0) break;
  return at;
}

template <class F>
value map_bytes(evaluation& e, std::string_view text, F&& f) {
  evaluation::check_result(text.size());
  std::string made(text);
  for (char& c : made) c = f(c);
  return e.keep(std::move(made));
}

std::size_t whole_count(const value& v) noexcept {
  const double d = v.real();
  return d <= 0 ? 0 : d >= 1e9 ? std::size_t{1'000'000'000} : static_cast<std::size_t>(d);
}

}  // namespace

value lower(evaluation& e, arguments a) {
  return map_bytes(e, a[0].text(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
}

value upper(evaluation& e, arguments a) {
  return map_bytes(e, a[0].text(), [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
}

value trim(evaluation& e, arguments a) {
  auto t = a[0].text();
  e.spend_bytes(t.size());
  while (!t.empty() && is_space(t.front())) t.remove_prefix(1);
  while (!t.empty() && is_space(t.back())) t.remove_suffix(1);
  return value::of(t);
}

value length(evaluation& e, arguments a) {
  if (!a[0].is_text()) return value::of(static_cast<std::int64_t>(a[0].json().size()));
  e.spend_bytes(a[0].text().size());
  return value::of(static_cast<std::int64_t>(characters(a[0].text())));
}

value contains(evaluation& e, arguments a) {
  if (a[0].is_text()) {
    if (!a[1].is_text()) return {};
    e.spend_bytes(a[0].text().size() + a[1].text().size());
    return value::of(find_text(a[0].text(), a[1].text()) != std::string_view::npos);
  }
  for (const auto& element : a[0].json()) {
    e.spend(1);
    if (e.equal(value::of(element), a[1])) return value::of(true);
  }
  return value::of(false);
}

value starts_with(evaluation& e, arguments a) {
  e.spend_bytes(std::min(a[0].text().size(), a[1].text().size()));
  return value::of(a[0].text().starts_with(a[1].text()));
}

value ends_with(evaluation& e, arguments a) {
  e.spend_bytes(std::min(a[0].text().size(), a[1].text().size()));
  return value::of(a[0].text().ends_with(a[1].text()));
}

value substring(evaluation& e, arguments a) {
  auto t = a[0].text();
  e.spend_bytes(t.size());
  const auto from = whole_count(a[1]);
  t.remove_prefix(offset_of(t, from > 0 ? from - 1 : 0));
  return value::of(a.size() < 3 ? t : t.substr(0, offset_of(t, whole_count(a[2]))));
}

value replace(evaluation& e, arguments a) {
  auto rest = a[0].text();
  const auto what = a[1].text(), by = a[2].text();
  if (what.empty()) return a[0];
  e.spend_bytes(rest.size() + what.size());
  std::string made;
  for (auto at = find_text(rest, what); at != rest.npos; at = find_text(rest, what)) {
    e.spend(1 + what.size() / 256);
    made += rest.substr(0, at);
    made += by;
    evaluation::check_result(made.size());
    rest.remove_prefix(at + what.size());
  }
  evaluation::check_result(made.size() + rest.size());
  made += rest;
  return e.keep(std::move(made));
}

value split(evaluation& e, arguments a) {
  auto rest = a[0].text();
  const auto separator = a[1].text();
  if (separator.empty()) return {};
  evaluation::check_result(rest.size());
  auto made = nlohmann::json::array();
  for (auto at = find_text(rest, separator); at != rest.npos; at = find_text(rest, separator)) {
    e.spend(1 + separator.size() / 256);
    made.push_back(std::string(rest.substr(0, at)));
    rest.remove_prefix(at + separator.size());
  }
  made.push_back(std::string(rest));
  return e.keep(std::move(made));
}

value concat(evaluation& e, arguments a) {
  std::string made;
  for (const auto& v : a) {
    if (v.is_text()) evaluation::check_result(v.text().size());
    if (v.what() == value::kind::json) evaluation::check_result(bytes_of(v.json(), expression::result_bytes_max + 1));
    append_text(made, v);
    evaluation::check_result(made.size());
  }
  return e.keep(std::move(made));
}

value to_text(evaluation& e, arguments a) { return a[0].is_text() ? a[0] : concat(e, a); }

value to_number(evaluation& e, arguments a) {
  if (a[0].is_number()) return a[0];
  const auto t = a[0].text();
  e.spend_bytes(t.size());
  const char *from = t.data(), *const to = from + t.size();
  std::int64_t i = 0;
  if (const auto r = std::from_chars(from, to, i); !t.empty() && r.ec == std::errc{} && r.ptr == to)
    return value::of(i);
  // Words such as inf are not numbers here.
  const auto digits = t.starts_with('-') ? t.substr(1) : t;
  double d = 0;
  if (digits.empty() || digits[0] < '0' || digits[0] > '9') return {};
  const auto r = std::from_chars(from, to, d);
  return r.ec == std::errc{} && r.ptr == to ? value::of(d) : value();
}

}  // namespace twinlane::detail::expr
