#include <twinlane/lanes/detail/json_scalar.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace twinlane::detail {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool take_hex4(std::string_view& rest, std::uint32_t& code) noexcept {
  if (rest.size() < 4) return false;
  code = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_value(rest[static_cast<std::size_t>(i)]);
    if (digit < 0) return false;
    code = code * 16 + static_cast<std::uint32_t>(digit);
  }
  rest.remove_prefix(4);
  return true;
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

// The code point of an escape \uXXXX, of which `rest` is behind the u, with its second half if it is a pair.
lane_errc take_code_point(std::string_view& rest, std::uint32_t& code) noexcept {
  if (!take_hex4(rest, code)) return lane_errc::bad_json;
  if (code >= 0xDC00 && code <= 0xDFFF) return lane_errc::bad_utf8;
  if (code < 0xD800 || code > 0xDBFF) return lane_errc::none;
  std::uint32_t low = 0;
  if (!rest.starts_with("\\u")) return lane_errc::bad_utf8;
  rest.remove_prefix(2);
  if (!take_hex4(rest, low)) return lane_errc::bad_json;
  if (low < 0xDC00 || low > 0xDFFF) return lane_errc::bad_utf8;
  code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  return lane_errc::none;
}

// The power of ten of a number's first digit other than 0. `text` is a JSON number.
long magnitude_of(std::string_view text) noexcept {
  long exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != text.npos) {
    const auto digits = text.substr(e + 1 + (text[e + 1] == '+'));
    if (std::from_chars(digits.data(), digits.data() + digits.size(), exponent).ec != std::errc{}) {
      exponent = digits[0] == '-' ? -1'000'000'000 : 1'000'000'000;
    }
    text = text.substr(0, e);
  }
  const auto point = std::min(text.find('.'), text.size());
  const auto first = text.find_first_of("123456789");
  if (first == text.npos) return exponent;
  return exponent + static_cast<long>(point) - static_cast<long>(first) - (first < point ? 1 : 0);
}

template <class Real>
bool parse_any(const char* from, const char* to, Real& out) noexcept {
  const auto ec = std::from_chars(from, to, out).ec;
  if (ec == std::errc{}) return std::isfinite(out);
  const std::string_view text(from, static_cast<std::size_t>(to - from));
  if (magnitude_of(text) >= 0) return false;
  out = *from == '-' ? Real(-0.0) : Real(0.0);
  return true;
}

}  // namespace

lane_errc unescape(std::string_view raw, std::string* out) {
  while (true) {
    const auto slash = raw.find('\\');
    if (out) out->append(raw.substr(0, slash));
    if (slash == raw.npos) return lane_errc::none;
    raw.remove_prefix(slash + 1);
    if (raw.empty()) return lane_errc::bad_json;
    const char kind = raw[0];
    raw.remove_prefix(1);
    if (kind == 'u') {
      std::uint32_t code = 0;
      if (const auto error = take_code_point(raw, code); error != lane_errc::none) return error;
      if (out) append_utf8(*out, code);
      continue;
    }
    constexpr std::string_view letters = "\"\\/bfnrt", meant = "\"\\/\b\f\n\r\t";
    const auto which = letters.find(kind);
    if (which == letters.npos) return lane_errc::bad_json;
    if (out) *out += meant[which];
  }
}

bool parse_real(const char* from, const char* to, double& out) noexcept { return parse_any(from, to, out); }
bool parse_real(const char* from, const char* to, float& out) noexcept { return parse_any(from, to, out); }

}  // namespace twinlane::detail
