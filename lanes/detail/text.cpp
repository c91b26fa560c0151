#include <twinlane/lanes/detail/text.hpp>

#include <array>
#include <cmath>
#include <cstring>

namespace twinlane {
namespace detail {
namespace {

// 0: stands for itself; 1: \u00XX; 2: not ASCII; else the letter after the backslash.
constexpr std::array<char, 256> escapes = [] {
  std::array<char, 256> t{};
  for (int c = 0; c < 0x20; ++c) t[c] = 1;
  for (int c = 0x80; c < 0x100; ++c) t[c] = 2;
  t['"'] = '"';
  t['\\'] = '\\';
  t['\b'] = 'b';
  t['\f'] = 'f';
  t['\n'] = 'n';
  t['\r'] = 'r';
  t['\t'] = 't';
  return t;
}();

// Bytes of the well-formed UTF-8 sequence that starts at p, 0 when there is none (Unicode, table 3-7).
std::size_t utf8_length(const unsigned char* p, std::size_t left) {
  const auto tail = [&](std::size_t i) { return i < left && (p[i] & 0xC0) == 0x80; };
  const auto lead = p[0];
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    if (lead == 0xE0 && p[1] < 0xA0) return 0;
    if (lead == 0xED && p[1] > 0x9F) return 0;
    return 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if (lead == 0xF0 && p[1] < 0x90) return 0;
    if (lead == 0xF4 && p[1] > 0x8F) return 0;
    return 4;
  }
  return 0;
}

template <class Real>
void append_real_text(std::string& out, Real v) {
  if (!std::isfinite(v)) throw_bad_value("a number is not finite");
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

// Numbers with up to four decimals, as amounts have: several times faster than the general way, and no `1e+05`. The
// digits are the shortest ones, because no two decimals of up to 15 digits are the same double.
bool append_short_real(std::string& out, double v) {
  constexpr std::int64_t unit = 10'000;
  if (!(std::abs(v) < 1e11) || (v == 0 && std::signbit(v))) return false;
  const auto scaled = static_cast<std::int64_t>(std::abs(v) * unit + 0.5);
  if (static_cast<double>(scaled) / unit != std::abs(v)) return false;
  if (v < 0) out += '-';
  append_integer(out, scaled / unit);
  auto fraction = static_cast<int>(scaled % unit);
  if (fraction == 0) return true;
  char digits[] = {'.', '0', '0', '0', '0'};
  std::size_t length = 1;
  for (int place = unit / 10; fraction != 0; place /= 10) {
    digits[length++] = static_cast<char>('0' + fraction / place);
    fraction %= place;
  }
  out.append(digits, length);
  return true;
}

void append_padded(std::string& out, unsigned v, int width) {
  char digits[8];
  for (int i = width; i-- > 0; v /= 10) digits[i] = static_cast<char>('0' + v % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

// Takes exactly `width` digits off the front of text.
bool take_digits(std::string_view& text, std::size_t width, int& out) noexcept {
  if (text.size() < width) return false;
  out = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return true;
}

bool take_char(std::string_view& text, char c) noexcept {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_date(std::string_view& text, std::chrono::year_month_day& out) noexcept {
  int y = 0, m = 0, d = 0;
  if (!take_digits(text, 4, y) || !take_char(text, '-') || !take_digits(text, 2, m) || !take_char(text, '-') ||
      !take_digits(text, 2, d)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year{y}, std::chrono::month{static_cast<unsigned>(m)},
                                         std::chrono::day{static_cast<unsigned>(d)}};
  if (!date.ok()) return false;
  out = date;
  return true;
}

// Takes `.digits`, if there, as milliseconds.
bool take_fraction(std::string_view& text, int& millis) noexcept {
  millis = 0;
  if (!take_char(text, '.')) return true;
  std::size_t digits = 0;
  for (int unit = 100; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits, unit /= 10) {
    millis += (text[digits] - '0') * unit;
  }
  text.remove_prefix(digits);
  return digits > 0;
}

bool take_offset(std::string_view& text, std::chrono::minutes& out) noexcept {
  out = {};
  if (take_char(text, 'Z') || take_char(text, 'z')) return true;
  const bool west = !text.empty() && text[0] == '-';
  if (!west && (text.empty() || text[0] != '+')) return false;
  text.remove_prefix(1);
  int h = 0, m = 0;
  if (!take_digits(text, 2, h) || !take_char(text, ':') || !take_digits(text, 2, m) || h > 23 || m > 59) return false;
  out = std::chrono::minutes{(west ? -1 : 1) * (h * 60 + m)};
  return true;
}

}  // namespace

void append_real(std::string& out, double v) {
  if (!append_short_real(out, v)) append_real_text(out, v);
}
void append_real(std::string& out, float v) { append_real_text(out, v); }

void append_date(std::string& out, std::chrono::year_month_day date) {
  const int year = static_cast<int>(date.year());
  if (!date.ok() || year < 0 || year > 9999) throw_bad_value("a date is not within the years 0 to 9999");
  append_padded(out, static_cast<unsigned>(year), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
}

bool parse_date(std::string_view text, std::chrono::year_month_day& out) noexcept {
  return take_date(text, out) && text.empty();
}

bool parse_time(std::string_view text, timestamp& out) noexcept {
  std::chrono::year_month_day date;
  if (!take_date(text, date)) return false;
  if (!take_char(text, 'T') && !take_char(text, 't') && !take_char(text, ' ')) return false;
  int h = 0, m = 0, s = 0, millis = 0;
  std::chrono::minutes offset;
  if (!take_digits(text, 2, h) || !take_char(text, ':') || !take_digits(text, 2, m) || !take_char(text, ':') ||
      !take_digits(text, 2, s) || !take_fraction(text, millis) || !take_offset(text, offset) || !text.empty() ||
      h > 23 || m > 59 || s > 60) {
    return false;
  }
  using namespace std::chrono;
  out = sys_days{date} + hours{h} + minutes{m} + seconds{s} + milliseconds{millis} - offset;
  return true;
}

void throw_bad_value(std::string_view what) { throw lane_error(lane_errc::bad_value, std::string(what)); }

void throw_too_deep() {
  throw lane_error(lane_errc::too_deep, "a value is nested over " + std::to_string(nesting_max) + " levels");
}

}  // namespace detail

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  const auto* p = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t kept = 0;  // everything before it is in out
  const auto flush = [&](std::size_t to) { out.append(text.data() + kept, to - kept); };
  for (std::size_t i = 0; i < text.size();) {
    const char how = detail::escapes[p[i]];
    if (how == 0) {
      ++i;
      continue;
    }
    if (how == 2) {
      const auto length = detail::utf8_length(p + i, text.size() - i);
      if (length != 0) {
        i += length;
        continue;
      }
    }
    flush(i);
    if (how == 1) {
      constexpr char hex[] = "0123456789abcdef";
      const char code[] = {'\\', 'u', '0', '0', hex[p[i] >> 4], hex[p[i] & 15]};
      out.append(code, sizeof code);
    } else if (how == 2) {
      out += "\xEF\xBF\xBD";
    } else {
      const char pair[] = {'\\', how};
      out.append(pair, 2);
    }
    kept = ++i;
  }
  flush(text.size());
  out += '"';
}

}  // namespace twinlane
